"""The two real recipes, as far as that needs no build."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from offnet import artifacts, resources
from offnet.artifacts import noderoot, uml
from offnet.artifacts.progress import Remembered
from offnet.artifacts.uml import Teller
from offnet.artifacts.workshop import Processes, Workshop


def test_the_package_list_is_read_without_its_comments() -> None:
    assert noderoot.packages("# a group\nfrr\n\nsocat  # why\n") == ["frr", "socat"]


def test_the_package_list_names_each_package_once() -> None:
    names = noderoot.packages((resources.image() / "packages.txt").read_text())
    assert len(names) == len(set(names))
    assert {"frr", "charon-systemd", "iproute2", "openssh-server"} <= set(names)


def test_the_dockerfile_uses_the_same_list_and_setup() -> None:
    text = (resources.image() / "Dockerfile").read_text()
    assert "packages.txt" in text
    assert "setup.sh" in text
    assert 'ENTRYPOINT ["/usr/lib/offnet/entrypoint.sh"]' in text
    assert not any(name in text for name in ("frr", "strongswan", "iproute2"))


def test_the_nodes_own_files_are_no_input_of_the_image() -> None:
    assert set(noderoot.recipe().inputs) == {*noderoot.INPUTS, "recipe"}


def test_the_fragment_is_sorted_and_has_no_option_twice() -> None:
    lines = (resources.kernel() / "uml.fragment").read_text().splitlines()
    options = [line for line in lines if not line.startswith("#")]
    assert options == sorted(set(options))
    assert "CONFIG_XFRM_INTERFACE=y" in options


def test_the_digest_is_what_the_setup_script_computes(tmp_path: Path) -> None:
    node = tmp_path / "node"
    shutil.copytree(noderoot.node_files(), node, ignore=shutil.ignore_patterns("__pycache__"))
    script = (resources.image() / "setup.sh").read_text()
    line = next(line for line in script.splitlines() if line.startswith("node_digest="))
    shell = f"lib={node}; export LC_ALL=C; {line}; echo $node_digest"
    seen = subprocess.run(["sh", "-euc", shell], capture_output=True, text=True, check=True, timeout=10)
    assert seen.stdout.strip() == noderoot.node_digest(node)


def test_the_digest_ignores_compiled_files_and_sees_every_edit(tmp_path: Path) -> None:
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "a.py").write_text("a")
    before = noderoot.node_digest(tmp_path)
    (tmp_path / "agent" / "__pycache__").mkdir()
    (tmp_path / "agent" / "__pycache__" / "a.pyc").write_text("compiled")
    assert noderoot.node_digest(tmp_path) == before
    (tmp_path / "agent" / "a.py").write_text("b")
    assert noderoot.node_digest(tmp_path) != before


@pytest.mark.parametrize(("digest", "stale"), [(noderoot.node_digest(), False), ("0" * 64, True)])
def test_a_stale_image_is_reported(tmp_path: Path, digest: str, stale: bool) -> None:
    (tmp_path / noderoot.RECORD).write_text(f"FRR=10.3-3\nNODE_DIGEST={digest}\n")
    record = artifacts.image_record(tmp_path)
    assert record.stale is stale
    assert record.versions["FRR"] == "10.3-3"


def test_the_kernel_build_tells_steps_and_shares(tmp_path: Path, heard: Remembered) -> None:
    tell = Teller(Workshop("kernel", tmp_path, tmp_path, tmp_path / "log", heard, Processes()))
    tell("offnet-step: compiling Linux 7.3")
    for _ in range(uml.OBJECTS // 2):
        tell("  CC      net/xfrm/xfrm_state.o")
    assert heard.steps == ["kernel: compiling Linux 7.3"]
    assert heard.ticks[-1] == "kernel: 50 % compiled (net/xfrm/xfrm_state.o)"


def kernel_script(tmp_path: Path, version: str) -> subprocess.CompletedProcess[str]:
    """Run the kernel's build script where only a source of that version lies."""
    source = tmp_path / "src"
    source.mkdir()
    (source / f"linux-source-{version}.tar.xz").touch()
    script = (resources.kernel() / "build.sh").read_text().replace("/usr/src", str(source))
    return subprocess.run(
        ["sh", "-c", script, "sh", "fragment", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )


@pytest.mark.parametrize("version", ["6.12", "6.9", "5.10"])
def test_a_kernel_source_too_old_is_refused(tmp_path: Path, version: str) -> None:
    done = kernel_script(tmp_path, version)
    assert done.returncode == 1
    assert done.stdout.startswith(f"offnet: the newest linux-source of this Debian mirror is {version};")


@pytest.mark.parametrize("version", ["6.16", "7.3", "10.0"])
def test_a_kernel_source_new_enough_is_unpacked(tmp_path: Path, version: str) -> None:
    assert f"offnet-step: unpacking Linux {version}" in kernel_script(tmp_path, version).stdout
