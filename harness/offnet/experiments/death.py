"""A node that dies as a whole, as by a power cut, and starts again.

All its daemons are killed and stay dead, its kernel forgets SAs, policies and what routing had put into
it, and its neighbours lose the link: nothing comes from it, and nothing can go through it. The runtimes
keep namespaces and containers, so that the same node can come back with its links.
"""

from __future__ import annotations

from ipaddress import IPv4Network

from offnet.experiments.bench import Bench
from offnet.experiments.faults import AGENT, CHARON
from offnet.experiments.presence import await_route
from offnet.network.failover import neighbours
from offnet.network.model import Node
from offnet.observe.kernel_model import MAIN_TABLE
from offnet.render.agent import REVERSE_ROUTE_PROTOCOL, needs_agent
from offnet.render.frr import daemons
from offnet.wait import Deadline

# The entrypoint starts it when OSPF has the routes: a first session that fails costs 15 s.
LAST = "[f]rr/ldpd "
# What supervises a daemon is stopped first, else the daemon would be back at once. Prints what to wake.
KILL = r"""
for process; do
  pids=$(pgrep -f "$process" | tr '\n' ' ')
  [ -n "$pids" ] || continue
  for pid in $pids; do
    parent=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$pid/status)
    case " $pids " in *" $parent "*) continue ;; esac # a part of it, such as ldpd has
    kill -STOP "$parent" && echo "$parent $process"
  done
  kill -KILL $pids || true
done
"""
FORGET = f"""
ip xfrm state flush; ip xfrm policy flush
ip nexthop flush; ip -f mpls route flush
for protocol in bgp ospf {REVERSE_ROUTE_PROTOCOL}; do ip route flush table all proto $protocol; done
"""


class Death:
    """The death of one node, until it is ``revived``."""

    def __init__(self, bench: Bench, node: str) -> None:
        self._bench = bench
        self._node = bench.network.node(node)
        self._links = neighbours(bench.network, node)
        self._supervisors: dict[str, str] = {}

    def happen(self) -> None:
        """The node is dead when this returns."""
        lab, name = self._bench.lab, self._node.name
        self._turn("down")
        told = lab.run(name, ["sh", "-c", KILL, "kill", *_processes(self._node)], timeout=30).stdout
        self._supervisors = dict(line.split(maxsplit=1) for line in told.splitlines())
        lab.run(name, ["sh", "-c", FORGET], timeout=30, check=False)  # of some there may be none
        self._bench.forget_vici(name)

    def revive(self, seconds: float) -> None:
        """The daemons start in the entrypoint's order; DeadlineExpired where routes for that do not come."""
        lab, node, limit = self._bench.lab, self._node, Deadline(seconds)
        self._turn("up")
        first = [pid for pid, process in self._supervisors.items() if process != LAST]
        last = [pid for pid, process in self._supervisors.items() if process == LAST]
        if first:  # else the death has not come so far
            lab.run(node.name, ["kill", "-CONT", *first])
        try:
            for peer in node.default.ldp.peers if node.default.ldp else ():
                await_route(lab, (node.name, MAIN_TABLE), IPv4Network(peer), wanted=True, limit=limit)
        finally:
            if last:
                lab.run(node.name, ["kill", "-CONT", *last])

    def _turn(self, state: str) -> None:
        for neighbour, interface in self._links:
            self._bench.lab.run(neighbour, ["ip", "link", "set", interface, state])


def _processes(node: Node) -> tuple[str, ...]:
    """What runs in a node, as patterns of command lines: the agent first, who would act on what it sees."""
    agent = (AGENT,) if needs_agent(node) else ()
    charon = (CHARON,) if node.ike else ()
    return (*agent, *charon, *(f"[f]rr/{daemon} " for daemon in daemons(node)))
