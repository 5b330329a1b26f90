"""Plain `containerlab deploy` of a committed topology, with nothing of offnet running, is a working lab."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from offnet import intent, resources
from offnet.checks.derive import derive
from offnet.design import design
from offnet.experiments.bench import Bench
from offnet.experiments.convergence import converge
from offnet.host.base import Completed
from offnet.network.model import Network
from offnet.render import render
from offnet.render.clab import CAPABILITIES
from offnet.runtime.container_door import ContainerDoor
from offnet.runtime.docker_engine import Engine
from offnet.runtime.lab import HostedLab
from offnet.wait import until

if TYPE_CHECKING:
    from tests.containerlab.conftest import Server

pytestmark = pytest.mark.lab

REACH, ROUTES = 1, 3
# Of what Docker gives every container, what daemons need that give up being root.
DAEMONS_OWN = "--cap-add SETUID --cap-add SETGID --cap-add CHOWN --cap-add DAC_OVERRIDE"
HEALTHY = "docker ps --filter health=healthy --format '{{.Label \"clab-node-name\"}}'"


def containerlab(server: Server, network: Network, *arguments: str) -> Completed:
    command = f"cd /root/{network.name} && TERM=dumb CLAB_VERSION_CHECK=disable containerlab"
    script = f"{command} {' '.join(arguments)} </dev/null 2>&1"
    return server.host.run(("sh", "-c", script), timeout=120, check=False)


@pytest.fixture(scope="module")
def network() -> Network:
    return design(intent.load(resources.labs() / "single-ip"))


@pytest.fixture(scope="module")
def deployed(server: Server, network: Network) -> Iterator[Bench]:
    """The topology folder as it is committed, deployed by one command; afterwards nothing is left."""
    before = server.traces()
    server.host.put({path: text.encode() for path, text in render(network).items()}, f"/root/{network.name}")
    done = containerlab(server, network, "deploy")
    assert done.code == 0, done.stdout
    engine = Engine.connect(server.host)
    door = ContainerDoor(server.host, engine, engine.containers(network.name))
    nodes = tuple(node.name for node in network.nodes)
    with (
        HostedLab(network.name, "containerlab", server.host, nodes, door) as lab,
        closing(Bench(network, lab)) as bench,
    ):
        yield bench
    containerlab(server, network, "destroy", "--cleanup")
    assert server.settled(before)


def test_off_net_sites_reach_their_vpns_and_routes_are_where_they_should(deployed: Bench) -> None:
    converge(deployed.network, deployed.lab)
    claims = [claim for claim in derive(deployed.network) if claim.proof in {REACH, ROUTES}]
    assert {claim.proof for claim in claims} == {REACH, ROUTES}
    assert [claim.name for claim in claims if not claim.prove(deployed).holds] == []


def test_every_node_gets_healthy(server: Server, deployed: Bench) -> None:
    nodes = sorted(node.name for node in deployed.network.nodes)
    until(
        lambda: sorted(server.shell(HEALTHY).split()) == nodes,
        what="every node healthy",
        deadline=60,
        interval=0.5,
        seen=lambda: server.shell("docker ps --format '{{.Names}} {{.Status}}'"),
    )


@pytest.mark.usefixtures("deployed")
def test_its_capabilities_are_those_of_the_topology_by_name(server: Server) -> None:
    argv = ("docker", "inspect", "--format", "{{.HostConfig.Privileged}} {{json .HostConfig.CapAdd}}")
    privileged, _, added = server.host.run((*argv, "clab-single-ip-pe2"), timeout=10).stdout.partition(" ")
    assert privileged == "false"
    assert sorted(name.removeprefix("CAP_") for name in json.loads(added)) == sorted(CAPABILITIES)


@pytest.mark.parametrize("missing", [None, *CAPABILITIES])
def test_each_capability_is_needed(server: Server, missing: str | None) -> None:
    """A VRF, a writable /proc/sys, FRR's zebra, and an echo request: what every router does."""
    added = " ".join(f"--cap-add {name}" for name in CAPABILITIES if name != missing)
    tried = (
        "mount -o remount,rw /proc/sys && ip link set lo up && ip link add vpn type vrf table 9 && "
        "/usr/lib/frr/zebra -d -z /tmp/zserv.api -i /tmp/zebra.pid && ping -c 1 127.0.0.1"
    )
    argv = (
        f"docker run --rm --network none --cap-drop ALL {DAEMONS_OWN} {added} --entrypoint sh offnet-node -c"
    )
    done = server.host.run(("sh", "-c", f"{argv} '{tried}'"), timeout=60, check=False)
    assert (done.code == 0) is (missing is None), done.stdout + done.stderr
