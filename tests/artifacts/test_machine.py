"""What a machine must have, and how its user is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from offnet.artifacts import machine
from offnet.errors import HostError


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with every tool of the builds, which do nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in machine.PACKAGES:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def keyring(tmp_path: Path) -> Path:
    file = tmp_path / "keyring.gpg"
    file.touch()
    return file


def test_a_complete_machine_misses_nothing(tools: Path, keyring: Path) -> None:
    machine.require_tools(str(tools), root=False, keyring=keyring)


@pytest.mark.parametrize(("tool", "package"), machine.PACKAGES.items())
def test_a_missing_tool_is_named_by_its_package(tools: Path, keyring: Path, tool: str, package: str) -> None:
    (tools / tool).unlink()
    with pytest.raises(HostError, match=f"\n    sudo apt-get install -y {package}\n"):
        machine.require_tools(str(tools), root=False, keyring=keyring)


def test_all_that_is_missing_is_one_line_to_copy(tmp_path: Path) -> None:
    with pytest.raises(HostError) as raised:
        machine.require_tools(str(tmp_path), root=False, keyring=tmp_path / "none")
    command = "    sudo apt-get install -y mmdebstrap uidmap e2fsprogs openssh-client debian-archive-keyring"
    assert command in str(raised.value).splitlines()


def test_root_needs_no_uidmap(tools: Path, keyring: Path) -> None:
    (tools / "newuidmap").unlink()
    machine.require_tools(str(tools), root=True, keyring=keyring)


@pytest.mark.parametrize("name", ["aarch64", "i686", "riscv64"])
def test_other_processors_are_refused(name: str) -> None:
    with pytest.raises(HostError, match=f"x86-64 only.*{name}"):
        machine.require_x86_64(name)


def test_x86_64_is_accepted() -> None:
    machine.require_x86_64("x86_64")


def test_a_user_without_subordinate_ids_is_told_the_command(tmp_path: Path) -> None:
    file = tmp_path / "subuid"
    file.write_text("somebody:100000:65536\n")
    machine.require_subordinate_ids([file], "somebody")
    with pytest.raises(HostError, match=r"sudo usermod --add-subuids .* learner"):
        machine.require_subordinate_ids([file], "learner")


def test_the_cache_is_where_xdg_says() -> None:
    assert machine.cache_root({"XDG_CACHE_HOME": "/big", "HOME": "/home/x"}) == Path("/big/offnet")
    assert machine.cache_root({"HOME": "/home/x"}) == Path("/home/x/.cache/offnet")


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "relative", "XDG_CACHE_HOME": "relative"}])
def test_no_home_at_all_names_the_remedy(environ: dict[str, str]) -> None:
    with pytest.raises(HostError, match="set XDG_CACHE_HOME"):
        machine.cache_root(environ)


def test_a_cache_that_cannot_be_made_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match=r"cannot be written .*set XDG_CACHE_HOME"):
        machine.make_writable(tmp_path / "file" / "cache")


def test_work_is_done_where_others_may_pass_and_there_is_room(tmp_path: Path, scratch: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert machine.scratch_base(closed, 1, {"TMPDIR": str(scratch)}) == scratch


def test_the_preferred_place_wins_when_it_is_open(scratch: Path) -> None:
    opened = scratch / "open"
    opened.mkdir(mode=0o755)
    assert machine.scratch_base(opened, 1, {"TMPDIR": str(scratch)}) == opened


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_of_somebody_else_names_the_remedy() -> None:
    with pytest.raises(HostError, match="set XDG_CACHE_HOME"):
        machine.make_writable(Path("/srv/offnet"))


@pytest.mark.parametrize(("value", "told"), [("1\n", True), ("0\n", False)])
def test_apparmor_is_named_where_it_restricts(tmp_path: Path, value: str, told: bool) -> None:
    switch = tmp_path / "switch"
    switch.write_text(value)
    assert ("apparmor_restrict_unprivileged_userns=0" in machine.userns_advice(switch, root=False)) is told
