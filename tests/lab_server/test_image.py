"""The container image in a real Docker: made both ways, current, stale, and what can go wrong."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from offnet import artifacts, cli, resources
from offnet.artifacts import container, noderoot
from offnet.artifacts.progress import Remembered
from offnet.artifacts.wheels import download_wheels
from offnet.artifacts.workshop import Processes, Workshop
from offnet.errors import HostError
from offnet.host.base import Host
from offnet.runtime import container_image
from offnet.runtime.container_image import BASE, State

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("docker_host")]

OFFNET = "/usr/lib/offnet"
OLD = "usr/lib/offnet/old"
BULK = bytes(4 << 20)


@pytest.fixture
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The node's own files after an edit."""
    folder = tmp_path / "node"
    shutil.copytree(noderoot.node_files(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "edited").write_text("today\n")
    monkeypatch.setattr(noderoot, "node_files", lambda: folder)
    return folder


@pytest.fixture
def small_root(tmp_path: Path) -> Path:
    """A node image whose root is a few files, because the way into the sandbox is slow."""
    folder = tmp_path / "node-image"
    folder.mkdir()
    (folder / noderoot.RECORD).write_text("FRR=10\nNODE_DIGEST=yesterday\n")
    with tarfile.open(folder / noderoot.TAR, "w") as archive:
        for name, content in {"etc/passwd": b"root:x:0:0::/:/bin/sh\n", OLD: b"old\n", "bulk": BULK}.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return folder


@pytest.fixture
def as_before(server: Host) -> Iterator[None]:
    """The image that the server came with is back afterwards."""
    server.run(("docker", "tag", container.IMAGE, "kept"), timeout=10)
    yield
    server.run(("docker", "tag", "kept", container.IMAGE), timeout=10)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """The wheels of the image, fetched here because a build in the sandbox reaches no network."""
    workshop = Workshop("wheels", tmp_path, tmp_path, tmp_path / "log", Remembered(), Processes())
    download_wheels(workshop, resources.image() / "requirements.txt", tmp_path / "wheels")
    return tmp_path / "wheels"


def state() -> State | None:
    with container_image.connected() as client:
        found = container_image.look(client)
    return found.state if found else None


def inside(server: Host, script: str) -> str:
    argv = ("docker", "run", "--rm", "--network=none", "--entrypoint=sh", container.IMAGE, "-c", script)
    return server.run(argv, timeout=60).stdout


def offnet(*arguments: str) -> int:
    return cli.run(list(arguments))


def test_the_image_of_a_server_is_current() -> None:
    assert state() is State.CURRENT


@pytest.mark.usefixtures("edited")
def test_it_is_stale_when_the_nodes_files_have_changed() -> None:
    assert state() is State.STALE


@pytest.mark.usefixtures("edited", "as_before")
def test_an_import_brings_todays_files_of_the_node(server: Host, small_root: Path) -> None:
    with container_image.connected() as client:
        container_image.import_root(client, small_root, Remembered())
    assert state() is State.CURRENT
    export = f"docker export $(docker create --network=none {container.IMAGE}) | tar -tv --numeric-owner"
    seen = {
        line.split()[-1]: line.split()[:2]
        for line in server.run(("sh", "-c", export), timeout=60).stdout.splitlines()
    }
    assert seen["usr/lib/offnet/edited"] == ["-rw-r--r--", "0/0"]
    assert seen["usr/lib/offnet/entrypoint.sh"] == ["-rwxr-xr-x", "0/0"]
    assert "etc/passwd" in seen
    assert OLD not in seen


@pytest.mark.usefixtures("edited", "as_before")
def test_the_dockerfile_builds_the_same_node(server: Host, wheels: Path) -> None:
    server.run(("docker", "tag", container.IMAGE, BASE), timeout=10)  # a base that has all packages
    heard = Remembered()
    with container_image.connected() as client:
        assert container_image.has_base(client, heard)
        container_image.build(client, container_image.context(wheels), heard)
    assert state() is State.CURRENT
    assert inside(server, f"cat {OFFNET}/edited") == "today\n"
    assert inside(server, "python3 -c 'import vici'; ls /tmp") == ""
    assert any(tick.startswith("Step ") for tick in heard.ticks)


@pytest.mark.usefixtures("as_before")
def test_one_built_without_offnet_is_judged_by_the_nodes_files(
    server: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    dockerfile = f"FROM {container.IMAGE}\nLABEL {container.KEY_LABEL}=\n"
    server.run(("docker", "build", "-t", container.IMAGE, "-"), input=dockerfile.encode(), timeout=60)
    assert state() is State.CURRENT
    monkeypatch.setattr(noderoot, "node_digest", lambda: "another")
    assert state() is State.STALE


@pytest.mark.usefixtures("as_before")
def test_none_is_said_with_the_command_that_makes_it(
    server: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    server.run(("docker", "rmi", container.IMAGE), timeout=20)
    assert offnet("image", "--json") == 0
    assert json.loads(capsys.readouterr().out)["container image"] == {
        "state": "missing",
        "seen": "`offnet image build` makes it",
    }


@pytest.mark.usefixtures("as_before")
def test_without_its_base_the_root_is_imported(
    server: Host, small_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(artifacts, "node_tar", lambda _progress: small_root / noderoot.TAR)
    server.run(("docker", "rmi", "--force", container.IMAGE, BASE), timeout=20, check=False)
    assert offnet("image", "build") == 0
    said = capsys.readouterr()
    assert said.out.startswith("offnet-node is current: sha256:")
    assert f"fetching {BASE}" in said.err
    assert "importing offnet-node" in said.err


def test_a_full_disk_is_said_with_its_remedy(server: Host, small_root: Path) -> None:
    fill = "fallocate -l $(($(stat -f -c '%a*%S' /var/lib/docker) - (2 << 20))) /var/lib/docker/full"
    server.run(("sh", "-c", fill), timeout=20)
    try:
        with (
            pytest.raises(HostError, match=r"no space left on device.*docker system prune"),
            container_image.connected() as client,
        ):
            container_image.import_root(client, small_root, Remembered())
    finally:
        server.run(("rm", "/var/lib/docker/full"), timeout=20)
