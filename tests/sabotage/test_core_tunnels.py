"""The proofs about tunnels between PEs can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

import pytest

from offnet.checks import core_tunnels
from offnet.experiments.bench import Bench
from offnet.experiments.core_leaks import State, leak
from offnet.experiments.core_paths import Victim, await_direct, cut, victim
from offnet.experiments.core_tunnels import PROBES, largest
from offnet.experiments.presence import POLL
from offnet.experiments.state import sas
from offnet.network.model import Crypto
from offnet.observe.packet import Kind
from offnet.wait import until
from tests.sabotage.breaking import DEADLINE, broken, failing, looking_at, names

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def pe_pe(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    with running_variant("sabotage-pe-pe", Crypto.MODERN, lab="pe-pe") as bench:
        yield bench


@pytest.fixture
def chosen(pe_pe: Bench) -> Victim:
    """The end of a tunnel that is made to suffer."""
    found = victim(pe_pe.network)
    assert await_direct(pe_pe, found)
    return found


def tunnel_of(lab: Bench, chosen: Victim) -> str:
    """The name of the tunnel, as claims have it."""
    tunnel = lab.network.core_tunnel(chosen.own.node, chosen.peer.node)
    assert tunnel is not None
    return tunnel.name


def test_without_the_guard_a_connection_that_is_unloaded_leaks(pe_pe: Bench, chosen: Victim) -> None:
    with broken(pe_pe, chosen.own.node, "nft delete table ip guard", "nft -f /etc/offnet/nftables.conf"):
        seen = leak(pe_pe, State.UNLOADED)
    assert seen.clear
    assert {packet.kind for packet in seen.clear} == {Kind.GRE}
    assert seen.guarded == 0


def test_without_the_guard_a_policy_still_protects(pe_pe: Bench, chosen: Victim) -> None:
    with broken(pe_pe, chosen.own.node, "nft delete table ip guard", "nft -f /etc/offnet/nftables.conf"):
        seen = leak(pe_pe, State.DELETED)
    assert not seen.clear
    assert seen.unprotected


def test_the_largest_packet_fails_when_the_tunnel_promises_more_than_it_carries(
    pe_pe: Bench, chosen: Victim
) -> None:
    claims, name = list(core_tunnels.claims(pe_pe.network)), tunnel_of(pe_pe, chosen)
    tunnel = pe_pe.network.core_tunnel(chosen.own.node, chosen.peer.node)
    assert tunnel is not None
    size = largest(tunnel)
    about = [claim for claim in claims if f"{size} bytes" in claim.name]
    (expected,) = names(claims, name, f"{size} bytes pass whole")

    def too_much() -> dict[str, str] | None:
        found = failing(pe_pe, about)
        return found if f"{size + 1} bytes with DF answered" in found.get(expected, "") else None

    with ExitStack() as stack:
        for end in tunnel.ends:  # OSPF wants them alike
            promise = f"ip link set dev {end.interface} mtu"
            stack.enter_context(broken(pe_pe, end.node, f"{promise} 1476", f"{promise} {tunnel.mtu}"))
        assert await_direct(pe_pe, chosen)
        # OSPF may notice the other MTU after that, and for a moment the way is by the third PE.
        seen = until(
            too_much,
            what="the tunnel carries too much, and the claim fails for that",
            deadline=DEADLINE,
            seen=lambda: failing(pe_pe, about),
            interval=POLL,
        )
    assert seen.keys() == {expected}
    assert "1500 bytes without DF not answered" in seen[expected]


def test_passage_fails_when_probes_take_another_way(pe_pe: Bench, chosen: Victim) -> None:
    claims, name = list(core_tunnels.claims(pe_pe.network)), tunnel_of(pe_pe, chosen)
    (expected,) = names(claims, name, f"{PROBES} probes from")
    with cut(pe_pe, chosen, "meta l4proto esp"):
        (claim,) = [claim for claim in claims if claim.name == expected]
        until(
            lambda: f"{chosen.own.node} sent 0" in failing(pe_pe, [claim]).get(expected, ""),
            what="OSPF has left the tunnel, and the claim fails for that",
            deadline=DEADLINE,
            seen=lambda: failing(pe_pe, [claim]),
            interval=POLL,
        )
    assert await_direct(pe_pe, chosen)


def test_sas_fail_when_a_tunnel_has_none(pe_pe: Bench, chosen: Victim) -> None:
    claims = looking_at(core_tunnels.claims(pe_pe.network), sas)
    vici, own = pe_pe.vici(chosen.own.node), chosen.own
    connection = pe_pe.network.node(own.node).connection(own.connection)
    vici.unload_conn(own.connection)
    try:
        vici.terminate(ike=own.connection, force=True)
        seen = failing(pe_pe, claims)
    finally:
        vici.load_conn(connection)
    assert await_direct(pe_pe, chosen)
    (name,) = names(claims, tunnel_of(pe_pe, chosen))
    assert seen.keys() == {name}
    assert f"{own.node}: no SA gre as intended, but none" in seen[name]
