"""Files as one tar archive: how they travel to a host, and back."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath


def pack(
    files: Mapping[str, bytes], *, directories: Collection[str] = (), private: Collection[str] = ()
) -> bytes:
    """One archive of all files, owned by root, with every directory on their way.

    Scripts (``*.sh``) are executable, files named in ``private`` readable by their owner only.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in sorted({*directories, *_parents(files), *_parents(directories)}):
            archive.addfile(_entry(name, 0o755, tarfile.DIRTYPE))
        for name, content in sorted(files.items()):
            mode = 0o600 if name in private else 0o755 if name.endswith(".sh") else 0o644
            entry = _entry(name, mode, tarfile.REGTYPE)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """The regular files of an archive, by path."""
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for entry in archive:
            reader = archive.extractfile(entry) if entry.isreg() else None
            if reader is not None:
                files[entry.name.removeprefix("./")] = reader.read()
    return files


def _entry(name: str, mode: int, kind: bytes) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.type = mode, kind
    return entry


def _parents(names: Collection[str]) -> Iterator[str]:
    for name in names:
        for parent in PurePosixPath(name).parents:
            if parent != PurePosixPath():
                yield str(parent)
