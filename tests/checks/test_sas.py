"""Judging SAs (proof 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from offnet.checks import sas as topic
from offnet.checks.claim import Claim
from offnet.checks.sa_pairs import sa_pair
from offnet.experiments.state import Sas
from offnet.network.model import Network, Site, Tunnel
from offnet.observe.vici_model import IkeSa

Find = Callable[..., Claim[Any]]


def with_first(looked: Sas, node: str, /, **changes: Any) -> Sas:
    """The first IKE_SA of a node changed."""
    first, *others = looked.ike[node]
    return replace(looked, ike=looked.ike | {node: (replace(first, **changes), *others)})


def with_child(looked: Sas, node: str, /, **changes: Any) -> Sas:
    """The CHILD_SA of a node's first IKE_SA changed."""
    child = looked.ike[node][0].children[0]
    return with_first(looked, node, children=(replace(child, **changes),))


def test_a_healthy_lab_holds_every_claim(network: Network, sas: Sas) -> None:
    assert [claim.name for claim in topic.claims(network) if not claim.judge(sas).holds] == []


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"version": 3}, "IKEv3"),
        ({"local_id": "somebody"}, "identities somebody and 198.51.100.2"),
        ({"remote_id": "somebody"}, "0 IKE_SAs of spoke-vpn1-east with 198.51.100.2"),
        ({"encryption": "AES_CBC-128"}, "proposal aes128"),
        ({"state": "CONNECTING"}, "0 IKE_SAs of spoke-vpn1-east"),
    ],
)
def test_an_ike_sa_that_differs_is_told(
    network: Network, sas: Sas, site: tuple[Site, Tunnel], find: Find, *, changes: dict[str, Any], seen: str
) -> None:
    where, tunnel = site
    claim = find(topic.claims(network), f"{where.name}: IKE_SA")
    verdict = claim.judge(with_first(sas, tunnel.gateway, **changes))
    assert not verdict.holds
    assert f"{tunnel.gateway}: {seen}" in verdict.seen


def test_a_second_ike_sa_is_told(network: Network, sas: Sas, site: tuple[Site, Tunnel], find: Find) -> None:
    where, tunnel = site
    twice = replace(sas, ike=sas.ike | {where.node: sas.ike[where.node] * 2})
    verdict = find(topic.claims(network), f"{where.name}: IKE_SA").judge(twice)
    assert f"{where.node}: 2 IKE_SAs of {tunnel.site_connection}" in verdict.seen


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"remote_ts": ("10.9.0.0/16",)}, "protects 10.9.0.0/16"),
        ({"if_id": 77}, "if_id 77"),
        ({"mode": "TRANSPORT"}, "TRANSPORT mode"),
        ({"encryption": "NULL", "integrity": "HMAC_MD5_96"}, "transform NULL HMAC_MD5_96"),
        ({"spi_in": 5}, "SPIs that the ends do not agree on"),
        ({"state": "REKEYED"}, "0 CHILD_SAs"),
    ],
)
def test_a_child_sa_that_differs_is_told(
    network: Network, sas: Sas, site: tuple[Site, Tunnel], find: Find, *, changes: dict[str, Any], seen: str
) -> None:
    claim = find(topic.claims(network), f"{site[0].name}: CHILD_SA")
    verdict = claim.judge(with_child(sas, site[1].gateway, **changes))
    assert not verdict.holds
    assert seen in verdict.seen


def test_a_rekeyed_child_is_no_second_tunnel(sas: Sas, site: tuple[Site, Tunnel]) -> None:
    where, tunnel = site
    child = sas.ike[tunnel.gateway][0].children[0]
    old = replace(child, state="REKEYED", spi_in=7, spi_out=8)
    both = with_first(sas, tunnel.gateway, children=(old, child))
    pair = sa_pair(both, where)
    assert pair is not None
    assert (pair.to_gateway, pair.to_site) == (child.spi_in, child.spi_out)


def test_an_on_net_site_has_no_pair(network: Network, sas: Sas) -> None:
    assert [sa_pair(sas, site) for site in network.sites if site.tunnel is None] == [None, None]


@pytest.mark.parametrize(("changes", "seen"), [({"if_id": 2}, "if_id 2"), ({"spi": 1}, "is not in the SADB")])
def test_a_sadb_that_differs_is_told(
    network: Network, sas: Sas, site: tuple[Site, Tunnel], find: Find, *, changes: dict[str, Any], seen: str
) -> None:
    where, tunnel = site
    first, *others = sas.kernel[tunnel.gateway]
    state = replace(sas, kernel=sas.kernel | {tunnel.gateway: (replace(first, **changes), *others)})
    verdict = find(topic.claims(network), f"{where.name}: SADB").judge(state)
    assert not verdict.holds
    assert seen in verdict.seen


def test_the_sadb_of_no_sa_is_told(network: Network, sas: Sas, site: tuple[Site, Tunnel], find: Find) -> None:
    where, tunnel = site
    verdict = find(topic.claims(network), f"{where.name}: SADB").judge(
        with_first(sas, tunnel.gateway, children=())
    )
    assert verdict.seen == f"no current SA of {where.name} at both ends"


def test_an_sa_without_intent_is_told(
    network: Network, sas: Sas, site: tuple[Site, Tunnel], find: Find
) -> None:
    gateway = site[1].gateway
    other: IkeSa = replace(sas.ike[gateway][0], name="other", remote_id="somebody")
    state = replace(sas, ike=sas.ike | {gateway: (*sas.ike[gateway], other)})
    verdict = find(topic.claims(network), "no SA without an intent").judge(state)
    assert (verdict.holds, verdict.seen) == (False, "other with somebody")


def test_a_negotiation_that_goes_on_is_no_sa(
    network: Network, sas: Sas, site: tuple[Site, Tunnel], find: Find
) -> None:
    gateway = site[1].gateway
    begun: IkeSa = replace(sas.ike[gateway][0], name="(unnamed)", remote_id="%any", state="CONNECTING")
    state = replace(sas, ike=sas.ike | {gateway: (*sas.ike[gateway], begun)})
    assert find(topic.claims(network), "no SA without an intent").judge(state).holds
