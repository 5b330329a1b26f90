"""Rendered files on disk: written, or compared with what is there."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path


def write(files: Mapping[str, str], folder: Path) -> bool:
    """Makes the folder hold these files and no others; what is the same already is not touched.

    True if anything was written or removed.
    """
    existing = _existing(folder)
    stale = existing - files.keys()
    changed = bool(stale)
    for path in stale:
        (folder / path).unlink()
    _remove_empty(folder)
    for parent in {os.path.dirname(path) for path in files}:  # noqa: PTH120 - text: a Path each is slow
        (folder / parent).mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        target, wanted = folder / path, text.encode()
        if path not in existing or target.read_bytes() != wanted:
            target.write_bytes(wanted)
            changed = True
    return changed


def difference(files: Mapping[str, str], folder: Path) -> str:
    """A unified diff from the folder to these files; empty where they agree."""
    existing = _existing(folder)
    return "".join(
        line
        for path in sorted(existing | files.keys())
        for line in _file_difference(folder, path, files.get(path), there=path in existing)
    )


def _file_difference(folder: Path, path: str, wanted: str | None, *, there: bool) -> Iterator[str]:
    seen = (folder / path).read_bytes() if there else b""
    if there and wanted is not None and seen == wanted.encode():
        return
    old = f"{folder.name}/{path}" if there else "/dev/null"
    new = f"{folder.name}/{path} (rendered)" if wanted is not None else "/dev/null"
    before = seen.decode(errors="replace").splitlines(keepends=True)
    for line in difflib.unified_diff(before, (wanted or "").splitlines(keepends=True), old, new):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _existing(folder: Path) -> set[str]:
    """All files below the folder, as paths relative to it."""
    start = len(str(folder)) + 1
    return {
        os.path.join(parent, name)[start:]  # noqa: PTH118 - text: a Path each is slow
        for parent, _, names in os.walk(folder)
        for name in names
    }


def _remove_empty(folder: Path) -> None:
    for parent, _, _ in os.walk(folder, topdown=False):
        if parent != str(folder) and not os.listdir(parent):  # noqa: PTH208 - stops at no first entry
            Path(parent).rmdir()
