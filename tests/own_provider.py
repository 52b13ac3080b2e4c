"""An identity provider of our own on loopback, that signs and answers whatever a test tells it to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jws
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "en-indgang", "en hemmelighed: æ%/+"
SUBJECT = "3f1c-annas"
LOGGED_OUT = "http://schemas.openid.net/event/backchannel-logout"
# Made once: two thousand bits take a while.
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"})
CURVE_KEY = ECKey.generate_key("P-256", {"kid": "curve", "use": "sig", "alg": "ES256"})


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class OwnProvider:
    """`way` is how a browser comes back: it takes the address it was sent to and answers with ours."""

    clock: Any
    issuer: str = ""
    keys: list[Any] = field(default_factory=lambda: [KEY])
    about: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    # What it does not tell of its keys.
    untold: frozenset[str] = frozenset()
    # Instead of the id token that would be right.
    id_token: Any = None
    asked: list[str] = field(default_factory=list)
    slow: float = 0.0

    def description(self) -> dict[str, Any]:
        """What it says of itself."""
        return {
            "issuer": self.issuer,
            **{f"{name}_endpoint": f"{self.issuer}/{name}"
               for name in ("authorization", "token", "userinfo", "end_session")},
            "jwks_uri": f"{self.issuer}/keys",
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        } | self.about  # fmt: skip

    def claims(self, nonce_asked: str, /, **other: Any) -> dict[str, Any]:
        """Those of a right id token; a value of `...` leaves one out."""
        now = int(self.clock().timestamp())
        right = {
            "iss": self.issuer, "sub": SUBJECT, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": nonce_asked,
            "sid": "log-in-1", "email": "anna@kommune.test", "email_verified": True, "name": "Anna Kildeskov",
            "groups": ["crm-konsulenter"],
        }  # fmt: skip
        return {key: value for key, value in (right | self.person | other).items() if value is not ...}

    def logout_claims(self, **other: Any) -> dict[str, Any]:
        """Those of a right word of log-out."""
        now = int(self.clock().timestamp())
        right = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": secrets.token_hex(8),
                 "events": {LOGGED_OUT: {}}, "sub": SUBJECT, "sid": "log-in-1"}  # fmt: skip
        return {key: value for key, value in (right | other).items() if value is not ...}

    def sign(self, claims: Mapping[str, Any], *, key: Any = KEY, alg: str = "RS256", **header: Any) -> str:
        """A token; `key` None makes one that nobody signed."""
        head = {"typ": "JWT", "alg": alg, "kid": getattr(key, "kid", "one"), **header}
        head = {name: value for name, value in head.items() if value is not ...}
        # By hand, since the library refuses to do wrong also when it is asked to.
        signed = f"{_base64(json.dumps(head).encode())}.{_base64(json.dumps(claims).encode())}"
        if key is None:
            return f"{signed}."
        if isinstance(key, bytes):
            return f"{signed}.{_base64(hmac.digest(key, signed.encode(), 'sha256'))}"
        if "crit" in head:
            private = key.get_op_key("sign")
            return f"{signed}.{_base64(private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
        registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
        return jws.serialize_compact(head, json.dumps(claims), key, registry=registry)

    def public_key_as_secret(self) -> bytes:
        """The well-known trick: the key everybody may read, as the secret of HS256."""
        return KEY.as_pem(private=False)

    def way(self, address: str) -> dict[str, str]:
        """What the browser comes back with, after a log-in here."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def token(self, form: Mapping[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The token endpoint: each code once, for whoever began."""
        asked = self.codes.pop(form.get("code", ""), None)
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        # Form-encoded before they are put together (RFC 6749, part 2.3.1).
        known = (unquote_plus(name), unquote_plus(secret)) == (CLIENT, SECRET)
        proof = _base64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            not asked
            or not known
            or proof != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        made = self.id_token(asked["nonce"]) if self.id_token else self.sign(self.claims(asked["nonce"]))
        return 200, {"access_token": "adgang", "token_type": "Bearer", "expires_in": 60, "id_token": made}

    def answer(self, path: str, form: Mapping[str, str], authorization: str) -> tuple[int, Any]:
        """Any request."""
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, self.description()
        if path == "/keys":
            told = KeySet(self.keys).as_dict(private=False)["keys"]
            return 200, {
                "keys": [
                    {name: value for name, value in key.items() if name not in self.untold} for key in told
                ]
            }
        if path == "/token":
            return self.token(form, authorization)
        if path == "/userinfo" and authorization == "Bearer adgang":
            return (200, self.userinfo) if self.userinfo is not None else (404, {})
        return 404, {}


@contextmanager
def served(provider: OwnProvider) -> Iterator[OwnProvider]:
    """The provider on a port of its own; afterwards nobody answers there."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
            self._answer({name: values[0] for name, values in parse_qs(sent).items()})

        def _answer(self, form: Mapping[str, str]) -> None:
            time.sleep(provider.slow)
            status, body = provider.answer(
                urlsplit(self.path).path, form, self.headers.get("authorization", "")
            )
            sent = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *said: object) -> None:
            """Not on the tests' own output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
