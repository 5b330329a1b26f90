"""What a kernel has, read from the files of a made-up machine."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from offnet.doctor.kernel import Feature, Kernel, Presence, distribution, findings, install, remedy
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


def test_ubuntu_has_the_modules_in_a_package_of_the_running_kernel() -> None:
    assert install("ubuntu", RELEASE).endswith(f"linux-modules-extra-{RELEASE}")


def test_no_remedy_for_the_kernel_under_a_container(kernel: Kernel) -> None:
    assert remedy(kernel, "debian", "vrf")
    (kernel.root / ".dockerenv").touch()
    assert remedy(kernel, "debian", "vrf") == ""
