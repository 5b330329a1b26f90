"""Modules imported while something else is awaited."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from offnet.meanwhile import importing


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that modules are imported from; what came from there is forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("meanwhile_good", "meanwhile_broken"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def test_they_are_there_afterwards(place: Path) -> None:
    (place / "meanwhile_good.py").write_text("value = 1\n")
    with importing("meanwhile_good"):
        pass
    assert sys.modules["meanwhile_good"].value == 1


def test_what_is_wrong_with_one_is_told_where_it_is_used_and_spares_the_others(place: Path) -> None:
    (place / "meanwhile_broken.py").write_text("1 / 0\n")
    (place / "meanwhile_good.py").write_text("value = 1\n")
    with importing("meanwhile_broken", "meanwhile_good"):
        pass
    assert "meanwhile_good" in sys.modules
    with pytest.raises(ZeroDivisionError):
        import meanwhile_broken  # type: ignore[import-not-found]  # noqa: F401, PLC0415 - it is the test's own


def test_an_error_inside_is_passed_on() -> None:
    with pytest.raises(KeyboardInterrupt), importing("offnet"):
        raise KeyboardInterrupt
