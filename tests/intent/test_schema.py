"""The JSON Schema of lab.yml: committed, right about good labs and about bad ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from offnet import resources
from offnet.intent.loader import plain_data
from offnet.intent.schema import schema, text, write_schema

LABS = sorted(resources.labs().glob("*/lab.yml"))
# Mistakes that a schema can see; the others are relations between parts, or more than a pattern can tell.
SEEN = (
    "unknown-keys",
    "wrong-types",
    "missing-keys",
    "missing-section",
    "incomplete-profile",
    "names-with-path-tricks",
    "ike-policy-in-profile",
    "broken-algorithms-in-modern",
    "as-number-out-of-range",
    "keys-that-cannot-be-written",
)
ERRORS = Path(__file__).parents[1] / "errors"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


def test_the_committed_schema_is_the_generated_one() -> None:
    assert resources.schema().read_text(encoding="utf-8") == text(), (
        "run `make render`, or write_schema(path)"
    )


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.parent.name)
def test_labs_are_valid(lab: Path, validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(plain_data(lab))


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.parent.name)
def test_labs_name_the_schema_for_editors(lab: Path) -> None:
    first = lab.read_text(encoding="utf-8").splitlines()[0]
    prefix = "# yaml-language-server: $schema="
    assert first.startswith(prefix)
    assert (lab.parent / first.removeprefix(prefix)).resolve() == resources.schema().resolve()


@pytest.mark.parametrize("case", SEEN)
def test_editors_mark_bad_labs(case: str, tmp_path: Path, validator: jsonschema.Draft202012Validator) -> None:
    base = (ERRORS / "base.yml").read_text(encoding="utf-8")
    for old, new in yaml.safe_load((ERRORS / case / "patch.yml").read_text(encoding="utf-8")).items():
        base = base.replace(old, new)
    file = tmp_path / "lab.yml"
    file.write_text(base, encoding="utf-8")
    assert not validator.is_valid(plain_data(file))


def properties(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of every object in a schema."""
    if isinstance(part, dict):
        for name, inner in part.get("properties", {}).items():
            yield f"{path}.{name}", inner
        for name, inner in part.items():
            yield from properties(inner, f"{path}.{name}")


def test_every_field_teaches() -> None:
    assert not [path for path, field in properties(schema()) if not field.get("description")]


def test_writing_says_whether_something_changed(tmp_path: Path) -> None:
    assert write_schema(tmp_path / "schema.json")
    assert not write_schema(tmp_path / "schema.json")
