"""Keywords of proposals against the names that charon reports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from offnet.checks.proposals import esp_matches, ike_matches, ike_transforms, tokens
from offnet.experiments.state import Sas
from offnet.network.model import Crypto, Network, Site, Tunnel
from offnet.observe.vici_model import IkeSa


@pytest.fixture
def sa(sas: Sas, site: tuple[Site, Tunnel]) -> IkeSa:
    return sas.ike[site[1].gateway][0]


def test_an_implied_prf_is_not_named(network: Network, sa: IkeSa) -> None:
    named = {word for word in ike_transforms(sa) if word.startswith("prf")}
    assert named == (set() if network.crypto is Crypto.AS_PRINTED else {"prfsha384"})


def test_an_ike_sa_matches_its_own_proposal_only(
    network: Network, sa: IkeSa, site: tuple[Site, Tunnel]
) -> None:
    first, *others = network.node(site[1].gateway).connection(site[1].gateway_connection).proposals
    assert ike_matches(sa, first)
    assert not any(ike_matches(sa, other) for other in others)


def test_the_first_child_has_no_group_of_its_own_and_a_later_one_has(sa: IkeSa) -> None:
    child = replace(sa.children[0], encryption="AES_GCM_16-256", integrity="", dh_group="")
    assert esp_matches(child, "aes256gcm16-ecp384")
    assert esp_matches(replace(child, dh_group="ECP_384"), "aes256gcm16-ecp384")
    assert not esp_matches(replace(child, dh_group="ECP_256"), "aes256gcm16-ecp384")
    assert not esp_matches(replace(child, encryption="AES_GCM_16-128"), "aes256gcm16-ecp384")


def test_synonyms_are_one_algorithm() -> None:
    assert tokens("aes128gcm16-x25519") == tokens("aes128gcm16-curve25519")
