"""What names are given: the same whoever else is there, and never the same for two."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Network
from itertools import combinations
from string import ascii_lowercase, digits
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offnet import resources
from offnet.design import design
from offnet.design.allocate import slot
from offnet.design.numbers import FIRST_HASHED_ID, HASHED_IDS, TABLE_OFFSET, link_subnets, number
from offnet.errors import LabError
from offnet.intent.loader import plain_data
from offnet.intent.models import LabIntent

Data = dict[str, Any]
names = st.text(ascii_lowercase + digits, max_size=9).map("n{}".format)  # no reserved name begins so
name_lists = st.lists(names, min_size=2, max_size=8, unique=True)


@cache
def single_ip() -> Data:
    data: Data = plain_data(resources.labs() / "single-ip")
    return data


def lab(**parts: Any) -> LabIntent:
    return LabIntent.model_validate(single_ip() | parts)


def vpns(*chosen: str) -> Data:
    return {name: {"rd": f"200:{i}", "rt": [f"200:{i}"]} for i, name in enumerate(chosen)}


def circuits(lans: dict[str, str]) -> Data:
    return {name: {"vpn": "vpn1", "lan": lan, "pe": "pe2"} for name, lan in lans.items()}


def provider(*routers: str, links: list[Any], pool: str = "172.16.0.0/12") -> Data:
    entries = {name: {"role": "p", "loopback": f"10.255.0.{i}"} for i, name in enumerate(routers)}
    return {"as": 1001, "routers": entries, "links": links, "link_pool": pool}


def first_to_meet(candidates: list[str], size: int) -> tuple[str, str]:
    """The first two names that share a slot of a pool."""
    owner: dict[int, str] = {}
    for name in candidates:
        other = owner.setdefault(slot(name, size), name)
        if other != name:
            return other, name
    raise AssertionError("no two of the candidates meet")


@settings(deadline=None)
@given(name_lists)
def test_a_vpn_more_changes_the_number_of_no_other(chosen: list[str]) -> None:
    before = number(lab(vpns=vpns(*chosen[:-1]))).vrfs
    after = number(lab(vpns=vpns(*chosen))).vrfs
    assert {name: after[name].if_id for name in before} == {name: vrf.if_id for name, vrf in before.items()}


@settings(deadline=None)
@given(name_lists)
def test_a_site_more_changes_the_addresses_of_no_other(chosen: list[str]) -> None:
    sites = circuits({name: f"10.1.{i}.0/24" for i, name in enumerate(chosen)})
    after = number(lab(sites=sites)).lans
    del sites[chosen[-1]]
    assert number(lab(sites=sites)).lans == {name: after[name] for name in chosen[:-1]}


@settings(deadline=None)
@given(name_lists)
def test_a_link_more_or_another_order_changes_the_subnet_of_no_other(chosen: list[str]) -> None:
    links = [list(pair) for pair in combinations(chosen, 2)]
    before = link_subnets(lab(provider=provider(*chosen, links=links[:-1])))
    reordered = [pair[::-1] for pair in links[::-1]]
    after = link_subnets(lab(provider=provider(*chosen, links=reordered)))
    assert before == {(a, b): after[b, a] for a, b in before}


@settings(deadline=None)
@given(name_lists)
def test_every_link_gets_a_31_of_the_pool(chosen: list[str]) -> None:
    links = [list(pair) for pair in combinations(chosen, 2)]
    intent = lab(provider=provider(*chosen, links=links))
    subnets = link_subnets(intent).values()
    assert len(subnets) == len(links)
    assert all(subnet.prefixlen == 31 and subnet.subnet_of(intent.provider.link_pool) for subnet in subnets)


def test_a_subnet_as_written_needs_no_pool() -> None:
    written = [{"between": ["a", "b"], "subnet": "192.0.2.0/31"}]
    numbers = number(lab(provider=provider("a", "b", links=written, pool="198.51.100.0/32")))
    assert numbers.subnets == {("a", "b"): IPv4Network("192.0.2.0/31")}


def test_a_written_id_is_the_number_and_the_others_stay_clear_of_written_ones() -> None:
    written = vpns("one", "two")
    written["one"]["id"] = 65535
    vrfs = number(lab(vpns=written)).vrfs
    assert vrfs["one"].if_id == written["one"]["id"] < FIRST_HASHED_ID <= vrfs["two"].if_id
    assert all(vrf.table == TABLE_OFFSET + vrf.if_id for vrf in vrfs.values())


def test_two_links_in_one_subnet() -> None:
    two = provider("a", "b", "c", links=[["a", "b"], ["b", "c"]], pool="172.16.0.0/31")
    with pytest.raises(LabError) as error:
        design(lab(provider=two))
    assert str(error.value) == (
        "lab.yml: provider.links[1].subnet is 172.16.0.0/31; expected: a subnet of its own,"
        " a--b has this one: set `subnet` of one of the two links"
    )


def test_two_vpns_with_one_number() -> None:
    one, two = first_to_meet([f"v{number}" for number in range(200_000)], HASHED_IDS)
    with pytest.raises(LabError) as error:
        number(lab(vpns=vpns(one, two)))
    assert str(error.value) == (
        f"lab.yml: vpns.{two}.id is {FIRST_HASHED_ID + slot(two, HASHED_IDS)}; expected: a number of its own,"
        f" {one} has this one: set `id` of one of the two VPNs"
    )


def test_two_sites_with_one_marker() -> None:
    lan = IPv4Network("10.9.9.0/29")
    one, two = first_to_meet([f"s{number}" for number in range(10)], lan.num_addresses // 2 - 1)
    with pytest.raises(LabError) as error:
        number(lab(sites=circuits({one: str(lan), two: str(lan)})))
    marker = lan[lan.num_addresses // 2 + slot(one, lan.num_addresses // 2 - 1)]
    assert str(error.value) == (
        f"lab.yml: sites.{two}.marker is {marker}; expected: an address that no other site has,"
        f" {one} has this one: set `marker` by hand"
    )


def test_a_marker_that_is_the_shared_host_of_an_overlapping_lan() -> None:
    wide, narrow = IPv4Network("10.9.9.0/24"), IPv4Network("10.9.9.128/25")
    host = narrow[10]
    name = next(f"s{i}" for i in range(100_000) if wide[128 + slot(f"s{i}", 127)] == host)
    with pytest.raises(LabError) as error:
        number(lab(sites=circuits({name: str(wide), "narrow": str(narrow)})))
    assert [(problem.key, problem.value) for problem in error.value.problems] == [
        (f"sites.{name}.marker", str(host))
    ]
    assert "the LAN of narrow has this one" in str(error.value)


def test_all_collisions_are_told_at_once() -> None:
    parts: Data = {
        "provider": provider("a", "b", "c", links=[["a", "b"], ["b", "c"]], pool="172.16.0.0/31"),
        "vpns": {name: {"id": 7, **vpn} for name, vpn in vpns("one", "two").items()},
        "sites": circuits({"s1": "10.9.9.0/24", "s2": "10.9.9.0/24"}),
    }
    parts["sites"]["s1"]["marker"] = parts["sites"]["s2"]["marker"] = "10.9.9.77"
    with pytest.raises(LabError) as error:
        number(lab(**parts))
    keys = {problem.key for problem in error.value.problems}
    assert keys == {"provider.links[1].subnet", "vpns.two.id", "sites.s2.marker"}


@settings(deadline=None)
@given(names, st.integers(min_value=8, max_value=29))
def test_the_addresses_of_a_lan_are_three_hosts_of_it(name: str, length: int) -> None:
    prefix = IPv4Network(("10.0.0.0", length))
    lan = number(lab(sites=circuits({name: str(prefix)}))).lans[name]
    chosen = {lan.router, lan.host, lan.marker}
    assert len(chosen) == 3
    assert all(address in prefix for address in chosen)
    assert not chosen & {prefix.network_address, prefix.broadcast_address}


@pytest.mark.parametrize("name", [f"s{i}" for i in range(14)])
def test_in_a_28_the_marker_is_never_the_host(name: str) -> None:
    lan = number(lab(sites=circuits({name: "10.0.0.0/28"}))).lans[name]
    assert lan.marker != lan.host
