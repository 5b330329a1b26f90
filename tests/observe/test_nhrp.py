"""Reading what nhrpd knows."""

from __future__ import annotations

import json
from ipaddress import IPv4Address
from pathlib import Path

from offnet.observe import nhrp

RECORDED = Path(__file__).parent / "recorded" / "dmvpn" / "spoke-vpn1-east.show-ip-nhrp-cache.txt"


def test_a_spoke_knows_its_server_itself_and_another_spoke() -> None:
    found = nhrp.entries(json.loads(RECORDED.read_text(encoding="utf-8")))
    assert {(one.kind, str(one.address), str(one.nbma)) for one in found} == {
        ("nhs", "10.254.0.1", "203.0.113.129"),
        ("local", "10.254.0.2", "198.51.100.2"),
        ("dynamic", "10.254.0.3", "198.51.100.10"),
        ("dynamic", "10.0.68.10", "198.51.100.10"),
    }
    assert {one.interface for one in found} == {"mgre"}


def test_who_is_not_known_has_no_address() -> None:
    entry = {"interface": "mgre", "type": "incomplete", "protocol": "10.254.0.9", "nbma": "-"}
    (found,) = nhrp.entries({"table": [entry]})
    assert found == nhrp.NhrpEntry("mgre", "incomplete", IPv4Address("10.254.0.9"), None)
    assert nhrp.entries({}) == ()


def test_the_question_is_put_to_the_instance_of_a_context() -> None:
    assert nhrp.cache("cloud").argv[-1] == "/run/frr/cloud/nhrpd.vty"
    assert nhrp.cache().argv[-1] == "/run/frr/nhrpd.vty"
    assert nhrp.cache("cloud").typed == 'vtysh -N cloud -c "show ip nhrp cache"'
