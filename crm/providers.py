"""Who vouches for people from outside: the settings of an identity provider that speaks OpenID Connect.

The municipality's own (`ENINDGANG_OIDC_*`) vouches for staff, another (`ENINDGANG_PANEL_OIDC_*`) for the
company panel. Both are the same kind of thing to the program: a `Provider`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# In this order the first that one of the person's groups gives is theirs.
RANKS = ("admin", "manager", "consultant")
Roles = list[Literal["consultant", "manager", "admin"]]
EVERYONE: Roles = ["consultant", "manager", "admin"]
LISTS = (
    "oidc_admin_groups",
    "oidc_manager_groups",
    "oidc_consultant_groups",
    "oidc_local_roles",
)


@dataclass(frozen=True)
class Provider:
    """One identity provider as it was set up. `parameters` are sent along with every request to log in."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    scopes: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def checked_issuer(value: str) -> str:
    """The issuer as the provider writes it in its tokens. ValueError when nobody should trust it."""
    parts = urlsplit(value)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if value and not (safe and parts.hostname and not parts.query and not parts.fragment):
        raise ValueError("The issuer is an https address without a question mark.")
    return value


class ProviderSettings(BaseSettings):
    """The part of the settings that is about providers; `crm.settings.Settings` is the whole."""

    oidc_issuer: str = Field(
        "", description="The municipality's identity provider. Empty: local log-in only."
    )
    oidc_client_id: str = Field("", description="What the provider knows us as.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Our secret at the provider.")
    oidc_name: str = Field("kommunens konto", min_length=1, description="What the log-in page calls it.")
    oidc_scopes: str = Field("openid profile email", description="What we ask the provider to tell.")
    oidc_parameters: str = Field("", description="More to send along with a log-in, as key=value&key=value.")
    oidc_groups_claim: str = Field(
        "groups", min_length=1, description="The claim that lists groups or roles."
    )
    oidc_admin_groups: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="Groups whose members are administrators, comma separated."
    )
    oidc_manager_groups: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="Groups whose members are managers, comma separated."
    )
    oidc_consultant_groups: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="Groups whose members are consultants, comma separated."
    )
    oidc_trust_email: bool = Field(
        False, description="Every e-mail the provider tells is verified, also when it does not say so."
    )
    oidc_local_roles: Annotated[Roles, NoDecode] = Field(
        default_factory=lambda: list(EVERYONE),
        description="Roles that may still log in with a local password or passkey while OIDC is set up.",
    )
    panel_oidc_issuer: str = Field("", description="The company panel's identity provider. Empty: none.")
    panel_oidc_client_id: str = Field("", description="What that provider knows us as.")
    panel_oidc_client_secret: SecretStr = Field(SecretStr(""), description="Our secret at that provider.")
    panel_oidc_name: str = Field("MitID Erhverv", min_length=1, description="What the panel's page calls it.")
    panel_oidc_scopes: str = Field("openid profile email", description="What we ask that provider to tell.")
    panel_oidc_trust_email: bool = Field(
        False, description="Every e-mail that provider tells is verified, also when it does not say so."
    )
    panel_oidc_parameters: str = Field("", description="More to send along, as key=value&key=value.")

    @field_validator("oidc_issuer", "panel_oidc_issuer")
    @classmethod
    def _safe_issuer(cls, value: str) -> str:
        return checked_issuer(value)

    @field_validator("oidc_scopes", "panel_oidc_scopes")
    @classmethod
    def _says_openid(cls, value: str) -> str:
        if "openid" not in value.split():
            raise ValueError("openid must be among the scopes, or no identity is told.")
        return value

    @field_validator("oidc_parameters", "panel_oidc_parameters")
    @classmethod
    def _readable_parameters(cls, value: str) -> str:
        taken = {"state", "nonce", "redirect_uri", "client_id", "response_type", "scope"}
        given = dict(parse_qsl(value, strict_parsing=bool(value)))
        if taken & set(given) or any(name.startswith("code_challenge") for name in given):
            raise ValueError("These are ours to send.")
        return value

    @model_validator(mode="after")
    def _whole(self) -> ProviderSettings:
        for issuer, client_id in (
            (self.oidc_issuer, self.oidc_client_id),
            (self.panel_oidc_issuer, self.panel_oidc_client_id),
        ):
            if bool(issuer) != bool(client_id):
                raise ValueError("An issuer and a client id belong together.")
        return self

    @property
    def staff_provider(self) -> Provider | None:
        """Who vouches for staff; None when nobody does."""
        return self._provider("oidc")

    @property
    def panel_provider(self) -> Provider | None:
        """Who vouches for the company panel; None when nobody does."""
        return self._provider("panel_oidc")

    def _provider(self, prefix: str) -> Provider | None:
        if not getattr(self, f"{prefix}_issuer"):
            return None
        return Provider(
            issuer=getattr(self, f"{prefix}_issuer"),
            client_id=getattr(self, f"{prefix}_client_id"),
            client_secret=getattr(self, f"{prefix}_client_secret").get_secret_value(),
            name=getattr(self, f"{prefix}_name"),
            scopes=getattr(self, f"{prefix}_scopes"),
            parameters=dict(parse_qsl(getattr(self, f"{prefix}_parameters"))),
        )

    def role_of(self, groups: object) -> str | None:
        """The highest role that one of these groups gives, as the provider told them; None for no group of ours."""
        told = {groups} if isinstance(groups, str) else set()
        if isinstance(groups, (list, tuple)):
            told = {each for each in groups if isinstance(each, str)}
        return next((role for role in RANKS if told & set(getattr(self, f"oidc_{role}_groups"))), None)

    def lets_in_locally(self, role: str) -> bool:
        """Whether somebody in this role may come in without the municipality's provider."""
        return not self.oidc_issuer or role in self.oidc_local_roles
