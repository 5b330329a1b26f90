"""lab.yml to :class:`LabIntent`, or every mistake in it at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from offnet.errors import LabError, Problem, UsageError
from offnet.intent.document import Document, Flaw, read
from offnet.intent.explain import findings, wrong_paths
from offnet.intent.finding import Finding
from offnet.intent.models import LabIntent
from offnet.intent.places import MISSING, Places, dotted, show
from offnet.intent.rules import judge
from offnet.intent.salvage import Scope, salvage

FILE_NAME = "lab.yml"
MAX_BYTES = 16 * 1024 * 1024  # ten thousand sites take 1.5 MB


def load(path: Path) -> LabIntent:
    """The lab in a lab.yml, or in a folder that has one.

    Raises UsageError where there is no such file, LabError with every problem otherwise.
    """
    file = _file(path)
    source = _Source(file, _text(file))
    document = read(source.text)
    if not document.usable:
        raise LabError(_sorted(source.flaw(flaw) for flaw in document.flaws))
    intent, found = _judge(document.data)
    problems = [source.flaw(flaw) for flaw in document.flaws]
    if found:
        places = Places(source.text)
        problems += [source.problem(finding, places) for finding in found]
    if problems or intent is None:
        raise LabError(_sorted(problems))
    return intent.read_from(file, source.text)


def refuse(intent: LabIntent, found: Iterable[Finding]) -> None:
    """Raises LabError for mistakes that only a later step can see, told like those of the loader.

    Does nothing where nothing was found. Lines are those of the text that the intent was read from.
    """
    mistakes = tuple(found)
    if mistakes:
        source = _Source(intent.path, intent.text)
        places = Places(source.text) if source.text else None
        raise LabError(_sorted(source.problem(finding, places) for finding in mistakes))


def plain_data(path: Path) -> Any:
    """The data of a lab.yml before any model sees it, for tools that validate by themselves."""
    file = _file(path)
    source = _Source(file, _text(file))
    document: Document = read(source.text)
    if document.flaws:
        raise LabError(_sorted(source.flaw(flaw) for flaw in document.flaws))
    return document.data


def _judge(data: Any) -> tuple[LabIntent | None, list[Finding]]:
    """The models first; then the rules, on whatever the models accepted."""
    try:
        intent = LabIntent.model_validate(data)
    except ValidationError as error:
        scope = salvage(data, wrong_paths(error, data))
        return None, [*findings(error, data), *judge(scope)]
    return intent, list(judge(Scope(intent)))


def _file(path: Path) -> Path:
    try:
        if path.is_dir():
            path = path / FILE_NAME
        if path.is_file():
            return path
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from None
    if path.exists():
        raise UsageError(f"{path} is not a file")
    if path.name == FILE_NAME and path.parent.is_dir():
        raise UsageError(f"{path.parent} has no {FILE_NAME}")
    raise UsageError(f"{path} does not exist")


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise LabError((Problem(file, "the file", "too large", f"at most {MAX_BYTES >> 20} MiB"),))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        value = f"not text (byte 0x{content[error.start]:02x})"
        raise LabError((Problem(file, "the file", value, "text in UTF-8", line),)) from None


@dataclass(frozen=True, slots=True)
class _Source:
    """A file and its text: turns mistakes into problems with lines and values as written."""

    file: Path
    text: str

    def flaw(self, flaw: Flaw) -> Problem:
        """A mistake in the text itself."""
        return Problem(self.file, dotted(flaw.path), show(flaw.value), flaw.allowed, flaw.line)

    def problem(self, finding: Finding, places: Places | None) -> Problem:
        """A mistake in what the text says; without a line where there is no text."""
        if places is None:
            return Problem(self.file, dotted(finding.path), finding.value or MISSING, finding.expected)
        place = places.key(finding.path) if finding.of_key else places.find(finding.path)
        value = place.written if finding.value is None else finding.value
        also = f" (line {places.find(finding.see).line})" if finding.see else ""
        return Problem(self.file, dotted(finding.path), value, f"{finding.expected}{also}", place.line)


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda one: (one.line or 0, one.key, one.allowed)))
