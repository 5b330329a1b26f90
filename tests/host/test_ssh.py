"""A lab server over SSH: an sshd in a sandbox, reached with an ordinary client configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from offnet.errors import HostError, UsageError
from offnet.host.sandbox import ROOTFS, Sandbox
from offnet.host.ssh import SshHost, accept_host_key
from offnet.runtime import labs
from offnet.runtime.hosting import Supplies
from offnet.runtime.state import Store

_SSHD = f"/usr/sbin/sshd -i -f {ROOTFS}/run/boot/sshd_config"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, image: Path, kernel: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox.start(tmp_path_factory.mktemp("server"), image=image, kernel=kernel)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def reachable(server: Sandbox, configured: Callable[[str], None]) -> str:
    there = server.directory
    configured(
        "Host server\n"
        f" ProxyCommand env --chdir={there} ssh -F none -S ctl -o ProxyCommand=false host {_SSHD}\n"
        f" HostKeyAlias sandbox\n UserKnownHostsFile {there}/known_hosts\n IdentityFile {there}/key\n"
    )
    return "ssh://root@server"


@pytest.mark.lab
def test_a_server_is_a_host(reachable: str) -> None:
    host = SshHost.connect(reachable)
    directory = host.directory
    assert host.name == reachable
    assert host.run(("id", "-u"), timeout=10).stdout == "0\n"
    host.put({"x/y": b"content"}, "/run/from-afar")
    assert host.get("/run/from-afar") == {"x/y": b"content"}
    stream = host.stream(("cat",))
    stream.stdin.write(b"there and back\n")
    assert stream.stdout.readline() == b"there and back\n"
    stream.close()
    host.close()
    host.close()
    assert not directory.exists()


@pytest.mark.lab
def test_a_lab_on_a_server(
    reachable: str, server: Sandbox, tmp_path: Path, image: Path, kernel: Path
) -> None:
    status = image.stat()
    cached = f"/var/cache/offnet/{image.stem}-{status.st_size}-{status.st_mtime_ns}.img"
    server.host.run(("mkdir", "-p", "/var/cache/offnet"), timeout=10)
    server.host.run(("ln", "-s", "/dev/ubda", cached), timeout=10)  # the image is there already
    folder = tmp_path / "topology"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "node.env").write_text(
        "NODE=a\nINTERFACES=\nDAEMONS=\nIKE=no\nAGENT=no\nAWAIT_ROUTES=\nAWAIT_PEERS=\n"
    )
    (folder / "a" / "sysctl.conf").write_text("")
    (folder / "one.clab.yml").write_text(
        "name: one\ntopology:\n  nodes:\n    a: {binds: ['a:/etc/offnet:ro']}\n"
    )
    (tmp_path / "state").mkdir()
    store = Store(tmp_path / "state")
    with labs.start(folder, reachable, supplies=Supplies(image, kernel), store=store) as session:
        assert session.lab.run("a", ["hostname"]).stdout == "a\n"
        session.keep()
    with labs.attach("one", store=store) as lab:
        assert lab.run("a", ["hostname"]).stdout == "a\n"
    labs.down("one", store=store)
    assert server.host.run(("ls", "/run/offnet/labs"), timeout=10).stdout == ""


@pytest.mark.lab
def test_an_unknown_host_key_is_refused(
    server: Sandbox, configured: Callable[[str], None], tmp_path: Path
) -> None:
    there = server.directory
    configured(
        "Host server\n"
        f" ProxyCommand env --chdir={there} ssh -F none -S ctl -o ProxyCommand=false host {_SSHD}\n"
        f" UserKnownHostsFile {tmp_path}/none\n GlobalKnownHostsFile none\n IdentityFile {there}/key\n"
    )
    shown = public_key(server)
    with pytest.raises(HostError, match="Host key verification failed") as refused:
        SshHost.connect("ssh://root@server")
    assert f"--accept-host-key {shown}" in str(refused.value)


@pytest.mark.lab
def test_a_host_key_is_accepted_by_its_fingerprint_only(
    server: Sandbox, configured: Callable[[str], None], tmp_path: Path
) -> None:
    there, known = server.directory, tmp_path / "known"
    configured(
        "Host server\n"
        f" ProxyCommand env --chdir={there} ssh -F none -S ctl -o ProxyCommand=false host {_SSHD}\n"
        f" UserKnownHostsFile {known}\n GlobalKnownHostsFile none\n IdentityFile {there}/key\n"
    )
    url, shown = "ssh://root@server", public_key(server)
    with pytest.raises(UsageError, match="begins with SHA256:"):
        accept_host_key(url, "MD5:00")
    other = "SHA256:" + "A" * 43
    with pytest.raises(HostError, match=f"has the fingerprint {re.escape(shown)}, not {other}: refused"):
        accept_host_key(url, other)
    assert not known.exists()
    accept_host_key(url, shown)
    SshHost.connect(url).close()
    before = known.read_text()
    accept_host_key(url, shown)  # known by now
    assert known.read_text() == before
    kind, stranger = "ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAI" + "B" * 43
    known.write_text(f"server {kind} {stranger}\n")
    with pytest.raises(HostError, match="its key has changed"):
        accept_host_key(url, shown)
    assert known.read_text() == f"server {kind} {stranger}\n"


def public_key(server: Sandbox) -> str:
    """The fingerprint of the server's key, as its administrator finds it there."""
    key = f"{ROOTFS}/run/boot/host_key"
    script = f"cp {key} /tmp/key && chmod 600 /tmp/key && ssh-keygen -lf /tmp/key; rm /tmp/key"
    return server.host.run(("sh", "-c", script), timeout=10).stdout.split()[1]


def test_a_server_that_cannot_be_reached_is_told_in_the_words_of_ssh(
    configured: Callable[[str], None],
) -> None:
    configured("Host server\n ProxyCommand sh -c 'echo no route to it >&2; exit 1'\n")
    with pytest.raises(HostError, match=r"ssh://server: no connection: no route to it"):
        SshHost.connect("ssh://server")


@pytest.mark.parametrize(
    "url", ["ssh://", "ssh://-oProxyCommand=x", "ssh://a b", "ssh://user@host:port", "ssh://h/x"]
)
def test_what_is_no_server_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="not a lab server"):
        SshHost.connect(url)
