"""Docker and containerlab in a sandbox, and the committed topologies under plain containerlab."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from offnet import artifacts, resources
from offnet.artifacts import container, gotools
from offnet.errors import HostError
from offnet.host import docker
from offnet.host.base import Host
from offnet.wait import until

if TYPE_CHECKING:
    from tests.lab_server.conftest import Boot

pytestmark = pytest.mark.lab

TOPOLOGIES = sorted((resources.topologies() or Path()).glob("*/*.clab.yml"))
HOME = "/root/topologies"
_TRACES = """
docker ps --all --quiet; docker network ls --quiet; docker volume ls --quiet
ls /sys/class/net; ls /run/netns; cut -d' ' -f2 /proc/mounts; ls -A /root/topologies/*
cat /etc/hosts; ls /etc/ssh/ssh_config.d
"""


@pytest.fixture(scope="module")
def placed(server: Host) -> Host:
    """The server with the topologies on it, as a checkout has them."""
    files = {
        f"{path.parent.name}/{file.relative_to(path.parent)}": file.read_bytes()
        for path in TOPOLOGIES
        for file in path.parent.rglob("*")
        if file.is_file()
    }
    server.put(files, HOME)
    return server


def containerlab(host: Host, command: str, topology: Path, *more: str) -> str:
    """Run a command of containerlab on a topology, as a program does: without a terminal."""
    file = f"{HOME}/{topology.parent.name}/{topology.name}"
    argv = ("env", "TERM=dumb", "containerlab", command, "-t", file, *more)
    done = host.run(argv, timeout=300)
    return done.stdout + done.stderr


def shell(host: Host, script: str) -> str:
    return host.run(("sh", "-c", script), timeout=30, check=False).stdout


def labs(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("topology", paths, ids=[path.parent.name for path in paths])


def test_docker_holds_the_current_image_of_the_nodes(server: Host) -> None:
    label = f'{{{{index .Config.Labels "{container.KEY_LABEL}"}}}}'
    found = server.run(("docker", "image", "inspect", "--format", label, container.IMAGE), timeout=10)
    assert found.stdout.strip() == container.key()


def test_containerlab_is_the_pinned_one(server: Host) -> None:
    found = server.run(("containerlab", "version", "--short"), timeout=10)
    assert found.stdout.strip() == gotools.pinned_version()


def test_containers_are_where_their_server_is(server: Host, boot: Boot) -> None:
    other = boot()
    server.run(("docker", "create", "--name", "mine", "--network", "none", container.IMAGE), timeout=30)
    assert other.run(("docker", "ps", "--all", "--quiet"), timeout=10).stdout == ""
    server.run(("docker", "rm", "mine"), timeout=10)


def test_what_a_server_writes_does_not_reach_the_cache(server: Host, lab_server: artifacts.LabServer) -> None:
    before = lab_server.docker.image.stat()
    shell(server, "docker tag offnet-node kept; docker rmi kept; sync")
    after = lab_server.docker.image.stat()
    assert (after.st_mtime_ns, after.st_blocks) == (before.st_mtime_ns, before.st_blocks)


def test_a_disk_that_is_none_is_told_with_what_was_said_there(boot: Boot, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(b"\0" * (1 << 20))
    with pytest.raises(HostError, match=r"Docker did not start .*\n *.*is not a mountpoint"):
        boot(disk)


def test_too_little_disk_is_said_before_anything_is_started(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"wants \d+ MiB of disk in .*, where \d+ MiB are free"):
        docker.require_space(tmp_path, needed=1 << 60)


@labs(TOPOLOGIES)
def test_containerlab_accepts_every_committed_topology(placed: Host, topology: Path) -> None:
    body = yaml.safe_load(topology.read_text())["topology"]
    said = containerlab(placed, "validate", topology)
    assert f"nodes={len(body['nodes'])} links={len(body['links'])}" in said


@labs(TOPOLOGIES[:1])
def test_containerlab_refuses_one_with_a_mistake(placed: Host, topology: Path) -> None:
    file = f"{HOME}/{topology.parent.name}/{topology.name}"
    shell(placed, f"sed 's/restart-policy/restart-polisy/' {file} >/root/bad.clab.yml")
    done = placed.run(("containerlab", "validate", "-t", "/root/bad.clab.yml"), timeout=30, check=False)
    assert done.code
    assert "restart-polisy" in done.stdout + done.stderr


@labs(TOPOLOGIES)
def test_plain_containerlab_brings_a_lab_up_and_leaves_nothing(placed: Host, topology: Path) -> None:
    before = shell(placed, _TRACES)
    containerlab(placed, "deploy", topology)
    try:
        nodes = yaml.safe_load(topology.read_text())["topology"]["nodes"]
        looks = "; ".join(
            f"docker exec clab-{topology.parent.name}-{node} cat /run/offnet/ready" for node in nodes
        )
        until(
            lambda: shell(placed, looks).split() == ["started"] * len(nodes),
            what=f"{len(nodes)} nodes of {topology.parent.name} that have started",
            deadline=60,
            seen=lambda: shell(placed, looks).split(),
            interval=0.5,
        )
        inspected = containerlab(placed, "inspect", topology)
        assert [node for node in nodes if f"clab-{topology.parent.name}-{node}" not in inspected] == []
    finally:
        containerlab(placed, "destroy", topology, "--cleanup")
    if volumes := _volumes(topology):  # containerlab never removes named ones: the lab's README says how to
        shell(placed, f"docker volume rm {' '.join(volumes)}")
    until(
        lambda: shell(placed, _TRACES) == before,
        what="a server without traces of the lab",
        deadline=120,
        seen=lambda: sorted({*shell(placed, _TRACES).splitlines()} ^ {*before.splitlines()}),
        interval=0.2,
    )


def _volumes(topology: Path) -> list[str]:
    """The named volumes that a topology has Docker make."""
    nodes = yaml.safe_load(topology.read_text())["topology"]["nodes"].values()
    return sorted({volume.partition(":")[0] for node in nodes for volume in node.get("volumes", ())})
