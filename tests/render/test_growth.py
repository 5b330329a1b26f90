"""The chapter's claim: a site more costs the provider one entry at one aggregator, however many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from offnet.design import design
from offnet.intent.models import LabIntent
from offnet.network.model import Network, Role
from offnet.render.annotations import SUFFIX

Data = dict[str, Any]
Files = dict[str, str]
Grow = Callable[[int], Data]
Rendered = Callable[[Data], Files]

SIZES = (3, 300)
NEW_ADDRESS = "203.0.113.250"


def with_a_site(data: Data, name: str = "spoke-new", *, first: bool = False) -> Data:
    """The same lab and one off-net site, as one reads in its lab.yml."""
    profile = data["profiles"]["vpn1"]
    keyring = {**data["keyrings"]["vpn1"], NEW_ADDRESS: "key-new"}
    match = {"address": [*profile["match"]["address"], NEW_ADDRESS]}
    new = {
        name: {
            "vpn": "vpn1",
            "lan": "10.200.0.0/24",
            "ipsec": {"gateway": next(iter(data["gateways"])), "address": f"{NEW_ADDRESS}/30"},
        }
    }
    return data | {
        "keyrings": data["keyrings"] | {"vpn1": keyring},
        "profiles": data["profiles"] | {"vpn1": {**profile, "match": match}},
        "sites": new | data["sites"] if first else data["sites"] | new,
    }


def changed(before: Files, after: Files) -> set[str]:
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def touched(paths: set[str]) -> set[str]:
    """The nodes (or files beside their folders) that paths belong to."""
    return {path.split("/")[0] for path in paths}


def beside(data: Data) -> set[str]:
    """The files beside the nodes' folders: all nodes are in the topology, and in the editor's picture."""
    topology = f"{data['name']}.clab.yml"
    return {topology, topology + SUFFIX}


def of_the_provider(data: Data, nodes: set[str]) -> set[str]:
    network: Network = design(LabIntent.model_validate(data))
    return nodes & {node.name for node in network.role(Role.PE, Role.P)}


def lines_changed(before: Files, after: Files) -> dict[str, int]:
    """Lines removed and added, by file; a picture is drawn anew each time, and configures nothing."""
    counts = {}
    for path in changed(before, after):
        if path.endswith(SUFFIX):
            continue
        old, new = (Counter(files.get(path, "").splitlines()) for files in (before, after))
        counts[path] = (old - new).total() + (new - old).total()
    return counts


@pytest.mark.parametrize("sites", SIZES)
@pytest.mark.parametrize("first", [False, True])
def test_a_site_more_touches_itself_its_aggregator_and_what_it_is_linked_by(
    grow: Grow, rendered: Rendered, sites: int, first: bool
) -> None:
    data = grow(sites)
    nodes = touched(changed(rendered(data), rendered(with_a_site(data, first=first))))
    assert nodes == {"spoke-new", next(iter(data["gateways"])), "inet", *beside(data)}


@pytest.mark.parametrize("sites", SIZES)
def test_the_provider_touches_the_aggregator_only(grow: Grow, rendered: Rendered, sites: int) -> None:
    data = grow(sites)
    nodes = touched(changed(rendered(data), rendered(with_a_site(data))))
    assert of_the_provider(data, nodes) == set(data["gateways"])


def test_a_site_more_changes_as_many_lines_in_a_large_lab_as_in_a_small_one(
    grow: Grow, rendered: Rendered
) -> None:
    seen = [lines_changed(rendered(grow(n)), rendered(with_a_site(grow(n)))) for n in SIZES]
    assert seen[0] == seen[1]


def test_at_the_aggregator_it_is_a_connection_a_secret_and_a_policy(grow: Grow, rendered: Rendered) -> None:
    data = grow(3)
    paths = changed(rendered(data), rendered(with_a_site(data)))
    gateway = next(iter(data["gateways"]))
    assert {path for path in paths if path.startswith(f"{gateway}/")} == {
        f"{gateway}/swanctl.conf",
        f"{gateway}/agent.json",
    }


def test_taking_the_site_away_gives_the_old_bytes(grow: Grow, rendered: Rendered) -> None:
    data = grow(3)
    larger = with_a_site(data)
    del larger["sites"]["spoke-new"]
    larger["profiles"]["vpn1"]["match"]["address"].remove(NEW_ADDRESS)
    assert rendered(larger) == rendered(data)


def test_a_vpn_more_touches_the_pes_only(grow: Grow, rendered: Rendered) -> None:
    data = grow(3)
    vpns = data["vpns"] | {"vpn3": {"rd": "202:1", "rt": ["202:1"]}}
    nodes = touched(changed(rendered(data), rendered(data | {"vpns": vpns})))
    assert nodes == {name for name, router in data["provider"]["routers"].items() if router["role"] == "pe"}
