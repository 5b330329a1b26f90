"""Plain data to block-style YAML, one value after the other.

The library's own ``dump`` makes an object of every value, and keeps them all, before it writes
the first one: with 10,000 sites that took longer than everything else in the file's making.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import yaml

Value: TypeAlias = "str | int | list[Value] | dict[str, Value]"

# By first character: what a reader takes for something else than text (true, null, 12, ...).
_NOT_TEXT = yaml.SafeDumper.yaml_implicit_resolvers


def block_yaml(document: Value) -> str:
    """The text of a document; strings that look like other types are quoted."""
    text: str = yaml.emit(_stream(document), Dumper=yaml.CSafeDumper, width=120)
    return text


def _stream(document: Value) -> Iterator[yaml.Event]:
    yield yaml.StreamStartEvent()
    yield yaml.DocumentStartEvent(explicit=False)
    yield from _events(document)
    yield yaml.DocumentEndEvent(explicit=False)
    yield yaml.StreamEndEvent()


def _events(value: Value) -> Iterator[yaml.Event]:
    if isinstance(value, dict):
        yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=False)
        for key, entry in value.items():
            yield _scalar(key)
            yield from _events(entry)
        yield yaml.MappingEndEvent()
    elif isinstance(value, list):
        yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=False)
        for entry in value:
            yield from _events(entry)
        yield yaml.SequenceEndEvent()
    else:
        yield _scalar(value)


def _scalar(value: str | int) -> yaml.Event:
    plain = isinstance(value, int) or not _looks_like_another_type(value)
    return yaml.ScalarEvent(None, None, implicit=(plain, True), value=str(value))


def _looks_like_another_type(text: str) -> bool:
    return any(pattern.match(text) for _, pattern in _NOT_TEXT.get(text[:1], ()))
