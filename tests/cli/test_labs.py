"""Labs as files: listed, copied, rendered, compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from offnet import cli


def _json(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return found


def test_list_names_the_labs(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["list"]) == 0
    assert "single-ip" in capsys.readouterr().out


def test_list_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["list", "--json"]) == 0
    assert {"single-ip"} <= {entry["lab"] for entry in _json(capsys)}


def test_a_new_lab_renders_like_its_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["new", "mine", "--from", "single-ip", "--into", str(tmp_path)]) == 0
    assert str(tmp_path / "mine" / "lab.yml") in capsys.readouterr().out
    assert cli.run(["render", str(tmp_path / "mine"), "--into", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out/mine/mine.clab.yml").is_file()


def test_check_finds_what_is_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["render", "single-ip", "--into", str(tmp_path)]
    assert cli.run([*command, "--check"]) == 1
    assert cli.run(command) == 0
    assert cli.run([*command, "--check"]) == 0
    (tmp_path / "single-ip/pe2/node.env").write_text("NODE=other\n")
    capsys.readouterr()
    assert cli.run([*command, "--check"]) == 1
    assert "-NODE=other" in capsys.readouterr().out


def test_the_other_variant_goes_elsewhere(tmp_path: Path) -> None:
    assert cli.run(["render", "single-ip", "--crypto", "modern", "--into", str(tmp_path)]) == 0
    assert "version = 2" in (tmp_path / "single-ip/vpn-gw1-east/swanctl.conf").read_text()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "single-ip").mkdir()
    (tmp_path / "single-ip/thesis.txt").write_text("precious")
    assert cli.run(["render", "single-ip", "--into", str(tmp_path)]) == 2
    assert (tmp_path / "single-ip/thesis.txt").read_text() == "precious"


def test_a_broken_lab_tells_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["new", "mine", "--from", "single-ip", "--into", str(tmp_path)]) == 0
    file = tmp_path / "mine/lab.yml"
    file.write_text(file.read_text().replace("as: 1001", "as: many").replace("role: p,", "role: q,"))
    capsys.readouterr()
    assert cli.run(["render", str(tmp_path / "mine"), "--into", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert told.count("error:") == 2
    assert "provider.as" in told
    assert "2 problems" in told


def test_the_committed_schema_is_current() -> None:
    assert cli.run(["schema", "--check"]) == 0


def test_a_stale_schema_is_found(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text("{}\n")
    assert cli.run(["schema", "--check", "--into", str(file)]) == 1
    assert cli.run(["schema", "--into", str(file)]) == 0
    assert cli.run(["schema", "--check", "--into", str(file)]) == 0


@pytest.mark.parametrize("lab", ["single-ip", "l2vpn", "pe-pe"])
def test_the_committed_picture_is_current(lab: str) -> None:
    assert cli.run(["picture", lab, "--check"]) == 0


def test_a_picture_is_drawn_where_it_is_wanted(tmp_path: Path) -> None:
    file = tmp_path / "topology.svg"
    assert cli.run(["picture", "single-ip", "--into", str(file), "--check"]) == 1
    assert cli.run(["picture", "single-ip", "--into", str(file)]) == 0
    assert "spoke-vpn2-east" in file.read_text()
