"""Which of the features that labs need this machine's kernel has, and where the others come from."""

from __future__ import annotations

import gzip
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from offnet.doctor.model import RESTART, Finding, Status, Topic


@dataclass(frozen=True, slots=True)
class Feature:
    """A part of the kernel: its module, the option that builds it, and what it is for."""

    module: str
    option: str
    purpose: str


FEATURES = (
    Feature("vrf", "NET_VRF", "VRFs of the PEs"),
    Feature("mpls_router", "MPLS_ROUTING", "label switching in the core"),
    Feature("mpls_iptunnel", "MPLS_IPTUNNEL", "labels imposed on VPN routes"),
    Feature("xfrm_interface", "XFRM_INTERFACE", "SAs bound to a VRF"),
    Feature("xfrm_user", "XFRM_USER", "SAs made by charon"),
    Feature("esp4", "INET_ESP", "IPsec ESP"),
    Feature("des_generic", "CRYPTO_DES", "the as-printed crypto variant"),
    Feature("ip_gre", "NET_IPGRE", "GRE tunnels"),
    Feature("veth", "VETH", "links between nodes"),
    Feature("bridge", "BRIDGE", "layer 2 networks"),
    Feature("ip_gre", "NET_IPGRE", "GRE tunnels"),
    Feature("dummy", "DUMMY", "LANs of the sites"),
    Feature("overlay", "OVERLAY_FS", "a root file system for each node"),
    Feature("nf_tables", "NF_TABLES", "filters and counters"),
    Feature("8021q", "VLAN_8021Q", "front doors on sub-interfaces, layer 2 circuits"),
    Feature("nft_log", "NFT_LOG", "NHRP's copies of packets"),
    Feature("nfnetlink_log", "NETFILTER_NETLINK_LOG", "NHRP's copies of packets"),
    Feature("nft_masq", "NFT_MASQ", "NAT routers"),
)


class Presence(StrEnum):
    """Where a feature is. ``unknown``: neither modules nor configuration of the kernel can be read."""

    BUILT_IN = "built in"
    LOADED = "loaded"
    LOADABLE = "can be loaded"
    ABSENT = "not in this kernel"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Kernel:
    """A running kernel as its files describe it; ``root`` is where /proc, /lib and /boot are."""

    release: str = field(default_factory=platform.release)
    root: Path = Path("/")

    def presence(self, feature: Feature) -> Presence:
        """Where a feature is, read without loading anything."""
        if feature.module in self._names("lib/modules/{}/modules.builtin"):
            return Presence.BUILT_IN
        if feature.module in self._loaded():
            return Presence.LOADED
        if feature.module in self._names("lib/modules/{}/modules.dep"):
            return Presence.LOADABLE
        options = self._options()
        if options.get(feature.option) == "y":
            return Presence.BUILT_IN
        folder = self.root / f"lib/modules/{self.release}"
        known = bool(options) or (folder / "modules.dep").is_file()
        return Presence.ABSENT if known else Presence.UNKNOWN

    def _names(self, pattern: str) -> set[str]:
        """Module names in a list of paths; a dash in a file name is an underscore in the module's."""
        lines = _lines(self.root / pattern.format(self.release))
        names = (line.partition(":")[0].rpartition("/")[2].partition(".ko")[0] for line in lines)
        return {name.replace("-", "_") for name in names}

    def _loaded(self) -> set[str]:
        return {line.partition(" ")[0] for line in _lines(self.root / "proc/modules")}

    def _options(self) -> Mapping[str, str]:
        packed = self.root / "proc/config.gz"
        try:
            text = gzip.decompress(packed.read_bytes()).decode()
        except OSError:
            text = "\n".join(_lines(self.root / f"boot/config-{self.release}"))
        return dict(re.findall(r"^CONFIG_(\w+)=(\S+)$", text, re.MULTILINE))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


