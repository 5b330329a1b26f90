"""Every bad lab of tests/errors gives its exact message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from offnet.design import design
from offnet.errors import LabError
from offnet.intent import load

ERRORS = Path(__file__).parents[1] / "errors"
CASES = sorted(folder.name for folder in ERRORS.iterdir() if folder.is_dir())


def bad_lab(case: Path) -> bytes:
    """The lab.yml of a case: its own, or base.yml with its patch."""
    own = case / "lab.yml"
    if own.is_file():
        return own.read_bytes()
    text = (ERRORS / "base.yml").read_text(encoding="utf-8")
    patch: dict[str, str] = yaml.safe_load((case / "patch.yml").read_text(encoding="utf-8"))
    for old, new in patch.items():
        assert text.count(old) == 1, f"{case.name}: {old!r} is {text.count(old)} times in base.yml"
        text = text.replace(old, new)
    return text.encode()


def test_the_base_itself_is_right() -> None:
    assert load(ERRORS / "base.yml").name == "single-ip"


@pytest.mark.parametrize("case", CASES)
def test_message(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Callable[[Path, str], None]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lab.yml").write_bytes(bad_lab(ERRORS / case))
    with pytest.raises(LabError) as error:
        design(load(Path("lab.yml")))
    golden(ERRORS / case / "expected.txt", f"{error.value}\n")
