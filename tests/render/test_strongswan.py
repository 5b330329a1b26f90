"""swanctl.conf and the VICI messages say the same, because they come from the same values."""

from __future__ import annotations

from typing import Any

import pytest

from offnet.network.model import ChildSa, Crypto, IkeConnection, Network, Node
from offnet.render.strongswan import connection_message, secret_message

Section = dict[str, Any]


def parse(text: str) -> Section:
    """A reader of swanctl.conf's sections, settings and comments."""
    root: Section = {}
    open_sections = [root]
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("#") or not line:
            continue
        if line == "}":
            open_sections.pop()
            continue
        name, brace, rest = line.partition("{")
        if brace and not rest:
            assert name.strip() not in open_sections[-1], f"{name} twice"
            section: Section = {}
            open_sections[-1][name.strip()] = section
            open_sections.append(section)
            continue
        key, equals, value = line.partition(" = ")
        assert equals, line
        assert key not in open_sections[-1], f"{key} twice"
        open_sections[-1][key] = value
    assert open_sections == [root]
    return root


def flat(message: Any) -> Any:
    """A VICI message with its lists as swanctl.conf writes them."""
    if isinstance(message, dict):
        return {key: flat(value) for key, value in message.items()}
    return ", ".join(message) if isinstance(message, list) else message


def with_charon(network: Network) -> list[Node]:
    nodes = [node for node in network.nodes if node.ike]
    assert nodes
    return nodes


def all_connections(network: Network) -> list[IkeConnection]:
    return [c for node in with_charon(network) if node.ike for c in node.ike.connections]


def test_connections_are_those_of_the_vici_messages(network: Network, files: dict[str, str]) -> None:
    for node in with_charon(network):
        assert node.ike is not None
        seen = parse(files[f"{node.name}/swanctl.conf"])["connections"]
        assert seen == {c.name: flat(connection_message(c)) for c in node.ike.connections}


def test_secrets_are_those_of_the_vici_messages(network: Network, files: dict[str, str]) -> None:
    for node in with_charon(network):
        assert node.ike is not None
        seen = parse(files[f"{node.name}/swanctl.conf"])["secrets"]
        assert len(seen) == len(node.ike.secrets)
        for secret in node.ike.secrets:
            message, section = secret_message(secret), dict(seen[f"ike-{secret.name}"])
            assert message["type"] == "IKE"
            assert section.pop("secret") == f'"{message["data"]}"'
            assert list(section.values()) == message["owners"]
            assert all(key.startswith("id") for key in section)


def test_nobody_else_has_a_swanctl_conf(network: Network, files: dict[str, str]) -> None:
    names = {path.split("/")[0] for path in files if path.endswith("/swanctl.conf")}
    assert names == {node.name for node in with_charon(network)}


def test_a_connection_says_its_version_and_proposals(network: Network) -> None:
    for connection in all_connections(network):
        message = connection_message(connection)
        assert message["version"] == ("1" if network.crypto is Crypto.AS_PRINTED else "2")
        assert message["proposals"] == list(connection.proposals)


def test_dead_peers_are_found_as_the_version_finds_them(network: Network) -> None:
    for connection in all_connections(network):
        message = connection_message(connection)
        assert message["dpd_delay"] == f"{connection.dpd_delay}s"
        timeout = f"{connection.dpd_timeout}s" if connection.version == 1 else None
        assert message.get("dpd_timeout") == timeout


@pytest.mark.parametrize("if_id", [None, 7])
def test_an_if_id_is_said_for_both_ways_or_not_at_all(if_id: int | None, network: Network) -> None:
    template = all_connections(network)[0]
    child = ChildSa("c", ("10.0.0.0/24",), ("0.0.0.0/0",), ("aes256gcm16",), if_id=if_id)
    changed = IkeConnection(
        name="c",
        version=2,
        local_addresses=template.local_addresses,
        remote_addresses=template.remote_addresses,
        local=template.local,
        remote=template.remote,
        proposals=template.proposals,
        dpd_delay=10,
        dpd_timeout=60,
        children=(child,),
    )
    message: Any = connection_message(changed)["children"]
    expected = None if if_id is None else str(if_id)
    assert (message["c"].get("if_id_in"), message["c"].get("if_id_out")) == (expected, expected)


def test_an_end_that_must_not_rekey_never_does(network: Network) -> None:
    for connection in all_connections(network):
        message: Any = connection_message(connection)
        never = not connection.rekey
        assert (message["rekey_time"] == "0s") == never
        assert all((child["rekey_time"] == "0s") == never for child in message["children"].values())
