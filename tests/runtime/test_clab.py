"""Reading containerlab topology files."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from offnet.errors import LabError
from offnet.runtime import clab


def edited(folder: Path, **changes: object) -> Path:
    """The two-node topology with keys of its topology section replaced."""
    path = clab.find(folder)
    document = yaml.safe_load(path.read_text())
    document["topology"] |= changes
    path.write_text(yaml.safe_dump(document))
    return folder


def test_nodes_binds_and_links_are_read(two: Path) -> None:
    topology = clab.load(two)
    assert topology.name == "two"
    assert topology.nodes["a"].binds == (clab.Bind("a", "/etc/offnet", read_only=True),)
    assert topology.links == (clab.VethLink(clab.Endpoint("a", "to-b"), clab.Endpoint("b", "to-a"), 1400),)
    assert sorted(topology.files()) == sorted(
        f"{node}/{name}" for node in ("a", "b") for name in ("ip.batch", "node.env", "sysctl.conf")
    )


def test_the_short_form_of_endpoints_and_the_default_mtu(two: Path) -> None:
    links = clab.load(edited(two, links=[{"endpoints": ["a:eth1", "b:eth1"]}])).links
    assert links == (clab.VethLink(clab.Endpoint("a", "eth1"), clab.Endpoint("b", "eth1"), 9500),)


def test_binds_are_inherited_and_the_node_wins(two: Path) -> None:
    edited(
        two,
        defaults={"kind": "linux", "binds": ["b:/shared:ro", "b:/etc/offnet:ro"]},
        groups={"pe": {"binds": ["a:/group"]}},
        nodes={"a": {"group": "pe", "binds": ["a:/etc/offnet:ro"]}, "b": None},
    )
    nodes = clab.load(two).nodes
    assert [(bind.source, bind.target, bind.read_only) for bind in nodes["a"].binds] == [
        ("b", "/shared", True),
        ("a", "/etc/offnet", True),
        ("a", "/group", False),
    ]
    assert [bind.target for bind in nodes["b"].binds] == ["/shared", "/etc/offnet"]


def test_volumes_are_inherited_and_each_is_named_once(two: Path) -> None:
    edited(
        two,
        defaults={"volumes": ["shared:/shared", "all:/own"]},
        nodes={"a": {"volumes": ["mine:/own:ro"]}, "b": None},
    )
    topology = clab.load(two)
    assert topology.nodes["a"].volumes == (
        clab.Volume("shared", "/shared", read_only=False),
        clab.Volume("mine", "/own", read_only=True),
    )
    assert topology.volumes() == ("shared", "mine", "all")
    assert topology.files() == {}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"nodes": {"a": {"volumes": ["/etc:/etc/offnet"]}}}, "topology.nodes.a.volumes"),
        ({"nodes": {"a": {"volumes": ["x:/../etc"]}}}, "topology.nodes.a.volumes"),
        ({"nodes": {"a": {"volumes": ["x:relative:ro"]}}}, "topology.nodes.a.volumes"),
        ({"nodes": {"../x": None}}, "topology.nodes"),
        ({"nodes": {"a": {"binds": ["/etc:/etc/offnet"]}}}, "topology.nodes.a.binds"),
        ({"nodes": {"a": {"binds": ["../two/a:/etc/offnet"]}}}, "topology.nodes.a.binds"),
        ({"nodes": {"a": {"binds": ["missing:/etc/offnet"]}}}, "topology.nodes.a.binds"),
        ({"nodes": {"a": {"binds": ["a:/etc/../root"]}}}, "topology.nodes.a.binds"),
        ({"nodes": []}, "topology.nodes"),
        ({"links": [{"type": "vxlan"}]}, "topology.links.0.type"),
        ({"links": [{"endpoints": ["a:eth1"]}]}, "topology.links.0.endpoints"),
        ({"links": [{"endpoints": ["a:eth1", "a:eth1"]}]}, "topology.links.0.endpoints"),
        ({"links": [{"endpoints": ["a:eth1", "c:eth1"]}]}, "topology.links.0.endpoints"),
        ({"links": [{"endpoints": ["a:sixteen-letters-", "b:x"]}]}, "topology.links.0.endpoints"),
    ],
)
def test_what_cannot_be_made_is_named(two: Path, changes: dict[str, object], key: str) -> None:
    with pytest.raises(LabError) as caught:
        clab.load(edited(two, **changes))
    assert key in {problem.key for problem in caught.value.problems}


def test_all_problems_come_at_once(two: Path) -> None:
    links = [{"type": "vxlan"}, {"endpoints": ["a:x", "c:x"]}]
    with pytest.raises(LabError) as caught:
        clab.load(edited(two, links=links))
    assert len(caught.value.problems) >= 3


@pytest.mark.parametrize("text", ["a: [", "- 1", "", "name: x\ntopology: 5\n"])
def test_a_file_that_is_no_topology(two: Path, text: str) -> None:
    clab.find(two).write_text(text)
    with pytest.raises(LabError):
        clab.load(two)


def test_a_folder_holds_exactly_one(two: Path) -> None:
    with pytest.raises(LabError, match="none"):
        clab.load(two / "a")
    (two / "second.clab.yml").write_text("")
    with pytest.raises(LabError, match=r"second\.clab\.yml, two\.clab\.yml"):
        clab.load(two)
