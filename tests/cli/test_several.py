"""What the command of one lab among several is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from offnet.cli import several, side_by_side
from offnet.cli.proving import Files, Wish
from offnet.network.model import Crypto

FOLDERS = [Path("labs/one"), Path("labs/two")]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines that would have been run, without the program."""
    asked: list[list[str]] = []

    def run(folders: list[Path], _jobs: int, command: side_by_side.Command) -> int:
        asked.extend(list(command(folder))[3:] for folder in folders)
        return 0

    monkeypatch.setattr(side_by_side, "run", run)
    monkeypatch.setattr(side_by_side, "longest_first", lambda folders, *_, **__: folders)
    monkeypatch.setattr("offnet.session.supplies", lambda *_: None)
    monkeypatch.setattr("offnet.runtime.select.choose", lambda *_: None)
    return asked


def test_every_wish_is_passed_on_and_files_are_named_by_their_lab(commands: list[list[str]]) -> None:
    wish = Wish("isolation", Crypto.MODERN, "netns", "sandbox", keep=True, faults=True)
    files = Files(json=Path("a.json"), junit=Path("x/b.xml"), html=Path("c.html"), markdown=Path("d.md"))
    assert several.check_all(FOLDERS, wish, files, jobs=2) == 0
    assert commands[0] == [
        *("check", "labs/one", "-k", "isolation", "--crypto", "modern", "--runtime", "netns"),
        *("--host", "sandbox", "--json", "a-one.json", "--junit", "x/b-one.xml"),
        *("--html", "c-one.html", "--markdown", "d-one.md", "--keep", "--faults"),
    ]
    assert commands[1][7:9] == commands[0][7:9]
    assert "a-two.json" in commands[1]


def test_what_is_not_wished_is_left_to_its_default(commands: list[list[str]]) -> None:
    several.check_all(FOLDERS, Wish(), Files(), jobs=0)
    assert commands == [["check", "labs/one"], ["check", "labs/two"]]
