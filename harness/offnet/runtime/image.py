"""The node image on the host that mounts it."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from offnet.errors import LabRunError
from offnet.host.base import Host
from offnet.host.local import LocalHost

_CACHE = "/var/cache/offnet"
_QUICK = 15.0


def on_host(host: Host, image: Path) -> str:
    """The path of the image on a host; sent there first, compressed, where it is not yet.

    Its name holds size and time of change, so another image is another file.
    """
    if isinstance(host, LocalHost):
        return str(image)
    status = image.stat()
    path = f"{_CACHE}/{image.stem}-{status.st_size}-{status.st_mtime_ns}.img"
    if host.run(("test", "-e", path), timeout=_QUICK, check=False).code:
        _send(host, image, path)
    return path


def _send(host: Host, image: Path, path: str) -> None:
    receive = f"mkdir -p {_CACHE} && gzip -dc >{path}.$$ && mv {path}.$$ {path} && echo done"
    stream = host.stream(("sh", "-c", receive), stderr=True)
    try:
        with (
            image.open("rb") as source,
            gzip.GzipFile(fileobj=stream.stdin, mode="wb", compresslevel=1) as sink,
        ):
            shutil.copyfileobj(source, sink, 1 << 20)
        stream.stdin.close()
        if stream.stdout.read() != b"done\n":
            complaint = stream.stderr.read().decode(errors="replace") if stream.stderr else ""
            raise LabRunError(f"{host.name}: the node image could not be stored: {complaint.strip()}")
    finally:
        stream.close()
