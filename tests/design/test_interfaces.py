"""No node gets two interfaces of one name."""

from __future__ import annotations

from typing import Any

import pytest

from offnet.design import design
from offnet.design.allocate import MAX_INTERFACE_NAME, interface_name
from offnet.errors import LabError
from offnet.intent.models import LabIntent
from offnet.network.model import Network

Data = dict[str, Any]


def circuit(pe: str, lan: str = "10.77.0.0/24", vpn: str = "vpn1") -> Data:
    return {"vpn": vpn, "lan": lan, "pe": pe}


def problems(data: Data) -> list[str]:
    with pytest.raises(LabError) as error:
        design(LabIntent.model_validate(data))
    return [str(problem) for problem in error.value.problems]


def test_names_are_distinct_and_fit_into_the_kernel(network: Network) -> None:
    for node in network.nodes:
        names = [interface.name for interface in node.default.interfaces]
        names += [vrf.name for vrf in node.default.vrfs]
        assert len(names) == len(set(names))
        assert all(len(name) <= MAX_INTERFACE_NAME for name in names)


def test_every_end_of_a_link_is_an_interface_of_its_node(network: Network) -> None:
    ends = [end for link in network.links for end in (link.a, link.b)]
    assert len(ends) == len(set(ends))
    for end in ends:
        assert network.node(end.node).default.interface(end.interface).name == end.interface


def test_a_site_called_like_a_vrf(data: Data) -> None:
    data["sites"]["vpn2"] = circuit("pe2")
    assert problems(data) == [
        "lab.yml: sites.vpn2 is vpn2; expected: another name: on pe2 the interface vpn2 belongs to VPN vpn2"
    ]


def test_two_long_names_that_are_shortened_alike(data: Data) -> None:
    owner: dict[str, str] = {}
    for name in (f"a-very-long-name-{number}" for number in range(200_000)):
        other = owner.setdefault(interface_name(name), name)
        if other != name:
            break
    data["sites"][other] = circuit("pe2")
    data["sites"][name] = circuit("pe2", lan="10.78.0.0/24")
    interface = interface_name(name)
    allowed = f"another name: on pe2 the interface {interface} belongs to {other}"
    assert problems(data) == [f"lab.yml: sites.{name} is {name}; expected: {allowed}"]
