"""Which of the features that labs need this machine's kernel has, and where the others come from."""

from __future__ import annotations

import gzip
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from offnet.doctor.model import Finding, Status, Topic


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
    Feature("veth", "VETH", "links between nodes"),
    Feature("dummy", "DUMMY", "LANs of the sites"),
    Feature("overlay", "OVERLAY_FS", "a root file system for each node"),
    Feature("nf_tables", "NF_TABLES", "filters and counters"),
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


def install(distribution: str, release: str) -> str:
    """The command that installs the kernel's other modules on a distribution; empty if unknown."""
    commands = {
        "debian": "sudo apt-get install -y linux-image-amd64",
        "ubuntu": f"sudo apt-get install -y linux-modules-extra-{release}",
        "fedora": f"sudo dnf install -y kernel-modules-{release} kernel-modules-extra-{release}",
        "arch": "sudo pacman -S linux",
    }
    return commands.get(distribution, "")


def distribution(root: Path = Path("/")) -> str:
    """The ID of the distribution that os-release names, or of the one it is like, among those known."""
    pairs = (line.partition("=") for line in _lines(root / "etc/os-release"))
    values = {key: value.strip('"') for key, _, value in pairs}
    candidates = [values.get("ID", ""), *values.get("ID_LIKE", "").split()]
    return next((name for name in candidates if install(name, "")), "")


def findings(kernel: Kernel, distro: str) -> Iterator[Finding]:
    """One finding a feature, with the way to get it."""
    for feature in FEATURES:
        presence = kernel.presence(feature)
        seen = f"{presence.value}; {feature.purpose}"
        if presence is Presence.ABSENT:
            yield Finding(
                Topic.NATIVE, feature.module, Status.MISSING, seen, remedy(kernel, distro, feature.module)
            )
        elif presence is Presence.UNKNOWN:
            yield Finding(Topic.NATIVE, feature.module, Status.NOTE, seen)
        else:
            yield Finding(Topic.NATIVE, feature.module, Status.OK, seen)


def remedy(kernel: Kernel, distro: str, module: str) -> str:
    """The command that brings a module; none inside a container, whose kernel is somebody else's."""
    if (kernel.root / ".dockerenv").exists() or (kernel.root / "run/.containerenv").exists():
        return ""
    command = install(distro, kernel.release)
    return f"{command} && sudo modprobe -a {module}" if command else ""
