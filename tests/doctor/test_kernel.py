"""What a kernel has, read from the files of a made-up machine."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from offnet.doctor.kernel import (
    FEATURES,
    Feature,
    Kernel,
    Presence,
    distribution,
    findings,
    package,
    remedy,
    source,
)
from offnet.doctor.model import Status

VRF = Feature("vrf", "NET_VRF", "VRFs")
RELEASE = "6.8.0-31-generic"


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    (tmp_path / f"lib/modules/{RELEASE}").mkdir(parents=True)
    (tmp_path / "proc").mkdir()
    return Kernel(RELEASE, tmp_path)


def _modules(kernel: Kernel, name: str, text: str) -> None:
    (kernel.root / f"lib/modules/{RELEASE}" / name).write_text(text)


def test_built_in(kernel: Kernel) -> None:
    _modules(kernel, "modules.builtin", "kernel/drivers/net/vrf.ko\n")
    assert kernel.presence(VRF) is Presence.BUILT_IN


@pytest.mark.parametrize("ending", ["ko", "ko.zst", "ko.xz"])
def test_can_be_loaded(kernel: Kernel, ending: str) -> None:
    _modules(kernel, "modules.dep", f"kernel/drivers/net/vrf.{ending}: kernel/net/x.{ending}\n")
    assert kernel.presence(VRF) is Presence.LOADABLE


def test_a_dash_in_a_file_name_is_an_underscore(kernel: Kernel) -> None:
    _modules(kernel, "modules.dep", "kernel/net/mpls/mpls-router.ko:\n")
    assert kernel.presence(Feature("mpls_router", "MPLS_ROUTING", "labels")) is Presence.LOADABLE


def test_loaded(kernel: Kernel) -> None:
    (kernel.root / "proc/modules").write_text("vrf 45056 0 - Live 0x0\n")
    assert kernel.presence(VRF) is Presence.LOADED


def test_the_configuration_tells_where_there_are_no_module_files(kernel: Kernel) -> None:
    packed = gzip.compress(b"CONFIG_NET_VRF=y\n# CONFIG_MPLS is not set\n")
    (kernel.root / "proc/config.gz").write_bytes(packed)
    assert kernel.presence(VRF) is Presence.BUILT_IN
    assert kernel.presence(Feature("esp4", "INET_ESP", "ESP")) is Presence.ABSENT


def test_nothing_to_read_is_unknown_and_no_verdict(kernel: Kernel) -> None:
    assert kernel.presence(VRF) is Presence.UNKNOWN
    assert {finding.status for finding in findings(kernel, "debian")} == {Status.NOTE}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ID=debian\n", "debian"),
        ('ID="ubuntu"\nID_LIKE=debian\n', "ubuntu"),
        ("ID=linuxmint\nID_LIKE=ubuntu\n", "ubuntu"),
        ('ID=rocky\nID_LIKE="rhel centos fedora"\n', "fedora"),
        ("ID=manjaro\nID_LIKE=arch\n", "arch"),
        ("ID=unheard-of\n", ""),
    ],
)
def test_distribution(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text(text)
    assert distribution(tmp_path) == expected


AZURE = "6.11.0-1018-azure"
APT, DNF = "sudo apt-get install -y", "sudo dnf install -y"
F43 = "6.17.1-300.fc43.x86_64"
BOTH = f"kernel-modules-{F43} kernel-modules-extra-{F43}"  # releases of Fedora split them differently


@pytest.mark.parametrize(
    ("distro", "release", "module", "expected"),
    [
        ("debian", "6.12.48-custom", "vrf", f"{APT} linux-image-amd64 && sudo reboot"),
        ("ubuntu", RELEASE, "vrf", f"{APT} linux-modules-extra-{RELEASE} && sudo modprobe -a vrf"),
        ("ubuntu", RELEASE, "esp4", f"{APT} linux-modules-{RELEASE} && sudo modprobe -a esp4"),
        ("ubuntu", AZURE, "vrf", f"{APT} linux-modules-extra-{AZURE} && sudo modprobe -a vrf"),
        ("fedora", F43, "mpls_router", f"{DNF} {BOTH} && sudo modprobe -a mpls_router"),
        ("arch", "6.17.1-arch1-1", "vrf", "sudo pacman -S linux && sudo reboot"),
        ("ubuntu", "6.6.87.2-microsoft-standard-WSL2", "vrf", ""),
        ("debian", "6.10.14-linuxkit", "vrf", ""),
        ("", RELEASE, "vrf", ""),
    ],
)
def test_where_a_module_comes_from(distro: str, release: str, module: str, expected: str) -> None:
    found = package(distro, release, module)
    assert (found.remedy(module) if found else "") == expected


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: str(feature.module))
@pytest.mark.parametrize("distro", ["debian", "ubuntu", "fedora", "arch"])
def test_every_feature_has_a_package_on_every_distribution(distro: str, feature: Feature) -> None:
    assert package(distro, RELEASE, feature.module) is not None


def test_azures_mirrors_drop_packages(tmp_path: Path) -> None:
    told = source(Kernel(AZURE, tmp_path), "ubuntu", "vrf")
    assert told.startswith(f"in package linux-modules-extra-{AZURE}, or ")
    assert "linux-modules-extra-azure" in told


def test_no_remedy_for_the_kernel_under_a_container(kernel: Kernel) -> None:
    assert remedy(kernel, "debian", "vrf")
    (kernel.root / ".dockerenv").touch()
    assert remedy(kernel, "debian", "vrf") == ""
