"""Which tokens of a provider count: who signed them, for whom, when and what for (ASVS 9.1, 9.2, 10.5).

Signatures are joserfc's work and the claims of an ID token Authlib's; what is decided here is what they must be.
"""

from __future__ import annotations

import re
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from web.oidc_calls import LARGEST, Line

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
# Seconds the two clocks may differ.
LEEWAY = 10
# Seconds a word of log-out is listened to after it was written; so long it is known when it is sent again.
FRESH = 300
LOGGED_OUT = "http://schemas.openid.net/event/backchannel-logout"
NAME = re.compile(r"[\x21-\x7e]{1,255}")
# What the libraries say of a token that is none; its header may hold anything.
ODD = (JoseError, ValueError, TypeError, AttributeError, KeyError)


class NotProven(Exception):
    """What came back does not prove who somebody is. The text is for the log and holds nothing personal."""


def is_name(value: object) -> bool:
    """Whether this can be what a provider calls somebody, or a log-in of theirs."""
    return isinstance(value, str) and NAME.fullmatch(value) is not None


def id_token(text: str, line: Line, *, nonce: str, access_token: object, now: int) -> dict[str, Any]:
    """The claims of an ID token that proves who somebody is, to us and now. NotProven when it does not."""
    token, provider = _signed(text, line), line.provider
    must = {"essential": True}
    claims = CodeIDToken(
        token.claims,
        token.header,
        {
            "iss": {**must, "value": provider.issuer},
            "aud": {**must, "value": provider.client_id},
            "nonce": must,
        },
        {"nonce": nonce, "client_id": provider.client_id, "access_token": access_token},
    )
    try:
        claims.validate(now=now, leeway=LEEWAY)
    except ODD as error:
        raise NotProven(f"claims: {error}") from error
    if not is_name(claims["sub"]):
        raise NotProven("claims: sub")
    if "events" in claims:
        raise NotProven("claims: a word of log-out is no id token")
    return dict(claims)


def logout_token(text: str, line: Line, *, now: int) -> dict[str, Any]:
    """The claims of a word of log-out (OpenID Connect Back-Channel Logout 1.0, part 2.6). NotProven when it is none."""
    claims, provider = _signed(text, line).claims, line.provider
    try:
        jwt.JWTClaimsRegistry(
            now,
            LEEWAY,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": provider.client_id},
            iat={"essential": True},
            jti={"essential": True},
        ).validate(claims)
    except ODD as error:
        raise NotProven(f"log-out: {error}") from error
    if now - claims["iat"] > FRESH:
        raise NotProven("log-out: old")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGGED_OUT), dict):
        raise NotProven("log-out: another event")
    if "nonce" in claims:
        raise NotProven("log-out: with a nonce, so it is an id token")
    named = [claims[name] for name in ("sub", "sid") if claims.get(name) is not None]
    if not named or not all(map(is_name, named)):
        raise NotProven("log-out: of nobody")
    return claims


def _signed(text: str, line: Line) -> jwt.Token:
    """A token that one of the provider's keys has signed."""
    if len(text) > LARGEST or text.count(".") != 2:
        raise NotProven("no signed token")
    try:
        try:
            return _decoded(text, line.keys())
        except InvalidKeyIdError:
            # The provider may have a new key.
            return _decoded(text, line.keys(anew=True))
    except ODD as error:
        raise NotProven(f"signature: {error}") from error


def _decoded(text: str, keys: KeySet) -> jwt.Token:
    registry = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    return jwt.decode(text, keys, registry=registry)
