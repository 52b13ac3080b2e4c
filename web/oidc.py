"""OpenID Connect, the protocol: a provider's word about who somebody is, asked for and proven.

It knows nothing of users, pages or the database. `Client` sends a browser to the provider (`begin`), makes of
its way back a `Proof` (`finish`), and reads what the provider says of log-outs (`ended`). Signatures, keys and
claims are joserfc's and Authlib's work; what is decided here is which of them count (ASVS 9.1, 9.2, 10.5).

It calls only the issuer that was set up and the addresses its own discovery document names, never with the
database's writer in hand: whoever calls this has no writing transaction open.
"""

from __future__ import annotations

import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from crm.providers import LOOPBACK, Provider

# Asymmetric ones only: with HS256 a provider's public key would do as the secret, and `none` proves nothing.
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
# Seconds the two clocks may differ.
LEEWAY = 10
# Seconds a word of log-out is listened to after it was written; so long it is known when it is sent again.
FRESH = 300
# Seconds the provider's description and keys are kept, and between two looks for a key that is not known.
KEPT, ANEW = 3600.0, 10.0
# Seconds nobody asks again after no answer came, so that a provider that is down does not hold everybody up.
REST = 10.0
TIMEOUT = httpx2.Timeout(5.0, connect=3.0)
AT_ONCE = 3
LARGEST = 1_000_000
LOGGED_OUT = "http://schemas.openid.net/event/backchannel-logout"
SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")
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


class NotProven(Exception):
    """What came back does not prove who somebody is. The text is for the log and holds nothing personal."""


@dataclass(frozen=True)
class Attempt:
    """What must be the same when the browser comes back; kept where only that browser can bring it from."""

    state: str
    nonce: str
    verifier: str
    onward: str
    at: int

    def plain(self) -> dict[str, Any]:
        """For keeping."""
        return asdict(self)


@dataclass(frozen=True)
class Proof:
    """Who the provider says somebody is. `issuer` and `subject` together are the person's key for ever."""

    issuer: str
    subject: str
    claims: Mapping[str, Any]
    id_token: str = field(repr=False)

    @property
    def sid(self) -> str | None:
        """What the provider calls its own log-in, when it tells."""
        told = self.claims.get("sid")
        return told if isinstance(told, str) and SUBJECT.fullmatch(told) else None

    @property
    def email(self) -> str | None:
        """The e-mail told; whether it is verified is another question."""
        told = self.claims.get("email")
        return told.strip() if isinstance(told, str) and told.strip() else None

    @property
    def email_is_verified(self) -> bool:
        """Whether the provider says that it knows the e-mail to be the person's (Entra ID says `xms_edov`)."""
        return self.claims.get("email_verified") is True or self.claims.get("xms_edov") in (
            True,
            1,
            "1",
            "true",
        )


@dataclass(frozen=True)
class Ended:
    """A provider's word that somebody has logged out there: of one log-in (`sid`), of a person, or both."""

    issuer: str
    subject: str | None
    sid: str | None
    key: str  # Good for once.


