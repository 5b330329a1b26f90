"""The topology file keeps the rules of containerlab 0.79's schema, and those that only its source tells."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from offnet.design.allocate import MAX_INTERFACE_NAME
from offnet.network.model import Network

Data = dict[str, Any]
LAB_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-._]*")
NODE_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-._|]*")
NODE_KEYS = {
    "image",
    "image-pull-policy",
    "restart-policy",
    "kind",
    "group",
    "binds",
    "labels",
    "network-mode",
    "entrypoint",
    "cmd",
    "env",
}


@pytest.fixture(scope="session")
def text(network: Network, files: dict[str, str]) -> str:
    return files[f"{network.name}.clab.yml"]


@pytest.fixture(scope="session")
def document(text: str) -> Data:
    loaded: Data = yaml.safe_load(text)
    return loaded


def test_the_file_is_called_as_editors_and_deploy_expect(network: Network, files: dict[str, str]) -> None:
    assert [path for path in files if "/" not in path] == [f"{network.name}.clab.yml"]


def test_keys_are_those_of_the_schema(document: Data) -> None:
    topology = document["topology"]
    assert set(document) == {"name", "topology"}
    assert set(topology) == {"defaults", "groups", "nodes", "links"}
    settings = [topology["defaults"], *topology["groups"].values(), *topology["nodes"].values()]
    assert set().union(*settings) <= NODE_KEYS


def test_names_have_the_schemas_form(document: Data) -> None:
    assert LAB_NAME.fullmatch(document["name"])
    assert all(NODE_NAME.fullmatch(name) for name in document["topology"]["nodes"])


def test_nodes_are_plain_linux_without_management_network_or_restart(document: Data) -> None:
    defaults = document["topology"]["defaults"]
    assert defaults["kind"] == "linux"
    assert defaults["network-mode"] == "none"
    assert defaults["restart-policy"] == "no"
    assert defaults["image-pull-policy"] in ("Always", "Never", "IfNotPresent")


def test_every_node_of_the_network_is_there_in_its_group(network: Network, document: Data) -> None:
    nodes, groups = document["topology"]["nodes"], document["topology"]["groups"]
    assert {name: node["group"] for name, node in nodes.items()} == {
        node.name: node.role.value for node in network.nodes
    }
    assert set(groups) == {node.role.value for node in network.nodes}


def test_every_node_gets_its_own_folder_which_exists(document: Data, files: dict[str, str]) -> None:
    for name, node in document["topology"]["nodes"].items():
        assert node["binds"] == [f"{name}:/etc/offnet:ro"]
        assert f"{name}/node.env" in files


def test_labels_are_text_or_numbers(document: Data) -> None:
    topology = document["topology"]
    for settings in (topology["defaults"], *topology["groups"].values()):
        for value in settings["labels"].values():
            assert (isinstance(value, int) and value >= 0) or (isinstance(value, str) and value)


def test_links_are_typed_with_two_ends_and_an_ethernet_mtu(network: Network, document: Data) -> None:
    links = document["topology"]["links"]
    assert len(links) == len(network.links)
    for link in links:
        assert set(link) == {"type", "mtu", "endpoints"}
        assert (link["type"], link["mtu"]) == ("veth", 1500)
        assert [set(end) for end in link["endpoints"]] == [{"node", "interface"}] * 2


def test_ends_are_interfaces_of_nodes_that_are_there_each_used_once(document: Data) -> None:
    ends = [
        (end["node"], end["interface"]) for link in document["topology"]["links"] for end in link["endpoints"]
    ]
    assert len(ends) == len(set(ends))
    assert {node for node, _ in ends} <= set(document["topology"]["nodes"])
    assert all(0 < len(interface) <= MAX_INTERFACE_NAME for _, interface in ends)
    assert "eth0" not in {interface for _, interface in ends}


def test_a_node_awaits_exactly_the_interfaces_that_it_is_given(document: Data, files: dict[str, str]) -> None:
    for name in document["topology"]["nodes"]:
        given = {
            end["interface"]
            for link in document["topology"]["links"]
            for end in link["endpoints"]
            if end["node"] == name
        }
        (line,) = [x for x in files[f"{name}/node.env"].splitlines() if x.startswith("INTERFACES=")]
        assert set(line.removeprefix("INTERFACES=").strip("'").split()) == given


def test_there_is_nothing_that_containerlab_expands(text: str) -> None:
    assert "{{" not in text
    assert "$" not in text


def test_a_title_is_not_expanded_either(
    grow: Callable[[int], Data], rendered: Callable[[Data], dict[str, str]]
) -> None:
    data = grow(1) | {"title": "It costs $5: ${HOME} {{ .Name }} {{{"}
    text = rendered(data)[f"{data['name']}.clab.yml"]
    assert "{{" not in text
    assert "$" not in text.replace("$$", "")


@pytest.mark.parametrize("name", ["no", "on", "y", "null", "true"])
def test_a_name_that_yaml_takes_for_something_else_stays_a_name(
    grow: Callable[[int], Data], rendered: Callable[[Data], dict[str, str]], name: str
) -> None:
    data = grow(1)
    data["sites"][name] = {"vpn": "vpn1", "lan": "10.200.0.0/24", "pe": "pe2"}
    topology = yaml.safe_load(rendered(data)[f"{data['name']}.clab.yml"])["topology"]
    assert name in topology["nodes"]
    assert name in {end["node"] for link in topology["links"] for end in link["endpoints"]}
