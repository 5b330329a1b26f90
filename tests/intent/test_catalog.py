"""Labs listed, found, and begun anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from offnet.errors import LabError, UsageError
from offnet.intent import load
from offnet.intent.catalog import labs, new_lab, resolve

BASE = Path(__file__).parents[1] / "errors" / "base.yml"
MODELINE = "# yaml-language-server: $schema=../../docs/lab.schema.json\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the lab single-ip in labs/ and a schema in docs/."""
    folder = tmp_path / "checkout"
    (folder / "labs" / "single-ip").mkdir(parents=True)
    (folder / "docs").mkdir()
    (folder / "docs" / "lab.schema.json").write_text("{}")
    (folder / "labs" / "single-ip" / "lab.yml").write_text(MODELINE + BASE.read_text())
    return folder


def test_labs_are_listed_with_title_and_examples(checkout: Path) -> None:
    (entry,) = labs(checkout / "labs")
    assert (entry.name, entry.examples) == ("single-ip", "9-1, 9-6 to 9-18")
    assert entry.title.startswith("Off-net sites")
    assert entry.folder == checkout / "labs" / "single-ip"


def test_a_broken_lab_is_listed_with_its_error(checkout: Path) -> None:
    broken = checkout / "labs" / "broken"
    broken.mkdir()
    (broken / "lab.yml").write_text("name: broken\n")
    (checkout / "labs" / "notes").mkdir()
    listed = {entry.name: entry.error for entry in labs(checkout / "labs")}
    assert listed.keys() == {"broken", "single-ip"}
    assert isinstance(listed["broken"], LabError)
    assert listed["single-ip"] is None


def test_a_lab_is_found_by_name_or_path(checkout: Path) -> None:
    folder = checkout / "labs" / "single-ip"
    for way in ("single-ip", str(folder), f"{folder}/", str(folder / "lab.yml")):
        assert resolve(way, checkout / "labs") == folder


@pytest.mark.parametrize(
    ("lab", "said"),
    [
        ("singel-ip", "did you mean single-ip"),
        ("zzz", "name one of single-ip"),
        ("", "name one of"),
        ("../labs", "name one of"),
        ("a\0b", "name one of"),
        ("a" * 5000, "name one of"),
    ],
)
def test_an_unknown_lab_is_a_usage_error(lab: str, said: str, checkout: Path) -> None:
    with pytest.raises(UsageError, match=said):
        resolve(lab, checkout / "labs")


def test_a_folder_without_lab_yml_is_named(checkout: Path) -> None:
    with pytest.raises(UsageError, match=r"has no lab\.yml"):
        resolve(str(checkout), checkout / "labs")


def test_a_new_lab_loads_under_its_own_name(checkout: Path) -> None:
    schema = checkout / "docs" / "lab.schema.json"
    new = new_lab("two", checkout / "labs" / "single-ip", checkout / "labs" / "two", schema=schema)
    assert load(new).name == "two"
    assert (new / "lab.yml").read_text() == MODELINE + BASE.read_text().replace(
        "name: single-ip", "name: two"
    )
    assert "offnet check two" in (new / "README.md").read_text()
    assert sorted(path.name for path in (checkout / "labs").iterdir()) == ["single-ip", "two"]


def test_a_new_lab_outside_the_checkout_finds_the_schema(checkout: Path, tmp_path: Path) -> None:
    schema = checkout / "docs" / "lab.schema.json"
    new = new_lab(
        "mine", checkout / "labs" / "single-ip", tmp_path / "some" / "where" / "mine", schema=schema
    )
    assert f"$schema={schema.resolve()}\n" in (new / "lab.yml").read_text()
    assert f"offnet check {new}" in (new / "README.md").read_text()


@pytest.mark.parametrize("name", ["", "..", "a/b", "Two", "a" * 64])
def test_a_bad_name_makes_nothing(name: str, checkout: Path) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a lab"):
        new_lab(name, checkout / "labs" / "single-ip", checkout / "labs" / "new")
    assert not (checkout / "labs" / "new").exists()


def test_an_existing_folder_is_never_touched(checkout: Path) -> None:
    with pytest.raises(UsageError, match="exists already"):
        new_lab("single-ip", checkout / "labs" / "single-ip", checkout / "labs" / "single-ip")


def test_a_broken_source_is_told_and_makes_nothing(checkout: Path) -> None:
    (checkout / "labs" / "single-ip" / "lab.yml").write_text("name: x\n")
    with pytest.raises(LabError):
        new_lab("two", checkout / "labs" / "single-ip", checkout / "labs" / "two")
    assert [path.name for path in (checkout / "labs").iterdir()] == ["single-ip"]


def test_a_folder_that_cannot_be_made_is_a_usage_error(checkout: Path) -> None:
    (checkout / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be made"):
        new_lab("two", checkout / "labs" / "single-ip", checkout / "file" / "two")
