"""Plain data to block-style YAML, one value after the other.

The library's own ``dump`` makes an object of every value, and keeps them all, before it writes
the first one: with 10,000 sites that took four times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import TypeAlias

import yaml

Value: TypeAlias = "str | int | bool | list[Value] | dict[str, Value]"

# By first character: what a reader takes for something else than text (true, null, 12, ...).
_NOT_TEXT = yaml.SafeDumper.yaml_implicit_resolvers


def block_yaml(document: Value) -> str:
    """The text of a document; strings that look like other types are quoted."""
    text = StringIO()
    emitter = yaml.CSafeDumper(text, width=120)
    emitter.open()
    emitter.emit(yaml.DocumentStartEvent(explicit=False))
    _write(document, emitter.emit)
    emitter.emit(yaml.DocumentEndEvent(explicit=False))
    emitter.close()
    emitter.dispose()
    return text.getvalue()


def _write(value: Value, emit: Callable[[yaml.Event], None]) -> None:
    if isinstance(value, dict):
        emit(yaml.MappingStartEvent(None, None, implicit=True, flow_style=False))
        for key, entry in value.items():
            emit(_scalar(key))
            _write(entry, emit)
        emit(yaml.MappingEndEvent())
    elif isinstance(value, list):
        emit(yaml.SequenceStartEvent(None, None, implicit=True, flow_style=False))
        for entry in value:
            _write(entry, emit)
        emit(yaml.SequenceEndEvent())
    else:
        emit(_scalar(value))


def _scalar(value: str | int) -> yaml.Event:
    plain = isinstance(value, int) or not _looks_like_another_type(value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return yaml.ScalarEvent(None, None, implicit=(plain, True), value=text)


def _looks_like_another_type(text: str) -> bool:
    suspects = _NOT_TEXT.get(text[:1])
    return suspects is not None and any(pattern.match(text) for _, pattern in suspects)
