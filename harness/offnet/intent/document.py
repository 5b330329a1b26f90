"""YAML text to plain data, the careful way.

The subset: one document of mappings, lists and scalars; no anchors, aliases or tags, no key
twice. Plain scalars are resolved as YAML 1.2 does, so ``off`` and ``200:1`` are text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_DEPTH = 20
Step = str | int
KeyPath = tuple[Step, ...]

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_REAL = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMERIC = frozenset("0123456789+-.")


@dataclass(frozen=True, slots=True)
class Flaw:
    """A mistake in the text itself. ``fatal``: what the rest means is not to be trusted."""

    line: int
    path: KeyPath
    value: str
    allowed: str
    fatal: bool = True


@dataclass(slots=True)
class Document:
    """The data of a text, and its flaws."""

    data: Any = None
    flaws: list[Flaw] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether the data can be judged further."""
        return not any(flaw.fatal for flaw in self.flaws)


def read(text: str) -> Document:
    """The data of a YAML text; every flaw that can be told is told."""
    builder = _Builder()
    try:
        for event in events(text):
            builder.take(event)
    except _TooDeep:
        pass
    except yaml.MarkedYAMLError as error:
        builder.document.flaws.append(_syntax(text, error))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        flaw = Flaw(line, (), "text with a control character", "YAML text without control characters")
        builder.document.flaws.append(flaw)
    return builder.document


def events(text: str) -> Iterator[Any]:
    """The parser's events; raises yaml.YAMLError."""
    parsed: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
    return parsed


def _syntax(text: str, error: yaml.MarkedYAMLError) -> Flaw:
    mark = error.problem_mark or error.context_mark
    number = mark.line if mark else 0
    lines = text.splitlines()
    line = lines[number].strip() if number < len(lines) else "end of the file"
    said = error.problem or error.context
    return Flaw(number + 1, (), f"not YAML near {line!r}", f"text that a YAML parser reads; it says: {said}")


class _TooDeep(Exception):  # noqa: N818  a signal within this module, not an error for anyone
    """Stop reading: the flaw is recorded."""


class _Builder:
    """Takes parser events, builds data without recursion, notes flaws on the way."""

    def __init__(self) -> None:
        self.document = Document()
        self._documents = 0
        self._anchors: set[str] = set()
        self._open: list[Any] = []  # containers from the root to where we are
        self._names: list[Step] = []  # for each: its own key or index
        self._keys: list[Any] = []  # for each: the key that waits for its value (None: a key comes next)
        self._lines: list[dict[str, int]] = []  # for each: where its keys are
        self._take: dict[type[Any], Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: lambda event: self._start(event, {}),
            yaml.SequenceStartEvent: lambda event: self._start(event, []),
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }

    def take(self, event: Any) -> None:
        """The next event of the parser."""
        handler = self._take.get(type(event))
        if handler is not None:
            handler(event)

    def _flaw(self, event: Any, value: str, allowed: str, *, fatal: bool = True) -> None:
        path = (*self._names, *self._here())[1:]
        self.document.flaws.append(Flaw(event.start_mark.line + 1, path, value, allowed, fatal))

    def _here(self) -> KeyPath:
        """The key or index, in the innermost container, of what comes next."""
        if not self._open:
            return ("",)
        if type(self._open[-1]) is list:
            return (len(self._open[-1]),)
        return () if self._keys[-1] is None else (self._keys[-1],)

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._flaw(event, "more than one document", "one document a file")

    def _decorated(self, event: Any) -> None:
        if event.anchor is not None:
            self._anchor(event, f"&{event.anchor}")
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._flaw(event, tag, "no tags: plain mappings, lists, text and numbers only")

    def _anchor(self, event: Any, written: str) -> None:
        """One flaw a name: a bomb has thousands of aliases."""
        if event.anchor not in self._anchors:
            self._anchors.add(event.anchor)
            self._flaw(event, written, "no anchors and aliases: write the value where it belongs")

    def _scalar(self, event: Any) -> None:
        if event.anchor is not None or event.tag is not None:
            self._decorated(event)
        value = event.value
        if self._awaits_key():
            self._key(event, value)
            return
        self._add(event, _resolve(value) if event.style in (None, "") else value)

    def _awaits_key(self) -> bool:
        return bool(self._open) and type(self._open[-1]) is dict and self._keys[-1] is None

    def _key(self, event: Any, key: str) -> None:
        line = event.start_mark.line + 1
        first = self._lines[-1].setdefault(key, line)
        self._keys[-1] = key
        if key in self._open[-1]:
            self._flaw(event, "written twice", f"each key once; the first is on line {first}", fatal=False)

    def _add(self, event: Any, value: Any) -> None:
        if not self._open:
            self.document.data = value
            return
        container = self._open[-1]
        if type(container) is list:
            container.append(value)
            return
        key = self._keys[-1]
        if key is None:  # a list or mapping in the place of a key
            self._flaw(event, "using a list or mapping as a key", "text as a key")
            self._keys[-1] = ""
            return
        container.setdefault(key, value)
        self._keys[-1] = None

    def _start(self, event: Any, container: Any) -> None:
        self._decorated(event)
        name = (self._here() or ("",))[0]
        self._add(event, container)
        self._names.append(name)
        self._open.append(container)
        self._keys.append(None)
        self._lines.append({})
        if len(self._open) > MAX_DEPTH:
            self._flaw(event, "nested too deep", f"at most {MAX_DEPTH} levels")
            raise _TooDeep

    def _end(self, event: Any) -> None:
        del event
        self._open.pop()
        self._names.pop()
        self._keys.pop()
        self._lines.pop()

    def _alias(self, event: Any) -> None:
        self._anchor(event, f"*{event.anchor}")
        if self._awaits_key():
            self._keys[-1] = ""
        else:
            self._add(event, None)


def _resolve(text: str) -> Any:
    """A plain scalar by YAML 1.2's core schema, without octal and hexadecimal."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMERIC:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _REAL.fullmatch(text):
            return float(text)
    return text
