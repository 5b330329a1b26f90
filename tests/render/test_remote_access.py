"""What a gateway, its agent, a client and the AAA server read."""

from __future__ import annotations

import json

import pytest

from offnet import resources
from offnet.design import design
from offnet.intent import load
from offnet.intent.models import LabIntent
from offnet.network.model import Crypto, Network
from offnet.node.agent.config import parse
from offnet.node.agent.groups import profile
from offnet.node.agent.radius import Answer
from offnet.render import render
from offnet.render.strongswan import connection_message, secret_message, secret_section
from tests.render.test_strongswan import parse as parse_swanctl

GATEWAY, CLIENT = "vpn-gw1-east", "telecommuter-1"


@pytest.fixture(scope="module")
def lab() -> LabIntent:
    return load(resources.labs() / "remote-access")


@pytest.fixture(scope="module", params=list(Crypto))
def network(lab: LabIntent, request: pytest.FixtureRequest) -> Network:
    return design(lab, request.param)


@pytest.fixture(scope="module")
def files(network: Network) -> dict[str, str]:
    return render(network)


def test_the_agent_reads_what_is_rendered_for_it(lab: LabIntent, files: dict[str, str]) -> None:
    config = parse(json.loads(files[f"{GATEWAY}/agent.json"]))
    (server,) = lab.aaa.values()
    assert config.aaa is not None
    assert (config.aaa.server, config.aaa.port) == (str(server.address.ip), server.authentication_port)
    assert [group.name for group in config.aaa.groups] == [
        name for name, group in lab.groups.items() if group.source == "radius"
    ]


def test_a_downloaded_group_is_as_a_local_one_would_be(lab: LabIntent, network: Network) -> None:
    """RADIUS's answer completes the connection to what charon would hold if the group were local."""
    config = parse(json.loads(render(network)[f"{GATEWAY}/agent.json"]))
    assert config.aaa is not None
    groups = {
        name: group.model_copy(update={"source": "local"}) if group.source == "radius" else group
        for name, group in lab.groups.items()
    }
    local = design(lab.model_copy(update={"groups": groups}), network.crypto).node(GATEWAY)
    assert local.ike is not None
    for group in config.aaa.groups:
        known = lab.groups[group.name]
        pairs = [("ipsec:addr-pool", str(known.pool)), ("ipsec:dns-servers", str(known.dns))]
        pairs += [("ipsec:route-set", f"prefix {prefix}") for prefix in known.split]
        told = profile(group, Answer(1, accepted=True, tunnel_password=known.key, pairs=tuple(pairs)))
        assert told.connections == {group.name: connection_message(local.connection(group.name))}
        held = [secret_message(secret) for secret in local.ike.secrets if secret.name == group.name]
        needed = network.crypto is Crypto.AS_PRINTED  # a certificate proves the gateway in the other one
        assert held == ([told.shared] if needed else [])


def test_pools_of_local_groups_are_in_swanctl_conf(lab: LabIntent, files: dict[str, str]) -> None:
    pools = parse_swanctl(files[f"{GATEWAY}/swanctl.conf"])["pools"]
    wanted = {}
    for group in lab.groups.values():
        if group.pool and group.source == "local":
            pool = lab.pools[group.pool]
            wanted[group.pool] = {"addrs": f"{pool.first}-{pool.last}", "dns": str(group.dns)}
    assert pools == wanted


def test_passwords_are_secrets_of_their_kind(network: Network) -> None:
    ike = network.node(CLIENT).ike
    assert ike is not None
    kind = "xauth" if network.crypto is Crypto.AS_PRINTED else "eap"
    password = ike.secrets[-1]
    assert secret_message(password)["type"] == kind.upper()
    assert secret_message(password)["id"] == f"{kind}-{password.name}"
    assert secret_section(password)["secret"] == f'"{password.secret}"'


def test_radius_is_asked_before_the_pool(files: dict[str, str]) -> None:
    """charon asks its providers of addresses in the order in which their plugins were loaded."""
    lines = files[f"{GATEWAY}/strongswan.conf"].splitlines()
    plugins = next(line.split() for line in lines if line.strip().startswith("load = "))
    assert plugins.index("eap-radius") < plugins.index("vici")


def test_nothing_of_remote_access_where_there_is_none(files: dict[str, str]) -> None:
    site = files["spoke-vpn1-east/strongswan.conf"]
    assert "eap" not in site
    assert "xauth" not in site
    assert "install_virtual_ip = no" in site
    assert "AAA" not in files["spoke-vpn1-east/node.env"]


def test_users_and_groups_of_the_server(lab: LabIntent, files: dict[str, str]) -> None:
    text = files["aaa/freeradius/users"]
    for name, user in lab.users.items():
        assert f"\n{name} Cleartext-Password := '{user.password}'\n\tClass := \"{user.group}\"," in text
    for name, group in lab.groups.items():
        entry = f"\n{name} Service-Type == Outbound-User, "
        assert (entry in text) is (group.source == "radius")


def test_a_client_speaks_through_the_tunnel_or_as_itself(lab: LabIntent, files: dict[str, str]) -> None:
    guard = files[f"{CLIENT}/nftables.conf"]
    own = lab.clients[CLIENT].address.ip
    assert guard.count(f"ip saddr != {own} rt ipsec missing counter drop") == 2
    assert guard.count(f"ip daddr != {own} meta ipsec missing counter drop") == 2
