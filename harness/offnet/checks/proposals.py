"""swanctl's proposal keywords against the transforms that charon reports (IKEv1 and IKEv2 alike)."""

from __future__ import annotations

from offnet.observe.vici_model import ChildSaState, IkeSa

KEYWORDS = {
    "DES_CBC": "des",
    "3DES_CBC": "3des",
    "AES_CBC-128": "aes128",
    "AES_CBC-192": "aes192",
    "AES_CBC-256": "aes256",
    "AES_GCM_16-128": "aes128gcm16",
    "AES_GCM_16-192": "aes192gcm16",
    "AES_GCM_16-256": "aes256gcm16",
    "CHACHA20_POLY1305": "chacha20poly1305",
    "CHACHA20_POLY1305-256": "chacha20poly1305",
    "HMAC_MD5_96": "md5",
    "HMAC_SHA1_96": "sha1",
    "HMAC_SHA2_256_128": "sha256",
    "HMAC_SHA2_384_192": "sha384",
    "HMAC_SHA2_512_256": "sha512",
    "PRF_HMAC_MD5": "prfmd5",
    "PRF_HMAC_SHA1": "prfsha1",
    "PRF_HMAC_SHA2_256": "prfsha256",
    "PRF_HMAC_SHA2_384": "prfsha384",
    "PRF_HMAC_SHA2_512": "prfsha512",
    "MODP_768": "modp768",
    "MODP_1024": "modp1024",
    "MODP_1536": "modp1536",
    "MODP_2048": "modp2048",
    "MODP_3072": "modp3072",
    "MODP_4096": "modp4096",
    "ECP_256": "ecp256",
    "ECP_384": "ecp384",
    "ECP_521": "ecp521",
    "CURVE_25519": "curve25519",
    "CURVE_448": "curve448",
}
SYNONYMS = {"x25519": "curve25519", "x448": "curve448"}
GROUPS = ("modp", "ecp", "curve")


def tokens(proposal: str) -> frozenset[str]:
    """A proposal's keywords, each algorithm under one name."""
    return frozenset(SYNONYMS.get(word, word) for word in proposal.split("-"))


def ike_transforms(sa: IkeSa) -> frozenset[str]:
    """What an IKE_SA uses; a PRF that follows from the integrity algorithm is not named, as in proposals."""
    names = _keywords(sa.encryption, sa.integrity, sa.prf, sa.dh_group)
    implied = {f"prf{name}" for name in names} & names
    return names - implied


def ike_matches(sa: IkeSa, proposal: str) -> bool:
    """Whether an IKE_SA uses exactly this proposal."""
    return ike_transforms(sa) == tokens(proposal)


def esp_matches(child: ChildSaState, proposal: str) -> bool:
    """Whether a CHILD_SA uses this proposal; the first one of an IKE_SA has no exchange of its own."""
    found, wanted = _keywords(child.encryption, child.integrity, child.dh_group), tokens(proposal)
    without_group = frozenset(word for word in wanted if not word.startswith(GROUPS))
    return found in (wanted, without_group)


def _keywords(*names: str) -> frozenset[str]:
    return frozenset(KEYWORDS.get(name, name) for name in names if name)
