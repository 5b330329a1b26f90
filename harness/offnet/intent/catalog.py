"""The labs in a folder: listed, found by name or path, copied to begin a new one."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from offnet.errors import LabError, UsageError
from offnet.intent.loader import FILE_NAME, load
from offnet.intent.scalars import LabName

_NAME_LINE = re.compile(r"^name:[ \t]*[^\s#]+", re.MULTILINE)
_SCHEMA_LINE = re.compile(r"^# yaml-language-server: \$schema=.*$", re.MULTILINE)

_README = """\
# {name}

Made from the lab `{source}`. What this lab teaches, in one sentence: (write it here)

1. Edit `lab.yml`: `title` and `examples` first, then sites, VPNs and profiles. Mistakes are told all at once.
2. `offnet render {lab}` shows what the nodes will get.
3. `offnet check {lab}` brings it up, proves it, and takes it down.
4. `offnet up {lab}` leaves it running, to look around: `offnet show {lab} sa`, `offnet shell {lab} NODE`.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A lab in the list; ``name`` is its folder's, by which commands find it.

    ``error`` is set, and title and examples are empty, where its lab.yml is wrong.
    """

    name: str
    title: str
    examples: str
    folder: Path
    error: LabError | None = None


def labs(labs_dir: Path) -> tuple[Entry, ...]:
    """Every folder of ``labs_dir`` that has a lab.yml, by name."""
    return tuple(_entry(labs_dir / name) for name in _names(labs_dir))


def _names(labs_dir: Path) -> list[str]:
    names = (file.parent.name for file in labs_dir.glob(f"*/{FILE_NAME}"))
    return sorted(name for name in names if not name.startswith("."))


def _entry(folder: Path) -> Entry:
    try:
        intent = load(folder)
    except LabError as error:
        return Entry(folder.name, "", "", folder, error)
    return Entry(folder.name, intent.title, intent.examples, folder)


def resolve(lab: str, labs_dir: Path) -> Path:
    """The folder of a lab, which is a name in ``labs_dir`` or a path to a folder with a lab.yml."""
    if _valid(lab) and _is_lab(labs_dir / lab):
        return labs_dir / lab
    path = Path(lab)
    if lab and _is_lab(path):
        return path
    if path.name == FILE_NAME and _is_lab(path.parent):
        return path.parent
    raise UsageError(f"there is no lab {lab!r}: {_advice(lab, path, labs_dir)}")


def _is_lab(folder: Path) -> bool:
    try:
        return (folder / FILE_NAME).is_file()
    except OSError:  # a name that no file can have
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _advice(lab: str, path: Path, labs_dir: Path) -> str:
    if lab and _is_folder(path):
        return f"the folder {path} has no {FILE_NAME}"
    names = _names(labs_dir)
    near = get_close_matches(lab, names, 3, 0.5)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"name one of {', '.join(names) or 'none, there are no labs'}, or a folder with a {FILE_NAME}"


def _valid(name: str) -> bool:
    try:
        TypeAdapter(LabName).validate_python(name)
    except ValidationError:
        return False
    return True


def new_lab(name: str, source: Path, destination: Path, *, schema: Path | None = None) -> Path:
    """Begin the lab ``name`` in the new folder ``destination`` as a copy of the lab in ``source``.

    ``schema`` is the JSON Schema that editors are to use. Nothing is left behind on an error.
    """
    _check_name(name)
    if destination.exists():
        raise UsageError(f"{destination} exists already: choose another name, or remove it")
    intent = load(source)
    text = _copy(intent.path.read_text(encoding="utf-8-sig"), name, destination, schema)
    lab = name if schema is not None and _in_checkout(destination, schema) else str(destination)
    try:
        _create(destination, text, _README.format(name=name, source=intent.name, lab=lab), name)
    except OSError as error:
        raise UsageError(f"{destination} cannot be made: {error.strerror or error}") from None
    return destination


def _check_name(name: str) -> None:
    try:
        TypeAdapter(LabName).validate_python(name)
    except ValidationError as error:
        allowed = error.errors()[0]["msg"]
        raise UsageError(f"{name!r} cannot be the name of a lab: {allowed}") from None


def _copy(text: str, name: str, destination: Path, schema: Path | None) -> str:
    text = _NAME_LINE.sub(f"name: {name}", text, count=1)
    if schema is None:
        return text
    address = os.path.relpath(schema, destination) if _in_checkout(destination, schema) else schema.resolve()
    return _SCHEMA_LINE.sub(lambda _: f"# yaml-language-server: $schema={address}", text, count=1)


def _in_checkout(destination: Path, schema: Path) -> bool:
    """Whether the folder is one of the project's own labs, beside docs/lab.schema.json."""
    return destination.resolve().parent == schema.resolve().parent.parent / "labs"


def _create(destination: Path, text: str, readme: str, name: str) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=destination.parent))
    try:
        draft.chmod(0o755)
        (draft / FILE_NAME).write_text(text, encoding="utf-8")
        (draft / "README.md").write_text(readme, encoding="utf-8")
        if load(draft).name != name:
            raise UsageError(
                f"the name in the copied {FILE_NAME} could not be replaced: write it as `name: NAME`"
            )
        draft.rename(destination)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
