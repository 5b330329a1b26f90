"""A lab server with Docker and containerlab, played by a sandbox and reached by SSH like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from offnet import artifacts
from offnet.host.base import Host
from offnet.host.sandbox import ROOTFS, Sandbox
from offnet.runtime.state import Store
from offnet.wait import until
from tests import two_nodes

URL = "ssh://root@server"
SSHD = f"/usr/sbin/sshd -i -f {ROOTFS}/run/boot/sshd_config"
_TRACES = """
docker ps --all --format '{{.Names}} {{.State}}'
docker network ls --format {{.Name}}
docker volume ls --quiet
ls /run/netns /run/offnet/labs /sys/class/net /etc/ssh/ssh_config.d
cat /etc/hosts
ip rule; ip route show table all
ps -eo args | grep -v -e '^ps ' -e '^sh -c' -e '^\\[' -e '^sshd' -e grep
"""


@dataclass(frozen=True)
class Server:
    """The machine, as its administrator sees it, and the key that its sshd shows."""

    sandbox: Sandbox

    @property
    def host(self) -> Host:
        """A way in that is not under test."""
        return self.sandbox.host

    def shell(self, script: str, *, check: bool = True) -> str:
        """Run a script and return what it says."""
        return self.host.run(("sh", "-c", script), timeout=60, check=check).stdout

    def traces(self) -> list[str]:
        """All that a lab could leave: containers, networks, volumes, namespaces, links, processes."""
        return sorted(self.shell(_TRACES, check=False).splitlines())

    def settled(self, before: list[str]) -> bool:
        """Whether nothing is left, once the last process has ended."""
        until(
            lambda: self.traces() == before,
            what="a server without traces of the lab",
            deadline=120,
            interval=0.3,
            seen=lambda: sorted(set(self.traces()) ^ set(before)),
        )
        return True


@pytest.fixture(scope="session")
def lab_server() -> artifacts.LabServer:
    return artifacts.lab_server()


@pytest.fixture(scope="module")
def server(lab_server: artifacts.LabServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    sandbox = Sandbox.start(
        tmp_path_factory.mktemp("server"),
        image=lab_server.root,
        kernel=lab_server.kernel,
        docker=lab_server.docker,
    )
    prepared = Server(sandbox)
    prepared.shell("mkdir -p /run/offnet/labs /run/netns")  # what stays for good
    yield prepared
    sandbox.stop()


@pytest.fixture
def url(server: Server, configured: Callable[[str], None]) -> str:
    """The server's name on the command line."""
    there = server.sandbox.directory
    configured(
        "Host server\n"
        f" ProxyCommand env --chdir={there} ssh -F none -S ctl -o ProxyCommand=false host {SSHD}\n"
        f" HostKeyAlias sandbox\n UserKnownHostsFile {there}/known_hosts\n IdentityFile {there}/key\n"
    )
    return URL


@pytest.fixture
def store(tmp_path: Path) -> Store:
    root = tmp_path / "state"
    root.mkdir()
    return Store(root)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return write_two(tmp_path / "two")


def write_two(folder: Path, **defaults: object) -> Path:
    """The lab of two nodes, with what containers need."""
    settings = {
        "image-pull-policy": "Never",
        "restart-policy": "no",
        "privileged": False,
        "cap-add": ["NET_ADMIN", "NET_RAW", "SYS_ADMIN"],
    }
    return two_nodes.write(folder, mgmt={"skip-when-unused": True}, defaults=settings | defaults)


@pytest.fixture
def node_image_there(server: Server) -> None:
    """The server has the node image's file already: SSH over a console takes minutes for it."""
    image = artifacts.node_image()
    status = image.stat()
    cached = f"/var/cache/offnet/{image.stem}-{status.st_size}-{status.st_mtime_ns}.img"
    server.shell(
        f"[ -e {cached} ] || {{ mkdir -p /var/cache/offnet && mkdir /tmp/images && "
        f"mount -t hostfs -o hostfs={image.parent} none /tmp/images && "
        f"cp /tmp/images/{image.name} {cached} && umount /tmp/images && rmdir /tmp/images; }}"
    )
