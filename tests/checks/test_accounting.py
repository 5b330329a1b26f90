"""Judging what AAA has written down of sites; of clients, see remote access."""

from __future__ import annotations

from dataclasses import replace

import pytest

from offnet import intent, resources
from offnet.checks import accounting
from offnet.checks.accounting import judge_octets, judge_site
from offnet.design import design
from offnet.experiments.accounting import LENGTH, PROBES, Accounted, accounted_sites
from offnet.experiments.subjects import Subject
from offnet.network.model import Crypto, Network
from offnet.observe.radius import AccountingRecord

OCTETS = PROBES * LENGTH


@pytest.fixture(params=list(Crypto), ids=str)
def network(request: pytest.FixtureRequest) -> Network:
    return design(intent.load(resources.labs() / "remote-access"), request.param)


@pytest.fixture
def site(network: Network) -> Subject:
    (subject,) = accounted_sites(network)
    return subject


def record(site: Subject, status: str) -> AccountingRecord:
    own = site.tunnel
    counted = (0, 0, 0, 0) if status == "Start" else (OCTETS, OCTETS, PROBES, PROBES)
    return AccountingRecord(
        status, own.identity, "f00d-1", own.gateway_connection, "", None, *counted, "", own.vrf
    )


@pytest.fixture
def seen(site: Subject) -> Accounted:
    return Accounted(
        record(site, "Start"), record(site, "Interim-Update"), record(site, "Stop"), PROBES, OCTETS
    )


def test_sites_are_accounted_in_both_variants(network: Network, site: Subject) -> None:
    titles = [claim.name for claim in accounting.claims(network)]
    assert f"{site.site.name}: accounting tells which site is in which VPN" in titles
    assert f"{site.site.name}: accounted octets are those that were sent" in titles


def test_right_records_hold(site: Subject, seen: Accounted) -> None:
    assert judge_site(site, seen).holds
    assert judge_octets(seen, "").holds


@pytest.mark.parametrize("changes", [{"vrf": ""}, {"vrf": "vpn2"}, {"user": "bob"}, {"port": "vpn1group"}])
def test_a_start_record_of_another_site_or_vpn(
    site: Subject, seen: Accounted, changes: dict[str, str]
) -> None:
    wrong = replace(record(site, "Start"), **changes)  # type: ignore[arg-type]  # of text fields
    assert not judge_site(site, replace(seen, start=wrong)).holds


def test_no_record(site: Subject, seen: Accounted) -> None:
    assert judge_site(site, replace(seen, start=None)).seen == "no Start record"
