"""The netns runtime on a host where we are root: a sandbox plays the bare lab server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from offnet.errors import DeadlineExpired, LabRunError, NodeFailed
from offnet.host.base import Host
from offnet.host.sandbox import Sandbox
from offnet.runtime import clab, hosting, netns, plan, probe
from offnet.runtime.base import RunningLab
from offnet.runtime.plan import Plan
from offnet.wait import until

pytestmark = pytest.mark.lab

IMAGE = "/dev/ubda"  # the node image is the server's own disk


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, image: Path, kernel: Path) -> Iterator[Host]:
    sandbox = Sandbox.start(tmp_path_factory.mktemp("server"), image=image, kernel=kernel)
    prepare = "mkdir -p /run/offnet/labs && ip netns add x && ip netns del x"  # what stays, there or not
    sandbox.host.run(("sh", "-c", prepare), timeout=10)
    yield sandbox.host
    sandbox.stop()


@pytest.fixture
def lab(two: Path) -> Plan:
    return plan.make(clab.load(two))


def traces(server: Host) -> list[str]:
    """Everything that a lab could leave on a server: mounts, namespaces, links, processes, files."""
    script = (
        "cut -d' ' -f2 /proc/mounts; ls /run/netns /run/offnet/labs /sys/class/net;"
        "ps -eo args | grep -v -e '^ps ' -e '^sh -c' -e '^\\[' -e '^sshd' -e grep -e sleep"
    )
    return server.run(("sh", "-c", script), timeout=10, check=False).stdout.splitlines()


def settled(server: Host, before: list[str]) -> bool:
    until(  # the kernel takes namespaces apart after the last process has left them
        lambda: traces(server) == before,
        what="a server without traces of the lab",
        deadline=120,
        seen=lambda: sorted(set(traces(server)) - set(before)),
    )
    return True


def test_nodes_come_up_reach_each_other_and_leave_no_trace(server: Host, lab: Plan) -> None:
    before = traces(server)
    started = netns.up(lab, server, image=IMAGE, deadline=30)
    with started.lab as running:
        assert running.nodes == ("a", "b")
        assert running.run("a", ["ping", "-c", "1", "-W", "2", "10.0.0.2"]).code == 0
        assert running.run("b", ["hostname"]).stdout == "b\n"
        assert "mtu 1400" in running.run("a", ["ip", "link", "show", "to-b"]).stdout
        assert running.run("a", ["cat", "/proc/sys/net/ipv4/ip_forward"]).stdout == "1\n"
        assert b"NODE=a" in running.read("a", "/etc/offnet/node.env")
    hosting.run_down("two", server)
    assert settled(server, before)


def test_a_node_is_a_machine_of_its_own(server: Host, lab: Plan) -> None:
    with netns.up(lab, server, image=IMAGE, deadline=30).lab as running:
        assert running.run("a", "echo mine >/etc/mine; cat /etc/mine").stdout == "mine\n"
        assert running.run("b", ["test", "-e", "/etc/mine"], check=False).code == 1
        assert running.run("a", ["readlink", "/proc/1/exe"]).stdout.startswith("/usr/bin/")
        mounts = running.run("a", ["cut", "-d ", "-f2", "/proc/mounts"]).stdout.split()
        assert not [mount for mount in mounts if "labs" in mount]
        assert running.run("a", "echo x >/etc/offnet/new", check=False).code != 0
        assert running.run("a", "echo x >/dev/null && head -c 1 /dev/urandom | wc -c").stdout == "1\n"
        assert running.run("a", ["test", "-c", "/dev/net/tun"], check=False).code == 0
    done = server.run(("ip", "netns", "exec", "two-b", "ip", "-br", "addr", "show", "to-a"), timeout=10)
    assert "10.0.0.2/24" in done.stdout
    hosting.run_down("two", server)


def test_a_later_command_attaches(server: Host, lab: Plan) -> None:
    netns.up(lab, server, image=IMAGE, deadline=30).lab.close()
    with netns.attach("two", ("a", "b"), server) as running:
        assert running.run("b", ["hostname"]).stdout == "b\n"
        assert running.run("b", "exit 4", check=False).code == 4
        stream = running.stream("a", ["cat"])
        stream.stdin.write(b"through\n")
        assert stream.stdout.readline() == b"through\n"
        stream.close()
    hosting.run_down("two", server)


def test_an_observer_that_was_lost_is_started_again(server: Host, lab: Plan) -> None:
    with netns.up(lab, server, image=IMAGE, deadline=30).lab as running:
        assert running.run("a", ["hostname"]).stdout == "a\n"
        server.run(("pkill", "-KILL", "-f", "^python3 -I"), timeout=10)
        until(lambda: _answers(running, "a"), what="a new observer", deadline=10)
    hosting.run_down("two", server)


def _answers(running: RunningLab, node: str) -> bool:
    try:
        return running.run(node, ["hostname"]).stdout == f"{node}\n"
    except LabRunError:
        return False


def test_files_and_sockets_are_those_of_the_node(server: Host, lab: Plan) -> None:
    with netns.up(lab, server, image=IMAGE, deadline=30).lab as running:
        for node, other in (("a", "b"), ("b", "a")):
            assert f"to-{other}" in running.run(node, ["cat", "/proc/net/dev"]).stdout
            assert f"NODE={node}" in running.run(node, ["cat", "/etc/offnet/node.env"]).stdout
            running.run(
                node, "socat UNIX-LISTEN:/run/x.vty SYSTEM:hostname & until [ -S /run/x.vty ]; do :; done"
            )
        for node in ("a", "b"):
            assert running.run(node, ["vty", "/run/x.vty"]).stdout == f"{node}\n"
    hosting.run_down("two", server)


def test_a_node_that_has_ended_is_named_and_the_others_answer(server: Host, lab: Plan) -> None:
    with netns.up(lab, server, image=IMAGE, deadline=30).lab as running:
        running.run("a", ["true"])
        holder = server.run(("head", "-n", "1", f"{lab.directory}/live/a/state"), timeout=10).stdout.strip()
        server.run(("kill", "-KILL", holder), timeout=10)
        until(lambda: not _answers(running, "a"), what="its end", deadline=10)
        with pytest.raises(LabRunError, match="a: hostname: the node has ended"):
            running.run("a", ["hostname"])
        assert running.run("b", ["hostname"]).stdout == "b\n"
    hosting.run_down("two", server)


def test_a_daemon_that_dies_is_named_with_its_last_words(server: Host, lab: Plan) -> None:
    entrypoint = (
        b"#!/bin/sh\nmkdir -p /var/log/offnet\necho no such interface >/var/log/offnet/zebra.log\n"
        b"echo zebra 3 >/run/offnet/failed\necho x >/run/offnet/events\nexec sleep 60\n"
    )
    broken = replace(lab, files={**lab.files, "lib/entrypoint.sh": entrypoint})
    before = traces(server)
    with pytest.raises(NodeFailed, match=r"(?s)(a|b): zebra 3\n    no such interface"):
        netns.up(broken, server, image=IMAGE, deadline=30)
    hosting.run_down("two", server)
    assert settled(server, before)


def test_an_entrypoint_that_ends_is_noticed(server: Host, lab: Plan) -> None:
    broken = replace(lab, files={**lab.files, "lib/entrypoint.sh": b"#!/bin/sh\nexit 5\n"})
    with pytest.raises(NodeFailed, match=r"(a|b): entrypoint 5"):
        netns.up(broken, server, image=IMAGE, deadline=30)
    hosting.run_down("two", server)


def test_a_node_that_says_nothing_is_named(server: Host, lab: Plan) -> None:
    silent = replace(lab, files={**lab.files, "lib/entrypoint.sh": b"#!/bin/sh\nexec sleep 60\n"})
    before = traces(server)
    with pytest.raises(
        DeadlineExpired, match="every node ready: not within 1 s; last seen: waiting for a, b"
    ):
        netns.up(silent, server, image=IMAGE, deadline=1)
    hosting.run_down("two", server)
    assert settled(server, before)


@pytest.mark.parametrize("phase", ["begin", "mounts", "links", "nodes"])
def test_half_a_lab_can_be_taken_down(server: Host, lab: Plan, phase: str) -> None:
    before = traces(server)
    server.put(lab.files, lab.directory)
    stream = server.stream(("sh", f"{lab.directory}/netns-up.sh", IMAGE))
    while not stream.stdout.readline().startswith(f"phase {phase} ".encode()):
        pass
    hosting.run_down("two", server)
    stream.close()
    assert settled(server, before)


def test_down_of_nothing_is_no_error(server: Host) -> None:
    hosting.run_down("never-started", server)


def test_the_end_of_the_program_is_the_end_of_the_lab(server: Host, lab: Plan) -> None:
    before = traces(server)
    netns.up(lab, server, image=IMAGE, deadline=30).lab.close()
    guard = server.stream(("sh", f"{lab.directory}/{plan.DOWN}", "--when-lost"))
    guard.stdin.close()
    assert settled(server, before)
    guard.close()


def test_a_kept_lab_stays(server: Host, lab: Plan) -> None:
    netns.up(lab, server, image=IMAGE, deadline=30).lab.close()
    guard = server.stream(("sh", f"{lab.directory}/{plan.DOWN}", "--when-lost"))
    guard.stdin.write(b"keep\n")
    assert guard.stdout.read() == b""
    guard.close()
    with netns.attach("two", ("a", "b"), server) as running:
        assert running.run("a", ["hostname"]).stdout == "a\n"
    hosting.run_down("two", server)


def test_the_sandbox_kernel_has_all_that_the_labs_need(server: Host) -> None:
    before = traces(server)
    capabilities = probe.kernel(server)
    assert len(capabilities) > 5
    assert [capability for capability in capabilities if not capability.works] == []
    assert settled(server, before)
