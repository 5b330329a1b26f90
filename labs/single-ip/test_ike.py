"""Examples 9-8 to 9-14, from the first IKE message to the inside VRF."""

from __future__ import annotations

import re
from itertools import cycle, islice

from offnet.experiments.bench import Bench, gather
from offnet.experiments.negotiation import Step, negotiation
from offnet.network.model import Crypto, Tunnel
from offnet.observe import kernel
from offnet.observe.question import ask
from offnet.pytest_plugin import Tell

# ---- Examples 9-8 to 9-12: IKE on the wire -------------------------------------------------


def assert_alternating(steps: tuple[Step, ...], tunnel: Tunnel) -> None:
    """The spoke begins, and each message answers the one before."""
    ways = [
        (str(tunnel.address), str(tunnel.gateway_address)),
        (str(tunnel.gateway_address), str(tunnel.address)),
    ]
    assert [(step.source, step.destination) for step in steps] == list(islice(cycle(ways), len(steps)))


def steps_of(steps: tuple[Step, ...], exchange: str) -> tuple[Step, ...]:
    """The messages of one kind of exchange, in order."""
    return tuple(step for step in steps if step.message.exchange == exchange)


def test_9_12_messages_set_up_the_ike_sa(bench: Bench, tell: Tell) -> None:
    """Example 9-12: six Main Mode messages set up the IKE_SA; with IKEv2 four do."""
    _, tunnel = next(bench.network.tunnels())  # the first one, as in the book
    steps = bench.once(negotiation).steps
    if bench.network.crypto is Crypto.AS_PRINTED:
        own = steps_of(steps, "MAIN_MODE")
        first, second, third, fourth, fifth, sixth = (step.message for step in own)
        assert first.payloads[0] == second.payloads[0] == "SA"
        assert third.payloads[:2] == fourth.payloads[:2] == ("KE", "NONCE")
        assert not any(message.encrypted for message in (first, second, third, fourth))
        assert (fifth.encrypted, sixth.encrypted) == (True, True), "identities can be read on the wire"
    else:
        own = steps_of(steps, "IKE_SA_INIT") + steps_of(steps, "IKE_AUTH")
        init, answer, request, response = (step.message for step in own)
        assert {"SA", "KE", "NONCE"} <= set(init.payloads) & set(answer.payloads)
        assert request.payloads == response.payloads == ("SK",), "identities can be read on the wire"
        assert [step.message.response for step in own] == [False, True, False, True]
    assert_alternating(own, tunnel)
    tell(" > ".join(content(step) for step in own))


def test_9_14_quick_mode_sets_up_the_ipsec_sas(bench: Bench, tell: Tell) -> None:
    """Example 9-14: Quick Mode follows in three encrypted messages; with IKEv2, IKE_AUTH did it."""
    _, tunnel = next(bench.network.tunnels())  # the first one, as in the book
    steps = bench.once(negotiation).steps
    if bench.network.crypto is Crypto.AS_PRINTED:
        quick = steps[len(steps_of(steps, "MAIN_MODE")) :]
        assert [step.message.exchange for step in quick] == ["QUICK_MODE"] * 3
        assert all(step.message.encrypted for step in quick)
        (number,) = {step.message.message_id for step in quick}
        assert number != 0, "message ID 0 is Main Mode's"
        assert_alternating(quick, tunnel)
        tell(f"3 messages with ID {number:#x}, after those of Main Mode")
    else:
        assert {step.message.exchange for step in steps} == {"IKE_SA_INIT", "IKE_AUTH"}
        tell("no exchange of its own")


def test_9_12_cookies_name_the_ike_sa(bench: Bench, tell: Tell) -> None:
    """Example 9-12: the cookies in the messages are those of the SA that charon then shows."""
    seen = bench.once(negotiation)
    first, *others = (step.message for step in seen.steps)
    cookies = (seen.ike.initiator_spi, seen.ike.responder_spi)
    assert (first.initiator_spi, first.responder_spi) == (cookies[0], 0)
    assert {(message.initiator_spi, message.responder_spi) for message in others} == {cookies}
    assert {message.version for message in (first, *others)} == {seen.ike.version}
    assert not seen.ike.initiator, "the spoke begins, the aggregator answers"
    tell(f"{cookies[0]:016x} {cookies[1]:016x}")


def content(step: Step) -> str:
    """What can be read of a message, for the report."""
    return "encrypted" if step.message.encrypted else " ".join(dict.fromkeys(step.message.payloads))


# ---- Examples 9-10 to 9-13: key, profile, VRF ----------------------------------------------


def test_9_10_one_key_belongs_to_the_peer(bench: Bench, tell: Tell) -> None:
    """Example 9-10: one key is found for the peer's address, in the keyring of its profile."""
    _, tunnel = next(bench.network.tunnels())  # the first one, as in the book
    gateway = bench.network.node(tunnel.gateway)
    assert gateway.ike is not None
    keys = [key for key in gateway.ike.secrets if str(tunnel.address) in key.owners]
    keyring = gateway.connection(tunnel.gateway_connection).keyring
    assert [key.name.startswith(f"{keyring}-") for key in keys] == [True]
    held = [name for name in bench.vici(gateway.name).shared() if name.endswith(keys[0].name)]
    assert len(held) == 1
    assert bench.once(negotiation).ike.current, "the key did not authenticate the peer"
    tell(f"{held[0]} of keyring {keyring} for {tunnel.address}")


def test_9_11_identity_selects_the_profile(bench: Bench, tell: Tell) -> None:
    """Example 9-11: the peer's identity selects the connection of its profile."""
    _, tunnel = next(bench.network.tunnels())  # the first one, as in the book
    seen = bench.once(negotiation)
    connection = bench.network.node(tunnel.gateway).connection(tunnel.gateway_connection)
    selected = re.findall(r"""selected peer config ["']([^"']+)""", "\n".join(seen.charon))
    assert selected == [tunnel.gateway_connection]
    assert (seen.ike.name, seen.ike.remote_id) == (connection.name, connection.remote.id.text)
    assert connection.profile == tunnel.profile
    tell(f"{seen.ike.remote_id} > {seen.ike.name} > profile {connection.profile} > VRF {tunnel.vrf}")


def test_9_13_every_ike_sa_has_its_inside_vrf(bench: Bench, tell: Tell) -> None:
    """Example 9-13: each IKE_SA of the aggregator is mapped to the VRF of its profile (column I-VRF)."""
    network = bench.network
    told = []
    gateways = dict.fromkeys(tunnel.gateway for _, tunnel in network.tunnels())
    known = gather(gateways, lambda gateway: ask(bench.lab, gateway, kernel.INTERFACES))
    for site, tunnel in network.tunnels():
        interfaces = {entry.if_id: entry for entry in known[tunnel.gateway] if entry.if_id}
        (ike,) = (sa for sa in bench.vici(tunnel.gateway).list_sas(tunnel.gateway_connection) if sa.current)
        (child,) = ike.current_children
        inside = interfaces[child.if_id]
        assert inside.master == tunnel.vrf, f"{site.name}: {inside.name} is in {inside.master}"
        told.append(f"{ike.remote_host} {inside.master} {ike.encryption}")
    tell("; ".join(told))
