"""Removing what builds leave behind."""

from __future__ import annotations

from pathlib import Path

from offnet.artifacts.cleanup import mounts_below, remove_tree


def test_mounts_inside_a_folder_are_seen_and_only_those(tmp_path: Path) -> None:
    table = tmp_path / "mounts"
    table.write_text(
        "proc /srv/build/proc proc rw 0 0\n"
        "tmpfs /srv/build-2/tmp tmpfs rw 0 0\n"
        "udev /srv/build/a\\040b udev rw 0 0\n"
        "disk /srv/build ext4 rw 0 0\n"
    )
    assert mounts_below(Path("/srv/build"), table) == ["/srv/build/proc", "/srv/build/a b"]


def test_a_tree_is_removed_with_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "tree" / "inner").mkdir(parents=True)
    (tmp_path / "tree" / "inner" / "file").touch()
    remove_tree(tmp_path / "tree")
    assert not (tmp_path / "tree").exists()


def test_what_is_not_there_needs_no_removal(tmp_path: Path) -> None:
    remove_tree(tmp_path / "nothing")
    assert list(tmp_path.iterdir()) == []
