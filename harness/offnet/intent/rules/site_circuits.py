"""IPsec over a circuit of the site's own: it has two ends, one peer, and no way by the Internet beside it."""

from __future__ import annotations

from collections.abc import Iterator

from offnet.intent.finding import Finding
from offnet.intent.models import IpsecSite
from offnet.intent.salvage import Scope


def _sites(scope: Scope) -> Iterator[tuple[str, IpsecSite]]:
    sites = scope.intent.sites.items()
    return ((name, site) for name, site in sites if isinstance(site, IpsecSite) and site.on_circuit)


def only_way(scope: Scope) -> Iterator[Finding]:
    """What is said of the Internet has no meaning on a circuit."""
    for name, site in _sites(scope):
        written = {
            "backup": site.ipsec.backup,
            "front_door": site.front_door,
            "dynamic": site.dynamic or None,
            "behind": site.behind,
        }
        for key, value in written.items():
            if value is not None:
                expected = "no such key beside across: circuit: its two ends know each other's address"
                yield Finding(("sites", name, "ipsec", key), expected, see=("sites", name, "ipsec", "across"))
