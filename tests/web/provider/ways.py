"""There and back again, and every token that must not let anybody in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from crm.access.proofs import Identity
from crm.db import Database
from tests.own_provider import CLIENT, CURVE_KEY, OTHER_KEY, SECRET, OwnProvider
from tests.web.conftest import Visitor

GO = "/log-ind/kommune"
ENDED = "/log-ind/kommune/log-ud"


def away(visitor: Visitor, onward: str = "/maal") -> str:
    """Pressed the button: where the browser is sent."""
    return str(visitor.get(f"{GO}?videre={onward}", status=303).headers["location"])


def back(visitor: Visitor, answer: dict[str, str], *, status: int = 303) -> Any:
    return visitor.get(f"{GO}/svar?{urlencode(answer)}", status=status)


def enter(visitor: Visitor, provider: OwnProvider, *, status: int = 303) -> Any:
    return back(visitor, provider.way(away(visitor)), status=status)


def identities(database: Database) -> int:
    with database.read() as db:
        return len(db.scalars(select(Identity)).all())


def _with_claims_of(provider: OwnProvider, nonce: str) -> str:
    head, _, signature = provider.sign(provider.claims(nonce)).split(".")
    forged = provider.sign(provider.claims(nonce, groups=["crm-admin"]), key=OTHER_KEY).split(".")[1]
    return f"{head}.{forged}.{signature}"


Bad = Callable[[OwnProvider, str], Any]
BAD: dict[str, Bad] = {
    "alg none": lambda p, n: p.sign(p.claims(n), key=None, alg="none"),
    "alg None in another case": lambda p, n: p.sign(p.claims(n), key=None, alg="nOnE"),
    "no signature on RS256": lambda p, n: p.sign(p.claims(n), key=None),
    "HS256 with the public key": lambda p, n: p.sign(p.claims(n), key=p.public_key_as_secret(), alg="HS256"),
    "HS256 with our secret": lambda p, n: p.sign(
        p.claims(n), key=SECRET.encode(), alg="HS256"
    ),
    "another's key under the right name": lambda p, n: p.sign(p.claims(n), key=OTHER_KEY, kid="one"),
    "a key nobody knows": lambda p, n: p.sign(p.claims(n), key=OTHER_KEY),
    "a key of another kind": lambda p, n: p.sign(p.claims(n), key=CURVE_KEY, alg="ES256", kid="one"),
    "a key it brings itself": lambda p, n: p.sign(
        p.claims(n), key=OTHER_KEY, kid=..., jwk=OTHER_KEY.as_dict(private=False)
    ),
    "a changed signature": lambda p, n: p.sign(p.claims(n))[:-6] + "AAAAAA",
    "changed claims": _with_claims_of,
    "something critical we do not know": lambda p, n: p.sign(p.claims(n), crit=["forbehold"], forbehold=True),
    "another issuer": lambda p, n: p.sign(p.claims(n, iss="https://ond.test")),
    "the issuer with a slash": lambda p, n: p.sign(p.claims(n, iss=p.issuer + "/")),
    "no issuer": lambda p, n: p.sign(p.claims(n, iss=...)),
    "another audience": lambda p, n: p.sign(p.claims(n, aud="en-anden")),
    "other audiences": lambda p, n: p.sign(p.claims(n, aud=["en-anden", "en-tredje"])),
    "no audience": lambda p, n: p.sign(p.claims(n, aud=...)),
    "made for another party": lambda p, n: p.sign(p.claims(n, aud=[CLIENT, "en-anden"], azp="en-anden")),
    "for us and others, by nobody": lambda p, n: p.sign(p.claims(n, aud=[CLIENT, "en-anden"])),
    "another nonce": lambda p, n: p.sign(p.claims("en-anden")),
    "no nonce": lambda p, n: p.sign(p.claims(n, nonce=...)),
    "expired": lambda p, n: p.sign(p.claims(n, exp=int(p.clock().timestamp()) - 60)),
    "expires never": lambda p, n: p.sign(p.claims(n, exp=...)),
    "expires in words": lambda p, n: p.sign(p.claims(n, exp="2099")),
    "not yet valid": lambda p, n: p.sign(p.claims(n, nbf=int(p.clock().timestamp()) + 120)),
    "issued in the future": lambda p, n: p.sign(p.claims(n, iat=int(p.clock().timestamp()) + 600)),
    "no subject": lambda p, n: p.sign(p.claims(n, sub=...)),
    "an empty subject": lambda p, n: p.sign(p.claims(n, sub="")),
    "a subject that is no text": lambda p, n: p.sign(p.claims(n, sub=7)),
    "a subject too long": lambda p, n: p.sign(p.claims(n, sub="x" * 300)),
    "another access token's": lambda p, n: p.sign(p.claims(n, at_hash="AAAAAAAAAAAAAAAAAAAAAA")),
    "a word of log-out": lambda p, n: p.sign(p.logout_claims(nonce=n, exp=int(p.clock().timestamp()) + 9)),
    "no token": lambda p, n: None,
    "no text": lambda p, n: {"a": 1},
    "half a token": lambda p, n: p.sign(p.claims(n)).rpartition(".")[0],
    "nonsense": lambda p, n: "a.b.c",
}  # fmt: skip
