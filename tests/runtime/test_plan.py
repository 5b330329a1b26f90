"""What the netns runtime puts on a host."""

from __future__ import annotations

from pathlib import Path

from offnet.runtime import clab, plan


def test_one_process_makes_all_namespaces_and_links(two: Path) -> None:
    made = plan.make(clab.load(two))
    assert made.files["links.batch"].decode() == (
        "netns add two-a\n"
        "netns add two-b\n"
        "link add name to-b mtu 1400 netns two-a type veth peer name to-a mtu 1400 netns two-b\n"
    )


def test_a_node_gets_its_folder_read_only_and_the_working_copy(two: Path) -> None:
    lines = plan.make(clab.load(two)).files["fstab/a"].decode().splitlines()
    base = "/run/offnet/labs/two"
    assert f"{base}/topology/a {base}/live/a/root/etc/offnet none X-mount.mkdir,bind,ro 0 0" in lines
    assert f"{base}/lib {base}/live/a/root/usr/lib/offnet none bind,ro 0 0" in lines
    assert lines[0].startswith(f"overlay {base}/live/a/root overlay lowerdir={base}/rootfs,")


def test_the_root_filesystem_of_the_host_is_used_where_there_is_one(two: Path) -> None:
    first = plan.make(clab.load(two), rootfs="/somewhere").files["fstab/b"].decode().splitlines()[0]
    assert "lowerdir=/somewhere," in first


def test_the_entrypoint_and_the_agent_travel_along(two: Path) -> None:
    files = plan.make(clab.load(two)).files
    assert files["lib/entrypoint.sh"].startswith(b"#!/bin/sh\n")
    assert not [name for name in files if "__pycache__" in name]


def test_the_same_topology_gives_the_same_plan(two: Path) -> None:
    assert plan.make(clab.load(two)) == plan.make(clab.load(two))