FOREIGN = re.compile(r"microsoft|linuxkit")
"""Kernels of WSL2 and Docker Desktop: no package of the distribution on top of them has their modules."""
DISTRIBUTIONS = ("debian", "ubuntu", "fedora", "arch")
EXTRA = frozenset({"vrf", "mpls_router", "mpls_iptunnel", "mpls_gso", "xfrm_interface"})
"""Modules that distributions which split their kernel leave out of its first part."""
AZURE = "linux-modules-extra-azure"
"""What follows the newest of Azure's kernels, which GitHub's runners may not have booted yet."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a distribution has a module: the package, its installation, and what makes it loadable then."""

    package: str
    install: str
    restart: bool = False

    def remedy(self, module: str) -> str:
        """The command line that ends with the module loaded, or with the kernel that has it."""
        return f"{self.install} && {RESTART if self.restart else f'sudo modprobe -a {module}'}"


def package(distribution: str, release: str, module: str) -> Source | None:
    """Where a module of a kernel comes from; None for a distribution, or a kernel, that is not known.

    Debian, in its kernel for clouds as well, and Arch have all of them in the kernel's own package: one
    that is missing there belongs to another kernel, or was replaced since the start. Ubuntu (on GitHub's
    runners with Azure's kernel) and Fedora have those of ``EXTRA`` in a second package.
    """
    if FOREIGN.search(release):
        return None
    match distribution:
        case "debian":
            return Source("linux-image-amd64", "sudo apt-get install -y linux-image-amd64", restart=True)
        case "ubuntu":
            name = f"linux-modules-{'extra-' if module in EXTRA else ''}{release}"
            return Source(name, f"sudo apt-get install -y {name}")
        case "fedora":
            name = f"kernel-modules-{'extra-' if module in EXTRA else ''}{release}"
            both = f"kernel-modules-{release} kernel-modules-extra-{release}"
            return Source(name, f"sudo dnf install -y {both}")
        case "arch":
            return Source("linux", "sudo pacman -S linux", restart=True)
    return None


def distribution(root: Path = Path("/")) -> str:
    """The ID of the distribution that os-release names, or of the one it is like, among those known."""
    pairs = (line.partition("=") for line in _lines(root / "etc/os-release"))
    values = {key: value.strip('"') for key, _, value in pairs}
    candidates = [values.get("ID", ""), *values.get("ID_LIKE", "").split()]
    return next((name for name in candidates if name in DISTRIBUTIONS), "")


def findings(kernel: Kernel, distro: str) -> Iterator[Finding]:
    """One finding a feature, with the way to get it."""
    for feature in FEATURES:
        presence = kernel.presence(feature)
        seen = f"{presence.value}; {feature.purpose}"
        status, cure = Status.OK, ""
        if presence is Presence.ABSENT:
            told = source(kernel, distro, feature.module)
            status, cure = Status.MISSING, remedy(kernel, distro, feature.module)
            seen += f"; {told}" if told else ""
        elif presence is Presence.UNKNOWN:
            status = Status.NOTE
        yield Finding(Topic.KERNEL, feature.module, status, seen, cure, feature.module)


def source(kernel: Kernel, distro: str, module: str) -> str:
    """Which package has a module, in words; empty where none that is known could help."""
    found = None if _is_contained(kernel) else package(distro, kernel.release, module)
    if found and kernel.release.endswith("-azure") and module in EXTRA:
        return f"in package {found.package}, or once the mirrors have dropped that in {AZURE} and a restart"
    return f"in package {found.package}" if found else ""


def remedy(kernel: Kernel, distro: str, module: str) -> str:
    """The command that brings a module; none inside a container, whose kernel is somebody else's."""
    found = None if _is_contained(kernel) else package(distro, kernel.release, module)
    return found.remedy(module) if found else ""


def _is_contained(kernel: Kernel) -> bool:
    return (kernel.root / ".dockerenv").exists() or (kernel.root / "run/.containerenv").exists()
