"""Judging sessions, accounting, impostors, and what AAA does."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from offnet import intent, resources
from offnet.checks import accounting, remote_access
from offnet.checks.derive import derive
from offnet.checks.remote_access import judge_mistrust
from offnet.design import design
from offnet.experiments import aaa
from offnet.experiments.accounting import LENGTH, PROBES, Accounted
from offnet.experiments.logins import Impostor, Mistrust, clients, group_key, keyed, other_group
from offnet.experiments.rogue import checking
from offnet.experiments.subjects import Subject, joined, partners
from offnet.network.model import Crypto, Network
from offnet.observe.radius import AccountingRecord

OCTETS = PROBES * LENGTH


@pytest.fixture(params=list(Crypto))
def network(request: pytest.FixtureRequest) -> Network:
    return design(intent.load(resources.labs() / "remote-access"), request.param)


@pytest.fixture
def subject(network: Network) -> Subject:
    return clients(network)[-1]


def record(status: str = "Stop", **changes: object) -> AccountingRecord:
    healthy = AccountingRecord(
        status=status,
        user="bob",
        session="1-2",
        port="vpn2group",
        group="vpn2group",
        address=IPv4Address("10.3.0.10"),
        input_octets=OCTETS,
        output_octets=OCTETS,
        input_packets=PROBES,
        output_packets=PROBES,
        cause="User-Request" if status == "Stop" else "",
    )
    return replace(healthy, **changes)  # type: ignore[arg-type]  # of any field


@pytest.fixture
def accounted() -> Accounted:
    return Accounted(record("Start"), record("Interim-Update"), record(), PROBES, OCTETS)


def test_claims_have_names_of_their_own(network: Network) -> None:
    names = [claim.name for claim in derive(network)]
    assert len(names) == len(set(names))


def test_a_lab_without_clients_owes_none() -> None:
    network = design(intent.load(resources.labs() / "single-ip"))
    assert not list(remote_access.claims(network))
    assert not list(remote_access.passive(network))


def test_one_client_of_every_vpn_is_disturbed(network: Network) -> None:
    assert [subject.tunnel.vrf for subject in clients(network)] == ["vpn1", "vpn2"]


def test_another_group_leads_into_another_vrf(network: Network, subject: Subject) -> None:
    group = other_group(network, subject)
    assert group is not None
    connection = network.node(subject.tunnel.gateway).connection(group)
    assert connection.children[0].if_id != subject.tunnel.if_id


def test_keys_of_groups_are_local_or_in_aaa() -> None:
    lab = intent.load(resources.labs() / "remote-access")
    printed = design(lab, Crypto.AS_PRINTED)
    gateway = clients(printed)[0].tunnel.gateway
    for name, group in lab.groups.items():
        assert group_key(printed, gateway, name) == group.key
    with pytest.raises(KeyError):
        group_key(printed, gateway, "nobody")


def test_a_gateway_proves_itself_by_key_or_certificate(network: Network) -> None:
    """Who has no certificate checks that of its gateway with IKEv2, in Aggressive Mode its key."""
    everybody = clients(network)
    modern = network.crypto is Crypto.MODERN
    assert keyed(network) == (() if modern else everybody)
    assert checking(network) == (everybody if modern else ())
    titles = [claim.name for claim in remote_access.claims(network)]
    assert any("gateway with a certificate by an impostor" in title for title in titles) is modern
    assert any("wrong group key" in title for title in titles) is not modern


@pytest.mark.parametrize(
    ("seen", "mistake"),
    [
        (Mistrust("no issuer certificate found for X", ()), ""),
        (Mistrust("", ()), "tells no such reason"),
        (Mistrust("no issuer certificate found for X", ("vpn1group of alice",)), "SA left"),
        (Mistrust("no issuer certificate found for X", (), back=False), "not back"),
    ],
)
def test_a_client_leaves_a_gateway_that_it_mistrusts(seen: Mistrust, mistake: str) -> None:
    verdict = judge_mistrust("telecommuter-1", seen)
    assert verdict.holds is not bool(mistake)
    assert mistake in verdict.seen


def test_a_split_tunnel_leaves_sites_out(network: Network, subject: Subject) -> None:
    reached = partners(network, subject.site)
    assert all(joined(subject.site, site) for site in reached)
    tunnel = replace(subject.tunnel, reaches=(subject.site.lan,))
    assert not joined(replace(subject.site, tunnel=tunnel), reached[0])
    assert not joined(reached[0], replace(subject.site, tunnel=tunnel))


# ---- accounting ------------------------------------------------------------------------------


def test_right_records_hold(subject: Subject, accounted: Accounted) -> None:
    assert accounting.judge_start(subject, accounted).holds
    assert accounting.judge_octets(accounted).holds


@pytest.mark.parametrize(
    "changes",
    [
        {"user": "alice"},
        {"address": IPv4Address("10.3.0.11")},
        {"port": "vpn1group"},
        {"group": "vpn1group"},
    ],
)
def test_a_start_record_of_somebody_else(
    subject: Subject, accounted: Accounted, changes: dict[str, object]
) -> None:
    seen = replace(accounted, start=record("Start", **changes))
    assert not accounting.judge_start(subject, seen).holds


def test_no_records(subject: Subject, accounted: Accounted) -> None:
    assert accounting.judge_start(subject, replace(accounted, start=None)).seen == "no Start record"
    verdict = accounting.judge_octets(replace(accounted, interim=None, stop=None))
    assert not verdict.holds
    assert "no interim record" in verdict.seen
    assert "no stop record" in verdict.seen


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"input_octets": OCTETS - 1}, f"stop: {OCTETS - 1} octets"),
        ({"output_octets": OCTETS + 1}, f"{OCTETS + 1} in {PROBES} out"),
        ({"input_packets": PROBES + 1}, f"{PROBES + 1} packets in"),
        ({"output_packets": 0}, "in 0 out"),
        ({"cause": "Lost-Service"}, "ended by Lost-Service"),
        ({"session": "1-3"}, "2 session IDs"),
    ],
)
def test_a_stop_record_that_is_wrong(accounted: Accounted, changes: dict[str, object], text: str) -> None:
    verdict = accounting.judge_octets(replace(accounted, stop=record("Stop", **changes)))
    assert not verdict.holds
    assert text in verdict.seen


def test_probes_that_were_lost_are_told(accounted: Accounted) -> None:
    assert "4 of 5 probes" in accounting.judge_octets(replace(accounted, answered=4)).seen


# ---- impostors -------------------------------------------------------------------------------


def healthy(network: Network, subject: Subject) -> Impostor:
    if network.crypto is Crypto.AS_PRINTED:
        return Impostor("constraint check failed", (), ())
    own = subject.tunnel
    return Impostor("", (own.gateway_connection,), (own.if_id,))


def test_an_impostor_gets_nothing_but_its_own(network: Network, subject: Subject) -> None:
    assert remote_access.judge_impostor(subject, healthy(network, subject)).holds


def test_an_impostor_in_another_vrf(subject: Subject) -> None:
    seen = Impostor("", ("vpn1group",), (1,))
    verdict = remote_access.judge_impostor(subject, seen)
    assert not verdict.holds
    assert "SA with if_id 1" in verdict.seen
    assert "session of vpn1group" in verdict.seen


def test_an_impostor_without_verdict(subject: Subject) -> None:
    assert not remote_access.judge_impostor(subject, Impostor("", (), ())).holds


# ---- AAA -------------------------------------------------------------------------------------

OUTAGE = aaa.Outage(
    newcomer="telecommuter-3",
    refused=True,
    reason="RADIUS Access-Request timed out after 3 attempts",
    stayed={"telecommuter-2": True},
    answered={"telecommuter-2": aaa.PROBES},
    untold=True,
    back=True,
)


def test_a_silent_server_refuses_newcomers_and_ends_no_session() -> None:
    assert remote_access.judge_refused(OUTAGE).holds
    assert remote_access.judge_stay(OUTAGE).holds


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"refused": False}, "logged in"),
        ({"reason": ""}, "no such reason"),
        ({"back": False}, "not logged in afterwards"),
    ],
)
def test_a_login_that_is_not_refused_rightly(changes: dict[str, object], text: str) -> None:
    verdict = remote_access.judge_refused(replace(OUTAGE, **changes))  # type: ignore[arg-type]  # any field
    assert not verdict.holds
    assert text in verdict.seen


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"untold": False}, "accounting had not failed"),
        ({"stayed": {"telecommuter-2": False}}, "the session of telecommuter-2 ended"),
        ({"answered": {"telecommuter-2": 1}}, "1 replies to telecommuter-2"),
    ],
)
def test_sessions_that_do_not_stay(changes: dict[str, object], text: str) -> None:
    verdict = remote_access.judge_stay(replace(OUTAGE, **changes))  # type: ignore[arg-type]  # any field
    assert not verdict.holds
    assert text in verdict.seen


DISCONNECT = aaa.Disconnect(answer=aaa.ACK, forged="", ended=True, back=True)


def test_a_session_that_aaa_ends() -> None:
    assert remote_access.judge_disconnect(DISCONNECT).holds


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"answer": ""}, "answer: none"),
        ({"answer": aaa.NAK}, aaa.NAK),
        ({"forged": aaa.ACK}, "under a wrong secret"),
        ({"ended": False}, "goes on"),
        ({"back": False}, "no new session"),
    ],
)
def test_a_session_that_aaa_does_not_end(changes: dict[str, object], text: str) -> None:
    verdict = remote_access.judge_disconnect(replace(DISCONNECT, **changes))  # type: ignore[arg-type]
    assert not verdict.holds
    assert text in verdict.seen
