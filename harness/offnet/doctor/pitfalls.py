"""Judges settings of this machine that stop labs, or look to their reader as if a lab were broken."""

from __future__ import annotations

from collections.abc import Iterator

from offnet.doctor.facts import Facts, Settings
from offnet.doctor.model import Finding, Status, Topic

CONFINED = (
    "charon",
    "swanctl",
    "ipsec",
    "tcpdump",
    "freeradius",
    "radiusd",
    "bgpd",
    "zebra",
    "ospfd",
    "ldpd",
)
"""Programs of the nodes that a profile of this machine may be meant for as well."""
USERNS = {
    "kernel.apparmor_restrict_unprivileged_userns": ("1", "0"),
    "kernel.unprivileged_userns_clone": ("0", "1"),
    "user.max_user_namespaces": ("0", "10000"),
}
"""Sysctls that refuse ordinary users a namespace: the value that does, and one that does not."""


def user_namespaces(facts: Facts) -> Finding:
    """Whether mmdebstrap can make root file systems as this user; root needs no user namespace."""
    topic, name = Topic.SANDBOX, "user namespaces"
    if facts.user.uid == 0:
        return Finding(topic, name, Status.OK, "not needed by root")
    refusing = [key for key, (no, _) in USERNS.items() if facts.settings.sysctls.get(key) == no]
    if not refusing:
        return Finding(topic, name, Status.OK, "allowed")
    seen = (
        f"{', '.join(f'{key} = {USERNS[key][0]}' for key in refusing)} refuses them to ordinary users, and "
        "mmdebstrap needs one: lift it while the first run builds, or build once as root"
    )
    values = " ".join(f"{key}={USERNS[key][1]}" for key in refusing)
    return Finding(topic, name, Status.MISSING, seen, f"sudo sysctl {values}")


def findings(settings: Settings) -> Iterator[Finding]:
    """What is worth knowing where labs run on this kernel; nothing where nothing is."""
    sysctls = settings.sysctls
    if sysctls.get("kernel.modules_disabled") == "1":
        seen = "kernel.modules_disabled = 1: what is not loaded now cannot be before the next boot"
        yield Finding(Topic.KERNEL, "loading modules", Status.NOTE, seen)
    yield from _apparmor(settings)
    if settings.forward == "DROP":
        seen = (
            "the policy of iptables' FORWARD chain is DROP, Docker's default: labs do not mind, whose links "
            "are veths between namespaces; links that you bridge on this machine are filtered"
        )
        yield Finding(Topic.CONTAINERLAB, "forwarding", Status.NOTE, seen)
    if sysctls.get("net.bridge.bridge-nf-call-iptables") == "1":
        seen = (
            "net.bridge.bridge-nf-call-iptables = 1: frames through bridges of this machine pass iptables; "
            "labs have no bridge, but one that you add to a topology drops what iptables does not accept"
        )
        yield Finding(Topic.CONTAINERLAB, "br_netfilter", Status.NOTE, seen)
    yield from _iptables(settings)


def _apparmor(settings: Settings) -> Iterator[Finding]:
    """Profiles go by a program's path, in a node as on the machine: its own charon's confines ours."""
    enforced = [
        name
        for name, mode in (settings.apparmor or {}).items()
        if mode == "enforce" and name.rpartition("/")[2] in CONFINED
    ]
    if enforced:
        seen = f"profiles of this machine confine the nodes' programs of that path too: {', '.join(enforced)}"
        remedy = f"sudo aa-complain {' '.join(enforced)}"
        yield Finding(Topic.KERNEL, "AppArmor", Status.NOTE, seen, remedy)


def _iptables(settings: Settings) -> Iterator[Finding]:
    if "legacy" in settings.iptables and "nf_tables" in settings.modules:
        seen = (
            f"{settings.iptables}, beside nf_tables: a packet has to pass the rules of both, and "
            "`nft list ruleset` shows only one of them"
        )
        yield Finding(Topic.CONTAINERLAB, "iptables", Status.NOTE, seen)
