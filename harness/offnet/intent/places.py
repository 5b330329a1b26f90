"""Where each key of a text is, and its value as written. Only made when there is something to report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from offnet.intent.document import KeyPath, events

LONGEST = 60
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Place:
    """A line, and the value that starts there."""

    line: int
    written: str


@dataclass(slots=True)
class _Open:
    """A container that is being read: a list has an index, a mapping may have a key that waits."""

    path: KeyPath
    line: int
    start: int
    flow: bool
    index: int | None
    key: tuple[str, int] | None = None

    @property
    def what(self) -> str:
        """What to call it where its text would be too long to show."""
        return "a mapping" if self.index is None else f"a list of {self.index}"


class Places:
    """Finds keys in a text that has been read without fatal flaws."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._spans: dict[KeyPath, tuple[int, slice | str]] = {}
        self._open: list[_Open] = []
        for event in events(text):
            self._take(event, type(event))

    def find(self, path: KeyPath) -> Place:
        """The place of a key; of its nearest ancestor, and no value, where there is no such key."""
        if path in self._spans:
            line, source = self._spans[path]
            return Place(line, source if isinstance(source, str) else show(self._text[source]))
        if not path:
            return Place(1, "empty")
        while path not in self._spans and path:
            path = path[:-1]
        return Place(self._spans[path][0] if path in self._spans else 1, MISSING)

    def key(self, path: KeyPath) -> Place:
        """The place of a key that is itself what is wrong."""
        return Place(self.find(path).line, show(str(path[-1])))

    def _take(self, event: Any, kind: type[Any]) -> None:
        if kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
            done = self._open.pop()
            span = slice(done.start, event.end_mark.index) if done.flow else done.what
            self._spans.setdefault(done.path, (done.line, span))
        elif kind in (yaml.MappingStartEvent, yaml.SequenceStartEvent):
            path, line = self._next(event)
            index = 0 if kind is yaml.SequenceStartEvent else None
            self._open.append(_Open(path, line, event.start_mark.index, event.flow_style, index))
        elif kind is yaml.ScalarEvent:
            self._scalar(event)

    def _scalar(self, event: Any) -> None:
        if self._open and self._open[-1].index is None and self._open[-1].key is None:
            self._open[-1].key = (event.value, event.start_mark.line + 1)
            return
        path, line = self._next(event)
        self._spans.setdefault(path, (line, slice(event.start_mark.index, event.end_mark.index)))

    def _next(self, event: Any) -> tuple[KeyPath, int]:
        """Path and line of the value that begins here: in a mapping, the line of its key."""
        if not self._open:
            return (), event.start_mark.line + 1
        container = self._open[-1]
        if container.index is not None:
            container.index += 1
            return (*container.path, container.index - 1), event.start_mark.line + 1
        key, line = container.key or ("", 1)
        container.key = None
        return (*container.path, key), line


def show(source: str) -> str:
    """Source text on one line, of bearable length, with nothing that upsets a terminal."""
    lines = (line.split(" #")[0] for line in source.splitlines() if not line.lstrip().startswith("#"))
    text = " ".join(" ".join(lines).split()) or "empty"
    if not text.isprintable():
        text = text.encode("unicode_escape").decode("ascii")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def dotted(path: KeyPath) -> str:
    """A key path as people write it: ``sites.ce1.lan``, ``keyrings.vpn1["192.0.2.1"]``, ``links[0]``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("-", "").replace("_", "").isalnum():
            text += f".{step}" if text else step
        else:
            text += f'["{show(step)}"]'
    return text or "the file"
