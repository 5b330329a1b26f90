"""The kernel's view of a node: routes of every VRF, labels, SADB and SPD, interfaces, counters."""

from __future__ import annotations

import json
from ipaddress import IPv4Address
from typing import Any

from offnet.observe import kernel_parse as parse
from offnet.observe import xfrm_parse
from offnet.observe.errors import ObserveError
from offnet.observe.kernel_model import (
    InterfaceState,
    KernelNeighbor,
    KernelRoute,
    Lookup,
    MplsRoute,
    NftCounter,
    Rule,
    XfrmPolicy,
    XfrmState,
)
from offnet.observe.question import Question, from_json
from offnet.runtime.base import RunningLab

ROUTES: Question[tuple[KernelRoute, ...]] = Question(
    "kernel routes",
    ("ip", "-4", "-j", "-d", "route", "show", "table", "all"),
    from_json(parse.routes),
    learner="ip route show table all",
)
MPLS_ROUTES: Question[tuple[MplsRoute, ...]] = Question(
    "kernel labels",
    ("ip", "-j", "-f", "mpls", "route"),
    from_json(parse.mpls_routes),
    learner="ip -f mpls route",
)
XFRM_STATES: Question[tuple[XfrmState, ...]] = Question(
    "xfrm state", ("ip", "-s", "xfrm", "state", "list", "nokeys"), xfrm_parse.xfrm_states
)
XFRM_POLICIES: Question[tuple[XfrmPolicy, ...]] = Question(
    "xfrm policy", ("ip", "-s", "xfrm", "policy", "list", "nosock"), xfrm_parse.xfrm_policies
)
XFRM_STATISTICS: Question[dict[str, int]] = Question(
    "xfrm errors", ("cat", "/proc/net/xfrm_stat"), xfrm_parse.xfrm_statistics
)
INTERFACES: Question[tuple[InterfaceState, ...]] = Question(
    "interfaces", ("ip", "-j", "-d", "-s", "addr"), from_json(parse.interfaces), learner="ip -d -s addr"
)
RULES: Question[tuple[Rule, ...]] = Question(
    "rules", ("ip", "-j", "rule"), from_json(parse.rules), learner="ip rule"
)
NEIGHBORS: Question[tuple[KernelNeighbor, ...]] = Question(
    "neighbours", ("ip", "-j", "neigh"), from_json(parse.neighbors), learner="ip neigh"
)
NFT_COUNTERS: Question[tuple[NftCounter, ...]] = Question(
    "nftables counters",
    ("nft", "-j", "list", "ruleset"),
    from_json(parse.nft_counters),
    learner="nft list ruleset",
)


def vrf_routes(table: int) -> Question[tuple[KernelRoute, ...]]:
    """The question for the routes of one table only."""
    return Question(
        f"kernel routes of table {table}",
        ("ip", "-4", "-j", "-d", "route", "show", "table", str(table)),
        from_json(lambda data: parse.routes([{"table": str(table), **entry} for entry in data])),
        learner=f"ip route show table {table}",
    )


def route_get(
    lab: RunningLab,
    node: str,
    destination: IPv4Address | str,
    *,
    vrf: str | None = None,
    source: IPv4Address | str | None = None,
    timeout: float = 10.0,
) -> Lookup:
    """Where the kernel of a node would send a packet; a refusal is an answer, not an error."""
    argv = ["ip", "-j", "route", "get", str(destination)]
    argv += ["from", str(source)] if source else []
    argv += ["vrf", vrf] if vrf else []
    done = lab.run(node, argv, timeout=timeout, check=False)
    if done.code == 0:
        return parse.lookup(str(destination), _loads(node, argv, done.stdout))
    if "RTNETLINK answers" in done.stderr:
        reason = done.stderr.partition("answers: ")[2].strip()
        return Lookup(IPv4Address(str(destination)), None, None, error=reason)
    raise ObserveError(f"{node}: {' '.join(argv)}: {done.stderr.strip() or done.code}")


def _loads(node: str, argv: list[str], text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ObserveError(f"{node}: {' '.join(argv)}: {text[:200]!r}") from error
