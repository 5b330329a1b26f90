"""Rendered files on disk: written, or compared with what is there."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path


def write(files: Mapping[str, str], folder: Path) -> None:
    """Makes the folder hold these files and no others; what is the same already is not touched."""
    for stale in _existing(folder) - files.keys():
        (folder / stale).unlink()
    for parent in {(folder / path).parent for path in files}:
        parent.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        target = folder / path
        if not target.is_file() or target.read_text() != text:
            target.write_text(text)
    _remove_empty(folder)


def difference(files: Mapping[str, str], folder: Path) -> str:
    """A unified diff from the folder to these files; empty where they agree."""
    paths = sorted(_existing(folder) | files.keys())
    return "".join(_file_difference(folder, path, files.get(path)) for path in paths)


def _file_difference(folder: Path, path: str, wanted: str | None) -> str:
    target = folder / path
    there = target.read_text() if target.is_file() else None
    if there == wanted:
        return ""
    old = f"{folder.name}/{path}" if there is not None else "/dev/null"
    new = f"{folder.name}/{path} (rendered)" if wanted is not None else "/dev/null"
    lines = difflib.unified_diff(
        (there or "").splitlines(keepends=True), (wanted or "").splitlines(keepends=True), old, new
    )
    return "".join(lines)


def _existing(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _remove_empty(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
