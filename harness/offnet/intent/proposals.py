"""IKE and ESP proposals in swanctl's keywords, and which of them a variant may use."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from offnet.intent.scalars import refuse

AEAD = ("aes128gcm16", "aes192gcm16", "aes256gcm16", "chacha20poly1305")
CIPHERS = ("des", "3des", "aes128", "aes192", "aes256")
INTEGRITY = ("md5", "sha1", "sha256", "sha384", "sha512", "aesxcbc", "aescmac")
PRF = ("prfmd5", "prfsha1", "prfsha256", "prfsha384", "prfsha512", "prfaesxcbc", "prfaescmac")
GROUPS = (
    *("modp768", "modp1024", "modp1536", "modp2048", "modp3072", "modp4096", "modp6144", "modp8192"),
    *("ecp256", "ecp384", "ecp521", "curve25519", "curve448"),
)
BROKEN = frozenset({"des", "3des", "md5", "sha1", "prfmd5", "prfsha1", "modp768", "modp1024", "modp1536"})

_SLOTS = (("cipher", CIPHERS + AEAD), ("integrity", INTEGRITY), ("prf", PRF), ("group", GROUPS))


def _strong(keywords: tuple[str, ...]) -> str:
    return ", ".join(keyword for keyword in keywords if keyword not in BROKEN)


def _sort(proposal: str) -> dict[str, str]:
    """Keywords of a proposal by what they are for; each once and known."""
    found: dict[str, str] = {}
    for keyword in proposal.split("-"):
        slot = next((name for name, keywords in _SLOTS if keyword in keywords), None)
        if slot is None:
            known = "; ".join(f"{name}: {', '.join(keywords)}" for name, keywords in _SLOTS)
            raise refuse(f"keywords of swanctl, joined by hyphens; {keyword!r} is none of them ({known})")
        if slot in found:
            raise refuse(f"one {slot} a proposal: list {found[slot]} and {keyword} as two proposals")
        found[slot] = keyword
    return found


def _need(found: dict[str, str], slot: str, keywords: tuple[str, ...], why: str) -> None:
    if slot not in found:
        raise refuse(f"{why} ({', '.join(keywords)})")


def _refuse_broken(found: dict[str, str]) -> None:
    broken = [keyword for keyword in found.values() if keyword in BROKEN]
    if not broken:
        return
    allowed = "; ".join(f"{name}: {_strong(dict(_SLOTS)[name])}" for name in found)
    raise refuse(f"no broken algorithm in the modern variant ({', '.join(broken)}); {allowed}")


def _ike(proposal: str, *, modern: bool) -> str:
    found = _sort(proposal)
    _need(found, "cipher", CIPHERS if not modern else AEAD + CIPHERS[2:], "a cipher")
    _need(found, "group", GROUPS, "a Diffie-Hellman group")
    if found["cipher"] in AEAD:
        if not modern:
            raise refuse(f"a cipher that IKEv1 has for its own messages: {', '.join(CIPHERS)}")
        if "integrity" in found:
            raise refuse(f"no integrity algorithm beside {found['cipher']}, which has its own")
        _need(found, "prf", PRF[2:], f"a PRF, because {found['cipher']} does not imply one")
    else:
        _need(found, "integrity", INTEGRITY, f"an integrity algorithm for {found['cipher']}")
    if modern:
        _refuse_broken(found)
    return proposal


def _esp(proposal: str, *, modern: bool) -> str:
    found = _sort(proposal)
    _need(found, "cipher", CIPHERS + AEAD, "a cipher")
    if "prf" in found:
        raise refuse(f"no PRF: ESP has none ({found['prf']})")
    if found["cipher"] in AEAD and "integrity" in found:
        raise refuse(f"no integrity algorithm beside {found['cipher']}, which has its own")
    if found["cipher"] not in AEAD:
        _need(found, "integrity", INTEGRITY, f"an integrity algorithm for {found['cipher']}")
    if modern:
        _refuse_broken(found)
    return proposal


def _ike_printed(proposal: str) -> str:
    return _ike(proposal, modern=False)


def _ike_modern(proposal: str) -> str:
    return _ike(proposal, modern=True)


def _esp_printed(proposal: str) -> str:
    return _esp(proposal, modern=False)


def _esp_modern(proposal: str) -> str:
    return _esp(proposal, modern=True)


def _schema(refused: frozenset[str], example: str) -> WithJsonSchema:
    """For editors: the right keywords; their right combination is the validators' to judge."""
    ciphers, *others = ([word for word in words if word not in refused] for _, words in _SLOTS)
    more = "|".join(word for words in others for word in words)
    pattern = f"^({'|'.join(ciphers)})(-({more}))*$"
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


_NONE: frozenset[str] = frozenset()

PrintedIke = Annotated[str, AfterValidator(_ike_printed), _schema(_NONE, "3des-sha1-modp1024")]
ModernIke = Annotated[str, AfterValidator(_ike_modern), _schema(BROKEN, "aes256gcm16-prfsha384-ecp384")]
PrintedEsp = Annotated[str, AfterValidator(_esp_printed), _schema(_NONE, "3des-sha1")]
ModernEsp = Annotated[str, AfterValidator(_esp_modern), _schema(BROKEN, "aes256gcm16-ecp384")]
