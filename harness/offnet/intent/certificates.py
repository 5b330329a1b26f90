"""Certificates as lab.yml writes them: authorities, distinguished names, and the maps that match them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from offnet.intent.base import Model
from offnet.intent.scalars import NodeName, refuse
from offnet.network.pki import DistinguishedName

# RFC 4514 section 3, less the domain components and user IDs that no lab has a use for.
RDN_TYPES = {
    "C": "Country, two capitals.",
    "ST": "State or province.",
    "L": "Locality.",
    "O": "Organisation.",
    "OU": "Organisational unit.",
    "CN": "Common name.",
}
_VALUE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,62}[A-Za-z0-9.])?")
_COUNTRY = re.compile(r"[A-Z]{2}")

_TYPES_RULE = f"RDNs of the types {', '.join(RDN_TYPES)}, each once"
_VALUE_RULE = "values of letters, digits, spaces, dots, hyphens and underscores, at most 64 (C: two capitals)"


def _name(value: object) -> DistinguishedName:
    """A mapping of RDN types to values, in the order in which it is written."""
    if isinstance(value, DistinguishedName):
        return value
    if not isinstance(value, dict) or not value:
        raise refuse("a mapping such as {O: VPN1, OU: EAST}")
    return _checked(list(value.items()))


def _subject(value: object) -> DistinguishedName:
    """The same name as one line of text."""
    if isinstance(value, DistinguishedName):
        return value
    if not isinstance(value, str):
        raise refuse('text such as "C=XX, O=Lab, CN=Lab Root CA"')
    rdns = [part.strip().partition("=") for part in value.split(",")]
    if not all(equals for _, equals, _ in rdns):
        raise refuse('text such as "C=XX, O=Lab, CN=Lab Root CA"')
    return _checked([(kind.strip(), text.strip()) for kind, _, text in rdns])


def _checked(rdns: list[tuple[Any, Any]]) -> DistinguishedName:
    kinds = [kind for kind, _ in rdns]
    if len(set(kinds)) != len(kinds) or not set(kinds) <= RDN_TYPES.keys():
        raise refuse(_TYPES_RULE)
    for kind, text in rdns:
        pattern = _COUNTRY if kind == "C" else _VALUE
        if not isinstance(text, str) or not pattern.fullmatch(text):
            raise refuse(_VALUE_RULE)
    return DistinguishedName.of(rdns)


_RDN_SCHEMA = {"type": "string", "pattern": rf"^{_VALUE.pattern}$"}
Subject = Annotated[
    DistinguishedName,
    PlainValidator(_subject),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]+=[^,=]+(, *[A-Z]+=[^,=]+)*$"}),
]
Rdns = Annotated[
    DistinguishedName,
    PlainValidator(_name),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                kind: {"description": meaning, **_RDN_SCHEMA} for kind, meaning in RDN_TYPES.items()
            },
            "additionalProperties": False,
            "minProperties": 1,
        }
    ),
]


class Authority(Model):
    """A certification authority, which makes its key and what it certifies when the lab starts."""

    node: NodeName = Field(description="The node that plays it; one node plays all authorities of a lab.")
    subject: Subject = Field(description='Its own name, such as "C=XX, O=Lab, CN=Lab Root CA".')