class Client:
    """Talks with one provider. Shared by all threads of a worker."""

    def __init__(self, provider: Provider, clock: Callable[[], datetime]) -> None:
        self.provider = provider
        self._clock = clock
        self._lines = threading.BoundedSemaphore(AT_ONCE)
        self._about: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._silent_until = 0.0

    # --- The way there and back -------------------------------------------------------------------

    def begin(self, *, redirect_uri: str, onward: str) -> tuple[str, Attempt]:
        """Where to send the browser, and what to keep until it comes back. Unreachable when there is no answer."""
        about = self.about()
        attempt = Attempt(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            onward=onward,
            at=int(self._clock().timestamp()),
        )
        with self._client("none", redirect_uri) as client:
            url, _state = client.create_authorization_url(
                about["authorization_endpoint"],
                state=attempt.state,
                code_verifier=attempt.verifier,
                nonce=attempt.nonce,
                **self.provider.parameters,
            )
        return url, attempt

    def finish(
        self, answer: Mapping[str, str], attempt: Attempt, *, redirect_uri: str, wanted: Collection[str] = ()
    ) -> Proof:
        """Who came back. Claims that are `wanted` and not in the token are asked for at the provider.

        Raises NotProven, or Unreachable when the provider does not answer.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise NotProven("another state")
        about = self.about()
        # Whoever sent the browser back says so, lest another provider's code is carried to this one (RFC 9207).
        said = answer.get("iss")
        if said is None and about.get("authorization_response_iss_parameter_supported") is True:
            raise NotProven("no issuer in the answer")
        if said is not None and said != self.provider.issuer:
            raise NotProven("another issuer in the answer")
        if "error" in answer:
            raise NotProven(f"the provider said {answer['error'][:40]!r}")
        if not answer.get("code"):
            raise NotProven("no code")
        token = self._exchanged(about, answer["code"], attempt, redirect_uri)
        id_token, access_token = token.get("id_token"), token.get("access_token")
        if not isinstance(id_token, str):
            raise NotProven("no id token")
        claims = self._id_token(id_token, attempt.nonce, access_token)
        if any(name not in claims for name in wanted) and isinstance(access_token, str):
            # The token's own claims are signed, and stand.
            claims = {**self._asked(about, access_token, claims["sub"]), **claims}
        return Proof(self.provider.issuer, claims["sub"], claims, id_token)

    def log_out(self, *, id_token: str | None, back_to: str) -> str | None:
        """Where to send a browser to log out at the provider as well; None when it has no such place."""
        end = self.about().get("end_session_endpoint")
        if end is None:
            return None
        fields = {"client_id": self.provider.client_id, "post_logout_redirect_uri": back_to}
        if id_token:
            fields["id_token_hint"] = id_token
        return f"{end}{'&' if urlsplit(end).query else '?'}{urlencode(fields)}"

    def ended(self, logout_token: str) -> Ended:
        """What a back-channel word of log-out says (OpenID Connect Back-Channel Logout 1.0, part 2.6).

        Whoever acts on it must see to it that its `key` is used once. Raises NotProven or Unreachable.
        """
        token = self._signed(logout_token)
        claims, now = token.claims, int(self._clock().timestamp())
        try:
            jwt.JWTClaimsRegistry(
                now,
                LEEWAY,
                iss={"essential": True, "value": self.provider.issuer},
                aud={"essential": True, "value": self.provider.client_id},
                iat={"essential": True},
                jti={"essential": True},
            ).validate(claims)
        except JoseError as error:
            raise NotProven(f"log-out: {error.error} {error.description}") from error
        if now - claims["iat"] > FRESH:
            raise NotProven("log-out: old")
        events = claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(LOGGED_OUT), dict):
            raise NotProven("log-out: another event")
        if "nonce" in claims:
            raise NotProven("log-out: with a nonce, so it is an id token")
        sub, sid = claims.get("sub"), claims.get("sid")
        if (sub is None and sid is None) or not all(each is None or _is_name(each) for each in (sub, sid)):
            raise NotProven("log-out: of nobody")
        return Ended(self.provider.issuer, sub, sid, claims["jti"])

    # --- What the provider says of itself -----------------------------------------------------------

    def about(self) -> dict[str, Any]:
        """The provider's description of itself (discovery), kept for an hour."""
        if self._about is None or time.monotonic() - self._about[0] > KEPT:
            address = self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
            self._about = (time.monotonic(), self._checked(self._fetched(address)))
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
            told = self._fetched(self.about()["jwks_uri"]).get("keys")
            listed = told if isinstance(told, list) else []
            usable = [key for key in listed if isinstance(key, dict) and key.get("kty") in KEY_TYPES
                      and key.get("use", "sig") == "sig"]  # fmt: skip
            self._keys = (time.monotonic(), KeySet(list(_read(usable))))
        return self._keys[1]

    # --- Tokens -------------------------------------------------------------------------------------

    def _signed(self, text: str) -> jwt.Token:
        """A token that one of the provider's keys has signed."""
        if len(text) > LARGEST or text.count(".") != 2:
            raise NotProven("no signed token")
        try:
            return self._decoded(text, self.keys())
        except InvalidKeyIdError:
            # The provider may have a new key.
            try:
                return self._decoded(text, self.keys(anew=True))
            except (JoseError, ValueError) as error:
                raise NotProven(f"signature: {error}") from error
        except (JoseError, ValueError) as error:
            raise NotProven(f"signature: {error}") from error

    @staticmethod
    def _decoded(text: str, keys: KeySet) -> jwt.Token:
        return jwt.decode(
            text, keys, registry=jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        )

    def _id_token(self, text: str, nonce: str, access_token: object) -> dict[str, Any]:
        token = self._signed(text)
        must = {"essential": True}
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {**must, "value": self.provider.issuer},
                "aud": {**must, "value": self.provider.client_id},
                "nonce": must,
            },
            {"nonce": nonce, "client_id": self.provider.client_id, "access_token": access_token},
        )
        try:
            claims.validate(now=int(self._clock().timestamp()), leeway=LEEWAY)
        except (JoseError, ValueError, TypeError) as error:
            raise NotProven(f"claims: {error}") from error
        if not _is_name(claims["sub"]):
            raise NotProven("claims: sub")
        if "events" in claims:
            raise NotProven("claims: a word of log-out is no id token")
        return dict(claims)

    # --- Calls --------------------------------------------------------------------------------------

    def _client(self, method: str, redirect_uri: str) -> OAuth2Client:
        # Both are form-encoded before they are put together (RFC 6749, part 2.3.1), which Authlib leaves to us.
        written = quote_plus if method == "client_secret_basic" else str
        return OAuth2Client(
            client_id=written(self.provider.client_id),
            client_secret=written(self.provider.client_secret),
            token_endpoint_auth_method=method,
            scope=self.provider.scopes,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT,
            follow_redirects=False,
        )

    def _method(self, about: Mapping[str, Any]) -> str:
        if not self.provider.client_secret:
            return "none"
        known = about.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return "client_secret_post" if "client_secret_basic" not in known else "client_secret_basic"

    def _exchanged(
        self, about: Mapping[str, Any], code: str, attempt: Attempt, redirect_uri: str
    ) -> Mapping[str, Any]:
        try:
            with self._line(), self._client(self._method(about), redirect_uri) as client:
                token: Mapping[str, Any] = client.fetch_token(
                    about["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=attempt.verifier,
                )
        except OAuthError as error:
            raise NotProven(f"the code was refused: {str(error.error)[:40]!r}") from error
        except httpx2.HTTPStatusError as error:
            raise Unreachable(f"it answered {error.response.status_code}") from error
        except ValueError as error:
            raise Unreachable("it answered a code with something else than JSON") from error
        return token

    def _asked(self, about: Mapping[str, Any], access_token: str, subject: str) -> dict[str, Any]:
        """What the provider tells of the person beside the token. Without an answer it is nothing."""
        if "userinfo_endpoint" not in about:
            return {}
        try:
            told = self._fetched(about["userinfo_endpoint"], {"Authorization": f"Bearer {access_token}"})
        except Unreachable:
            return {}
        if told.get("sub") != subject:
            raise NotProven("it told of somebody else")
        return told

    def _fetched(self, address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        with self._line(), httpx2.Client(timeout=TIMEOUT, follow_redirects=False) as client:
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
    def _line(self) -> Iterator[None]:
        """One of few calls at once: were the provider slow, all threads of the house would stand waiting for it."""
        if time.monotonic() < self._silent_until or not self._lines.acquire(timeout=2):
            raise Unreachable("it did not answer a moment ago")
        try:
            yield
        except httpx2.RequestError as error:
            self._silent_until = time.monotonic() + REST
            raise Unreachable(type(error).__name__) from error
        finally:
            self._lines.release()


def _is_name(value: object) -> bool:
    return isinstance(value, str) and SUBJECT.fullmatch(value) is not None


def _read(keys: list[dict[str, Any]]) -> Iterator[Any]:
    """Those that can be read; one odd key is no reason to know none."""
    for key in keys:
        try:
            yield from KeySet.import_key_set({"keys": [key]})
        except (JoseError, ValueError, KeyError, TypeError):
            continue
