"""OpenID Connect, the protocol: a provider's word about who somebody is, asked for and proven.

It knows nothing of users, pages or the database. `Client` sends a browser to the provider (`begin`), makes of
its way back a `Proof` (`finish`), and reads what the provider says of log-outs (`ended`). Which tokens count stands
in `web/oidc_tokens.py`, who is called in `web/oidc_calls.py`; whoever calls this has no writing transaction open.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client

from crm.providers import Provider
from web import oidc_calls
from web.oidc_calls import Line, Unreachable
from web.oidc_tokens import FRESH, NotProven, id_token, is_name, logout_token

__all__ = ["FRESH", "Attempt", "Client", "Ended", "NotProven", "Proof", "Unreachable"]


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
        return str(told) if is_name(told) else None

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
        self.line = Line(provider)
        self._clock = clock

    # --- The way there and back -------------------------------------------------------------------

    def begin(self, *, redirect_uri: str, onward: str) -> tuple[str, Attempt]:
        """Where to send the browser, and what to keep until it comes back. Unreachable when there is no answer."""
        about = self.line.about()
        attempt = Attempt(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            onward=onward,
            at=self._now(),
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
        about = self.line.about()
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
        signed, access_token = token.get("id_token"), token.get("access_token")
        if not isinstance(signed, str):
            raise NotProven("no id token")
        claims = id_token(signed, self.line, nonce=attempt.nonce, access_token=access_token, now=self._now())
        if any(name not in claims for name in wanted) and isinstance(access_token, str):
            # The token's own claims are signed, and stand.
            claims = {**self._asked(about, access_token, claims["sub"]), **claims}
        return Proof(self.provider.issuer, claims["sub"], claims, signed)

    def log_out(self, *, id_token: str | None, back_to: str) -> str | None:
        """Where to send a browser to log out at the provider as well; None when it has no such place."""
        end = self.line.about().get("end_session_endpoint")
        if end is None:
            return None
        fields = {"client_id": self.provider.client_id, "post_logout_redirect_uri": back_to}
        if id_token:
            fields["id_token_hint"] = id_token
        return f"{end}{'&' if urlsplit(end).query else '?'}{urlencode(fields)}"

    def ended(self, text: str) -> Ended:
        """What a back-channel word of log-out says. Raises NotProven or Unreachable.

        Whoever acts on it must see to it that its `key` is used once.
        """
        claims = logout_token(text, self.line, now=self._now())
        return Ended(self.provider.issuer, claims.get("sub"), claims.get("sid"), claims["jti"])

    def _now(self) -> int:
        return int(self._clock().timestamp())

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
            timeout=oidc_calls.TIMEOUT,
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
            with self.line.open(), self._client(self._method(about), redirect_uri) as client:
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
            told = self.line.fetched(about["userinfo_endpoint"], {"Authorization": f"Bearer {access_token}"})
        except Unreachable:
            return {}
        if told.get("sub") != subject:
            raise NotProven("it told of somebody else")
        return told
