"""The topology file keeps the rules of containerlab 0.79's schema, and those that only its source tells."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

import pytest
import yaml

from offnet.design.allocate import MAX_INTERFACE_NAME
from offnet.network.model import Network
from offnet.picture.layout import layout

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
    "privileged",
    "cap-add",
    "security-opts",
    "healthcheck",
}
HEALTHCHECK_KEYS = {"test", "start-period", "interval", "timeout", "retries"}


@pytest.fixture(scope="session")
def text(network: Network, files: dict[str, str]) -> str:
    return files[f"{network.name}.clab.yml"]


@pytest.fixture(scope="session")
def document(text: str) -> Data:
    loaded: Data = yaml.safe_load(text)
    return loaded


def test_the_file_is_called_as_editors_and_deploy_expect(network: Network, files: dict[str, str]) -> None:
    topology = f"{network.name}.clab.yml"
    assert [path for path in files if "/" not in path] == [topology, f"{topology}.annotations.json"]


def test_keys_are_those_of_the_schema(document: Data) -> None:
    topology = document["topology"]
    assert set(document) == {"name", "mgmt", "topology"}
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
    assert document["mgmt"] == {"skip-when-unused": True}


def test_nodes_are_given_capabilities_by_name(document: Data) -> None:
    settings = [document["topology"]["defaults"], *document["topology"]["nodes"].values()]
    assert [found["privileged"] for found in settings if "privileged" in found] == [False]
    capabilities = document["topology"]["defaults"]["cap-add"]
    assert len(capabilities) == len(set(capabilities))
    assert "ALL" not in capabilities


def test_health_is_what_the_entrypoint_leaves(document: Data) -> None:
    health = document["topology"]["defaults"]["healthcheck"]
    assert set(health) == HEALTHCHECK_KEYS
    assert all(type(health[key]) is int for key in HEALTHCHECK_KEYS - {"test"})
    entrypoint = package_files("offnet.node").joinpath("entrypoint.sh").read_text()
    assert all(f"tell {Path(word).name} " in entrypoint for word in health["test"] if word.startswith("/"))


def test_the_editor_finds_every_node_in_a_place_of_its_own(
    network: Network, document: Data, files: dict[str, str]
) -> None:
    placed = json.loads(files[f"{network.name}.clab.yml.annotations.json"])["nodeAnnotations"]
    assert [node["id"] for node in placed] == list(document["topology"]["nodes"])
    assert len({(node["position"]["x"], node["position"]["y"]) for node in placed}) == len(placed)


def test_the_editor_has_the_picture_of_the_report(network: Network, files: dict[str, str]) -> None:
    placed = json.loads(files[f"{network.name}.clab.yml.annotations.json"])["nodeAnnotations"]
    boxes = [shape.rect for shape in layout(network).shapes]
    for node in placed:
        x, y = node["position"]["x"], node["position"]["y"]
        assert any(abs(box.center - x) <= 1 and abs(box.middle - y) <= 1 for box in boxes), node


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
