"""The JSON Schema of lab.yml, generated from the models, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from offnet.intent.models import LabIntent

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The JSON Schema of lab.yml (draft 2020-12)."""
    generated = LabIntent.model_json_schema(by_alias=True, mode="validation")
    _close(generated)
    return {"$schema": DIALECT, **generated}


def _close(part: Any) -> None:
    """Refuse names that fit no pattern: the generator lets them pass with any value."""
    if isinstance(part, dict):
        if "patternProperties" in part:
            part["additionalProperties"] = False
        for inner in part.values():
            _close(inner)
    elif isinstance(part, list):
        for inner in part:
            _close(inner)


def text() -> str:
    """The schema as it is committed."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def write_schema(path: Path) -> bool:
    """Writes the schema where it differs from what is there; says whether it did."""
    if path.exists() and path.read_text(encoding="utf-8") == text():
        return False
    path.write_text(text(), encoding="utf-8")
    return True
