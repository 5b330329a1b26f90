"""IKE identities as lab.yml writes them: what a profile matches, who owns a key, who a site says it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from offnet.intent.base import Model
from offnet.intent.certificates import Rdns
from offnet.intent.scalars import (
    WILDCARD,
    Address,
    Domain,
    HostName,
    Key,
    KeyOwner,
    Name,
    UserFqdn,
    VpnName,
    refuse,
)

ANYBODY = "any"


class Match(Model):
    """The identities that select a profile; at least one."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    address: Annotated[tuple[Address, ...], Field(strict=False)] = Field(
        default=(), description="Peers by the address they come from.", json_schema_extra={"minItems": 1}
    )
    host: Annotated[tuple[HostName, ...], Field(strict=False)] = Field(
        default=(), description="Peers by their whole name (FQDN).", json_schema_extra={"minItems": 1}
    )
    domain: Annotated[tuple[Domain, ...], Field(strict=False)] = Field(
        default=(),
        description="Peers whose name (FQDN) is below that domain; the longest match wins.",
        json_schema_extra={"minItems": 1},
    )
    user: Annotated[tuple[UserFqdn, ...], Field(strict=False)] = Field(
        default=(),
        description="Peers by their whole user name (USER_FQDN).",
        json_schema_extra={"minItems": 1},
    )
    user_domain: Annotated[tuple[Domain, ...], Field(strict=False)] = Field(
        default=(),
        description="Peers whose user name (USER_FQDN) is of or below that domain; the longest match wins.",
        json_schema_extra={"minItems": 1},
    )
    group: Annotated[tuple[Name, ...], Field(strict=False)] = Field(
        default=(),
        description="Peers by the name of their group (KEY_ID).",
        json_schema_extra={"minItems": 1},
    )
    certificate: Annotated[tuple[Name, ...], Field(strict=False)] = Field(
        default=(),
        description="Peers whose certificate has what one of these maps (certificate_maps) names.",
        json_schema_extra={"minItems": 1},
    )
    any: bool = Field(
        default=False,
        description="Every peer that no other match selects.",
        json_schema_extra={"const": True},
    )

    def entries(self) -> Iterator[tuple[str, int | None, str]]:
        """What is matched, one by one: the key in lab.yml, the place in its list, the value as text."""
        for kind in type(self).model_fields:
            value: Any = getattr(self, kind)
            if kind == ANYBODY:
                if value:
                    yield kind, None, kind
            else:
                yield from ((kind, index, str(entry)) for index, entry in enumerate(value))


class Keyring(Model):
    """Pre-shared keys by the peer's address or identity."""

    front_door: VpnName | None = Field(default=None, description="Only for peers of that front door.")
    keys: dict[KeyOwner, Key] = Field(
        description='Key by address, FQDN, user FQDN or group; "*" is the key of all others.'
    )

    def key(self, *owners: str) -> str | None:
        """The key of the first of these owners that has one, else the wildcard's, else None."""
        found = (self.keys[owner] for owner in owners if owner in self.keys)
        return next(found, self.keys.get(WILDCARD))


def _long_keyring(value: object) -> object:
    if isinstance(value, dict):
        return value if isinstance(value.get("keys"), dict) else {"keys": value}
    if isinstance(value, Keyring):
        return value
    raise refuse("a mapping of addresses and identities to keys, or {front_door: NAME, keys: {...}}")


KeyringEntry = Annotated[
    Keyring,
    BeforeValidator(_long_keyring, json_schema_input_type=dict[KeyOwner, Key] | Keyring),
]


class SiteIdentity(Model):
    """Who a site says it is in IKE; exactly one."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    address: Address | None = Field(default=None, description="An address, if not the site's own.")
    host: HostName | None = Field(default=None, description="A name (FQDN).")
    user: UserFqdn | None = Field(default=None, description="A user name (USER_FQDN).")
    group: Name | None = Field(default=None, description="The name of a group (KEY_ID).")
    certificate: Rdns | None = Field(default=None, description="The subject of its certificate (DN).")

    def chosen(self) -> list[tuple[str, str]]:
        """The kinds that are given, each with its value as text; one, in a lab that is right."""
        values = ((kind, getattr(self, kind)) for kind in type(self).model_fields)
        return [(kind, str(value)) for kind, value in values if value is not None]
