"""The container image: the root file system of the nodes, and what Docker is told about it."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from offnet import resources
from offnet.artifacts import noderoot

IMAGE = "offnet-node"
"""The name that the topologies give the image of their nodes."""

ENTRYPOINT = "/usr/lib/offnet/entrypoint.sh"
KEY_LABEL = "offnet.image.key"
_OWN = "usr/lib/offnet"
RECORD = "etc/offnet-image"
_CHUNK = 1 << 20


def key() -> str:
    """Hash of all that the image is made from: the root's recipe, and the node's own files."""
    made_from = f"{noderoot.recipe().key} {noderoot.node_digest()}"
    return hashlib.sha256(made_from.encode()).hexdigest()[:24]


def labels() -> dict[str, str]:
    """What the image says of itself."""
    return {
        "org.opencontainers.image.title": IMAGE,
        "org.opencontainers.image.description": "A node of an offnet lab: FRR, strongSwan, its entrypoint",
        "org.opencontainers.image.version": resources.version(),
        KEY_LABEL: key(),
    }


def changes() -> list[str]:
    """The same and the entrypoint as lines of a Dockerfile, for `docker import`."""
    return [f'ENTRYPOINT ["{ENTRYPOINT}"]', *(f'LABEL {name}="{text}"' for name, text in labels().items())]


def content(folder: Path) -> Iterator[bytes]:
    """The image's root as a tar, from a node image's folder; with today's own files of the node."""
    record = noderoot.read_record((folder / noderoot.RECORD).read_text())
    digest = noderoot.node_digest()
    with (folder / noderoot.TAR).open("rb") as base:
        if record.get("NODE_DIGEST") == digest:
            yield from iter(lambda: base.read(_CHUNK), b"")
            return
        for start, end in _kept(base):
            yield from _range(base, start, end)
    yield _today({**record, "NODE_DIGEST": digest})


def _kept(base: BinaryIO) -> Iterator[tuple[int, int]]:
    """The ranges of a tar without the node's own files: to the byte as they are, attributes and all."""
    with tarfile.open(fileobj=base, mode="r:") as archive:
        members = archive.getmembers()
        end = archive.offset  # where the next member would begin
    starts = [member.offset for member in members]
    for member, start, after in zip(members, starts, [*starts[1:], end], strict=True):
        name = member.name.removeprefix("./")
        if name != RECORD and not name.startswith(f"{_OWN}/"):
            yield start, after


def _range(base: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    base.seek(start)
    while start < end:
        data = base.read(min(_CHUNK, end - start))
        yield data
        start += len(data)


def _today(record: dict[str, str]) -> bytes:
    """The node's own files as setup.sh installs them, and the record that names their digest."""
    folder = noderoot.node_files()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(folder.rglob("*")):
            if "__pycache__" not in path.relative_to(folder).parts:
                name = f"./{_OWN}/{path.relative_to(folder)}"
                _add(archive, name, None if path.is_dir() else path.read_bytes())
        text = "".join(f"{name}={value}\n" for name, value in record.items())
        _add(archive, f"./{RECORD}", text.encode())
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, data: bytes | None) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode = 0o755 if data is None or name.endswith(".sh") else 0o644
    if data is None:
        entry.type = tarfile.DIRTYPE
    entry.size = len(data or b"")
    archive.addfile(entry, io.BytesIO(data or b""))
