"""What is asked of an identity provider: its description of itself, its keys, and whatever else it answers.

Only the issuer that was set up is called, and the addresses that its own description names. A provider that is slow
or down must not hold the house up: few calls at once, short waits, and a rest after no answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from crm.providers import LOOPBACK, Provider

KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
# Seconds the provider's description and keys are kept, and between two looks for a key that is not known.
KEPT, ANEW = 3600.0, 10.0
# Seconds nobody asks again after no answer came.
REST = 10.0
TIMEOUT = httpx2.Timeout(5.0, connect=3.0)
AT_ONCE = 3
LARGEST = 1_000_000
# What a description names that we call, or send a browser to.
ADDRESSES = (
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
)


class Unreachable(Exception):
    """The provider does not answer, or not as a provider does."""


class Line:
    """The line to one provider, shared by all threads of a worker."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._about: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._silent_until = 0.0

    def about(self) -> dict[str, Any]:
        """The provider's description of itself (discovery), kept for an hour."""
        if self._about is None or time.monotonic() - self._about[0] > KEPT:
            address = self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
            self._about = (time.monotonic(), self._checked(self.fetched(address)))
        return self._about[1]

    def _checked(self, about: dict[str, Any]) -> dict[str, Any]:
        if about.get("issuer") != self.provider.issuer:
            raise Unreachable("it calls itself by another name than the issuer set up")
        for name in ADDRESSES:
            address = about.get(name)
            if address is None and name in {"userinfo_endpoint", "end_session_endpoint"}:
                continue
            if not isinstance(address, str) or not self._is_safe(address):
                raise Unreachable(f"its {name} is no https address")
        methods = about.get("code_challenge_methods_supported")
        if isinstance(methods, list) and "S256" not in methods:
            raise Unreachable("it does not know PKCE with S256")
        return about

    def _is_safe(self, address: str) -> bool:
        parts = urlsplit(address)
        here = parts.hostname in LOOPBACK and urlsplit(self.provider.issuer).hostname in LOOPBACK
        return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and here))

    def keys(self, *, anew: bool = False) -> KeySet:
        """The provider's public keys. Looked for anew when one is unknown, though not all the time."""
        age = time.monotonic() - self._keys[0] if self._keys else KEPT + 1
        if self._keys is None or age > KEPT or (anew and age > ANEW):
            told = self.fetched(self.about()["jwks_uri"]).get("keys")
            listed = told if isinstance(told, list) else []
            usable = [key for key in listed if isinstance(key, dict) and key.get("kty") in KEY_TYPES
                      and key.get("use", "sig") == "sig"]  # fmt: skip
            self._keys = (time.monotonic(), KeySet(list(_read(usable))))
        return self._keys[1]

    def fetched(self, address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object at an address of the provider's. Unreachable when there is none."""
        with self.open(), httpx2.Client(timeout=TIMEOUT, follow_redirects=False) as client:
            answer = client.get(address, headers={"Accept": "application/json", **(headers or {})})
        if answer.status_code != 200 or len(answer.content) > LARGEST:
            raise Unreachable(f"it answered {answer.status_code}")
        try:
            told = answer.json()
        except ValueError as error:
            raise Unreachable("it answered with something else than JSON") from error
        if not isinstance(told, dict):
            raise Unreachable("it answered with something else than a JSON object")
        return told

    @contextmanager
    def open(self) -> Iterator[None]:
        """One of few calls at once: were the provider slow, all threads of the house would stand waiting for it."""
        if time.monotonic() < self._silent_until or not self._places.acquire(timeout=2):
            raise Unreachable("it did not answer a moment ago")
        try:
            yield
        except httpx2.RequestError as error:
            self._silent_until = time.monotonic() + REST
            raise Unreachable(type(error).__name__) from error
        finally:
            self._places.release()


def _read(keys: list[dict[str, Any]]) -> Iterator[Any]:
    """Those that can be read; one odd key is no reason to know none."""
    for key in keys:
        try:
            yield from KeySet.import_key_set({"keys": [key]})
        except (JoseError, ValueError, KeyError, TypeError):
            continue
