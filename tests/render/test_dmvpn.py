"""What is rendered of DMVPNs, and of routing contexts beside a node's first one."""

from __future__ import annotations

import pytest

from offnet import resources
from offnet.design import design
from offnet.intent import LabIntent
from offnet.intent.loader import plain_data
from offnet.render import render

HUB, SPOKE = "vpn-gw1-east", "spoke-vpn1-east"
CONTEXT = f"{HUB}/contexts/dmvpn-vpn1"


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return rendered()


def rendered(**cloud: object) -> dict[str, str]:
    data = plain_data(resources.labs() / "dmvpn")
    data["clouds"] = {name: each | cloud for name, each in data["clouds"].items()}
    return render(design(LabIntent.model_validate(data)))


def test_a_tunnel_is_made_in_the_first_context_and_moved_before_the_next_one_is(
    files: dict[str, str],
) -> None:
    lines = files[f"{HUB}/ip.batch"].splitlines()
    assert lines[:4] == [
        "link add mgre type gre local 203.0.113.129 key 100 ttl 64",
        "link set dev mgre netns dmvpn-vpn1",
        "link add mgre type gre local 203.0.113.129 key 101 ttl 64",
        "link set dev mgre netns dmvpn-vpn2",
    ]
    assert "link add dmvpn-vpn1 type veth peer name pe netns dmvpn-vpn1" in lines


def test_a_spoke_follows_its_own_address(files: dict[str, str]) -> None:
    assert "link add mgre type gre dev wan key 100 ttl 64" in files[f"{SPOKE}/ip.batch"].splitlines()


def test_each_context_has_its_own_instance_of_frr(files: dict[str, str]) -> None:
    assert "CONTEXTS='dmvpn-vpn1 dmvpn-vpn2'" in files[f"{HUB}/node.env"].splitlines()
    assert "CONTEXTS" not in files[f"{SPOKE}/node.env"]
    assert files[f"{CONTEXT}/context.env"] == "DAEMONS='mgmtd zebra ospfd bgpd nhrpd'\n"
    assert "nhrpd" not in files[f"{HUB}/node.env"]
    assert "router bgp 65101" in files[f"{CONTEXT}/frr/bgpd.conf"]


def test_a_spoke_is_taken_at_its_word_for_its_own_lan_only(files: dict[str, str]) -> None:
    zebra = files[f"{CONTEXT}/frr/mgmtd.conf"].splitlines()
    assert "ip prefix-list spoke-vpn1-east-address seq 5 permit 10.254.0.2/32" in zebra
    assert "ip prefix-list spoke-vpn1-east seq 5 permit 10.0.67.0/24" in zebra
    assert "ip protocol ospf route-map ospf" in zebra


def test_a_key_is_for_the_sas_that_bear_the_mark_of_its_vpn(files: dict[str, str]) -> None:
    guard = files[f"{HUB}/nftables.conf"]
    for key, mark in ((100, 1), (101, 2)):
        assert f"@th,32,32 {key} meta mark != {mark} counter drop" in guard
        assert f"set_mark_in = {mark}\n" in files[f"{HUB}/swanctl.conf"]
    assert "foreign-key" not in files[f"{SPOKE}/nftables.conf"]


def test_both_ends_limit_what_nhrp_may_send(files: dict[str, str]) -> None:
    for node in (HUB, SPOKE):
        assert "@nhrp-peers { ip daddr limit rate over 20/second" in files[f"{node}/nftables.conf"]
    assert "nhrp" not in files["ce1/node.env"]


def test_without_shortcuts_nobody_is_told_of_any() -> None:
    files = rendered(shortcuts=False)
    for node in (CONTEXT, SPOKE):
        nhrpd = files[f"{node}/frr/nhrpd.conf"]
        assert "redirect" not in nhrpd
        assert "shortcut" not in nhrpd
    assert "log group 1" not in files[f"{CONTEXT}/nftables.conf"]
    assert "log group 2" in files[f"{CONTEXT}/nftables.conf"]
