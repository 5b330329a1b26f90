from __future__ import annotations

from pathlib import Path

from offnet.render.tree import difference, write

FILES = {"lab.clab.yml": "name: lab\n", "pe/ip.batch": "one\ntwo\n", "pe/frr/zebra.conf": "hostname pe\n"}


def on_disk(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_folder_is_made_and_holds_the_files(tmp_path: Path) -> None:
    write(FILES, tmp_path / "topologies" / "lab")
    assert on_disk(tmp_path / "topologies" / "lab") == FILES
    assert difference(FILES, tmp_path / "topologies" / "lab") == ""


def test_files_that_are_no_more_go_and_so_do_folders_that_they_leave_empty(tmp_path: Path) -> None:
    write(FILES | {"old/frr/bgpd.conf": "x\n", "pe/frr/bgpd.conf": "x\n"}, tmp_path)
    (tmp_path / "was" / "empty").mkdir(parents=True)
    write(FILES, tmp_path)
    assert on_disk(tmp_path) == FILES
    assert {path.name for path in tmp_path.rglob("*") if path.is_dir()} == {"pe", "frr"}


def test_what_is_the_same_is_not_touched(tmp_path: Path) -> None:
    write(FILES, tmp_path)
    before = {path: (tmp_path / path).stat().st_mtime_ns for path in FILES}
    write(FILES | {"pe/ip.batch": "three\n"}, tmp_path)
    after = {path: (tmp_path / path).stat().st_mtime_ns for path in FILES}
    assert {path for path in FILES if before[path] != after[path]} == {"pe/ip.batch"}


def test_it_tells_whether_anything_changed(tmp_path: Path) -> None:
    assert write(FILES, tmp_path)
    assert not write(FILES, tmp_path)
    assert write(FILES | {"pe/ip.batch": "three\n"}, tmp_path)
    assert write({"lab.clab.yml": FILES["lab.clab.yml"]}, tmp_path)
    assert not write({"lab.clab.yml": FILES["lab.clab.yml"]}, tmp_path)


def test_a_file_where_a_folder_is_wanted_and_the_other_way_round(tmp_path: Path) -> None:
    write({"pe": "a file\n", "p/ip.batch": "a folder\n"}, tmp_path)
    swapped = {"pe/ip.batch": "a folder\n", "p": "a file\n"}
    write(swapped, tmp_path)
    assert on_disk(tmp_path) == swapped


def test_a_changed_file_is_told_line_by_line(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    write(FILES, folder)
    assert difference(FILES | {"pe/ip.batch": "one\nthree\n"}, folder) == (
        "--- lab/pe/ip.batch\n+++ lab/pe/ip.batch (rendered)\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n"
    )


def test_a_file_too_many_and_one_too_few_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    write({"old": "was\n", "kept": "is\n"}, folder)
    assert difference({"kept": "is\n", "new": "will be\n"}, folder) == (
        "--- /dev/null\n+++ lab/new (rendered)\n@@ -0,0 +1 @@\n+will be\n"
        "--- lab/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-was\n"
    )


def test_a_folder_that_is_not_there_lacks_every_file(tmp_path: Path) -> None:
    told = difference(FILES, tmp_path / "lab")
    assert [line for line in told.splitlines() if line.startswith("+++")] == [
        f"+++ lab/{path} (rendered)" for path in sorted(FILES)
    ]


def test_a_missing_newline_at_the_end_is_a_difference(tmp_path: Path) -> None:
    write({"a": "one\ntwo"}, tmp_path)
    assert "\\ No newline at end of file" in difference({"a": "one\ntwo\n"}, tmp_path)


def test_a_file_that_is_no_text_is_a_difference_not_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff\xfe\n")
    assert difference({"a": "one\n"}, tmp_path) != ""
    write({"a": "one\n"}, tmp_path)
    assert on_disk(tmp_path) == {"a": "one\n"}
