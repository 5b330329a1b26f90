"""The scalar types of lab.yml: names, addresses, route distinguishers, keys, single-line text.

Every type refuses with a sentence that says what is allowed: that sentence reaches the user.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network, NetmaskValueError
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

NODE_NAME_LENGTH = 63
INTERFACE_NAME_LENGTH = 15
_TWO_OCTETS, _FOUR_OCTETS = 0xFFFF, 0xFFFFFFFF
RESERVED = ("all", "core", "default", "lan", "lo", "local", "main", "wan")

_NAME = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")
_NAME_SCHEMA = r"^[a-z]([a-z0-9-]*[a-z0-9])?$"
_RESERVED = re.compile(rf"(?:{'|'.join(RESERVED)}|eth|ipsec|gre|dummy|xfrm)[0-9]*")
_NUMERIC = re.compile(r"[0-9.]+(?:/[0-9]{1,2})?")
_NUMBER_PAIR = re.compile(r"(?:(0|[1-9][0-9]{0,9})|([0-9]{1,3}(?:\.[0-9]{1,3}){3})):(0|[1-9][0-9]{0,9})")
_KEY = re.compile(r"[A-Za-z0-9!%&()*+,./:;<=>?@^_|~-]{1,64}")

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_USER = re.compile(r"[a-z0-9](?:[a-z0-9._+-]{0,62}[a-z0-9])?")
_DOMAIN_LENGTH = 253
WILDCARD = "*"

_NAME_RULE = "lower case letters, digits and hyphens, a letter first, no hyphen last"
_KEY_RULE = (
    "1 to 64 letters, digits and !%&()*+,-./:;<=>?@^_|~ (a key is written into configurations as it is)"
)


def refuse(allowed: str) -> PydanticCustomError:
    """The error that says what is allowed in the place of a value."""
    return PydanticCustomError("not_allowed", "{allowed}", {"allowed": allowed})


def _name(longest: int, *, reserved: bool = True) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not _NAME.fullmatch(value):
            raise refuse(_NAME_RULE)
        if len(value) > longest:
            raise refuse(f"at most {longest} characters, this has {len(value)}")
        if reserved and _RESERVED.fullmatch(value):
            raise refuse(f"another name: interfaces and tables of nodes are called {value} already")
        return value

    return check


def _interface_name(value: str) -> str:
    try:
        _name(INTERFACE_NAME_LENGTH)(value)
    except PydanticCustomError as error:
        raise refuse(f"{error.message()} (a VPN's name becomes the name of an interface)") from None
    return value


_KINDS: dict[type[Any], str] = {
    IPv4Address: "address",
    IPv4Interface: "address with its prefix length,",
    IPv4Network: "prefix",
}


def _parser(kind: type[Any], example: str) -> Callable[[object], Any]:
    """Text to an address type; anything but text is refused (the library would take integers)."""
    what = f"an IPv4 {_KINDS[kind]} such as {example}"

    def parse(value: object) -> Any:
        if isinstance(value, kind):
            return value
        if not isinstance(value, str):
            raise refuse(what)
        if not _NUMERIC.fullmatch(value) or ("/" in value) != ("/" in example):
            raise refuse(what)
        try:
            return kind(value)
        except (AddressValueError, NetmaskValueError):
            raise refuse(what) from None
        except ValueError:
            raise refuse(_without_host_bits(value)) from None

    return parse


def _without_host_bits(value: str) -> str:
    return f"a prefix without host bits: {IPv4Network(value, strict=False)}"


def _number_pair(value: str) -> str:
    """RFC 4364: 16 bits of AS number and 32 of value, or 32 (a number or an address) and 16."""
    match = _NUMBER_PAIR.fullmatch(value)
    if match is None:
        raise refuse('two numbers such as "200:1", or an IPv4 address and a number such as "192.0.2.1:1"')
    number, address, assigned = int(match[1] or 0), match[2], int(match[3])
    if address is not None:
        _parser(IPv4Address, "192.0.2.1")(address)
    wide = address is not None or number > _TWO_OCTETS
    if number > _FOUR_OCTETS or assigned > (_TWO_OCTETS if wide else _FOUR_OCTETS):
        raise refuse("at most 65535:4294967295, 4294967295:65535 or ADDRESS:65535")
    return value


def _key(value: str) -> str:
    if not _KEY.fullmatch(value):
        raise refuse(_KEY_RULE)
    if value[:2] in ("0x", "0s"):
        raise refuse("another key: swanctl reads one that starts with 0x or 0s as hexadecimal or base64")
    return value


def _domain(value: str) -> str:
    if not _DOMAIN.fullmatch(value) or len(value) > _DOMAIN_LENGTH or _NUMERIC.fullmatch(value):
        raise refuse("a domain such as vpn1.example: lower case letters, digits, hyphens and dots")
    return value


def _host_name(value: str) -> str:
    if "." not in value:
        raise refuse("a whole name (FQDN) such as spoke1.vpn1.example")
    return _domain(value)


def _user_fqdn(value: str) -> str:
    user, _, domain = value.partition("@")
    if not _USER.fullmatch(user) or not domain:
        raise refuse("a user name (USER_FQDN) such as alice@vpn1.example, in lower case")
    _domain(domain)
    return value


def _key_owner(value: str) -> str:
    """Who a key belongs to: the type follows from the form, as in swanctl."""
    if value == WILDCARD:
        return value
    if _NUMERIC.fullmatch(value):
        return str(_parser(IPv4Address, "192.0.2.1")(value))
    if "@" in value:
        return _user_fqdn(value)
    return _host_name(value) if "." in value else _name(NODE_NAME_LENGTH)(value)


def _line(value: str) -> str:
    if not value.isprintable() or value.strip() != value or not value:
        raise refuse("one line of printable text, without spaces at its ends")
    return value


def _string(pattern: str, longest: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "maxLength": longest})


def _schema(**schema: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **schema})


_OCTETS = r"[0-9]{1,3}(\.[0-9]{1,3}){3}"
_LENGTH = r"/([0-9]|[12][0-9]|3[0-2])"

NodeName = Annotated[str, AfterValidator(_name(NODE_NAME_LENGTH)), _string(_NAME_SCHEMA, NODE_NAME_LENGTH)]
Name = Annotated[str, AfterValidator(_name(NODE_NAME_LENGTH)), _string(_NAME_SCHEMA, NODE_NAME_LENGTH)]
LabName = Annotated[
    str, AfterValidator(_name(NODE_NAME_LENGTH, reserved=False)), _string(_NAME_SCHEMA, NODE_NAME_LENGTH)
]
VpnName = Annotated[str, AfterValidator(_interface_name), _string(_NAME_SCHEMA, INTERFACE_NAME_LENGTH)]
Address = Annotated[
    IPv4Address, PlainValidator(_parser(IPv4Address, "192.0.2.1")), _schema(pattern=f"^{_OCTETS}$")
]
Interface = Annotated[
    IPv4Interface,
    PlainValidator(_parser(IPv4Interface, "198.51.100.2/30")),
    _schema(pattern=f"^{_OCTETS}{_LENGTH}$"),
]
Prefix = Annotated[
    IPv4Network, PlainValidator(_parser(IPv4Network, "10.1.1.0/24")), _schema(pattern=f"^{_OCTETS}{_LENGTH}$")
]
NumberPair = Annotated[str, AfterValidator(_number_pair), _schema(pattern=rf"^([0-9]+|{_OCTETS}):[0-9]+$")]
Key = Annotated[str, AfterValidator(_key), _string(r"^[A-Za-z0-9!%&()*+,./:;<=>?@^_|~-]+$", 64)]
_DOMAIN_SCHEMA = r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?"
Domain = Annotated[str, AfterValidator(_domain), _string(rf"^{_DOMAIN_SCHEMA}$", _DOMAIN_LENGTH)]
HostName = Annotated[str, AfterValidator(_host_name), _string(rf"^{_DOMAIN_SCHEMA}$", _DOMAIN_LENGTH)]
UserFqdn = Annotated[str, AfterValidator(_user_fqdn), _string(rf"^[a-z0-9._+-]+@{_DOMAIN_SCHEMA}$", 320)]
KeyOwner = Annotated[
    str, AfterValidator(_key_owner), _string(rf"^(\*|([a-z0-9._+-]+@)?{_DOMAIN_SCHEMA})$", 320)
]
Line = Annotated[str, Field(max_length=120), AfterValidator(_line)]
