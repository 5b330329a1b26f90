"""What the containerlab runtime puts on a host."""

from __future__ import annotations

from pathlib import Path

import yaml

from offnet.runtime import clab, clab_plan
from offnet.runtime.plan import DOWN, LIB


def test_the_topology_is_the_same_but_for_the_nodes_own_files(two: Path) -> None:
    plan = clab_plan.make(clab.load(two))
    written = yaml.safe_load((two / "two.clab.yml").read_text())
    put = yaml.safe_load(plan.files["topology/two.clab.yml"])
    assert put["topology"]["defaults"].pop("binds") == [f"{plan.directory}/lib:{LIB}:ro"]
    assert put == written
    assert (plan.lab, plan.nodes) == ("two", ("a", "b"))


def test_every_file_of_the_nodes_is_put_there(two: Path) -> None:
    files = clab_plan.make(clab.load(two)).files
    assert files["topology/a/node.env"] == (two / "a" / "node.env").read_bytes()
    assert {"lib/entrypoint.sh", clab_plan.UP, DOWN} <= set(files)
    assert files["plan.env"] == b"LAB='two'\nNODES='a b'\nVOLUMES=''\n"


def test_volumes_are_known_by_name_each_once(two: Path) -> None:
    path = two / "two.clab.yml"
    document = yaml.safe_load(path.read_text())
    document["topology"]["nodes"]["a"]["volumes"] = ["shared:/srv", "own:/var/own:ro"]
    document["topology"]["nodes"]["b"]["volumes"] = ["shared:/srv"]
    path.write_text(yaml.safe_dump(document))
    assert b"VOLUMES='shared own'\n" in clab_plan.make(clab.load(two)).files["plan.env"]
