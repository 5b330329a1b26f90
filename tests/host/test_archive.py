"""Files on their way to a host and back."""

from __future__ import annotations

import io
import stat
import tarfile
from pathlib import Path

from offnet.host import archive
from offnet.host.local import LocalHost


def test_what_is_packed_comes_out() -> None:
    files = {"a/b/c.txt": b"1", "top": b"\0\xff"}
    assert archive.unpack(archive.pack(files)) == files


def test_the_same_files_give_the_same_bytes() -> None:
    assert archive.pack({"b": b"2", "a": b"1"}) == archive.pack({"a": b"1", "b": b"2"})


def test_directories_come_first_and_modes_follow_the_kind() -> None:
    data = archive.pack(
        {"x/run.sh": b"", "x/key": b"", "x/text": b""}, directories=["empty"], private=["x/key"]
    )
    with tarfile.open(fileobj=io.BytesIO(data)) as packed:
        entries = [(entry.name, stat.filemode(entry.mode), entry.isdir(), entry.uid) for entry in packed]
    assert entries == [
        ("empty", "?rwxr-xr-x", True, 0),
        ("x", "?rwxr-xr-x", True, 0),
        ("x/key", "?rw-------", False, 0),
        ("x/run.sh", "?rwxr-xr-x", False, 0),
        ("x/text", "?rw-r--r--", False, 0),
    ]


def test_the_local_host_puts_and_gets(tmp_path: Path) -> None:
    host = LocalHost()
    host.put({"a/run.sh": b"#!/bin/sh\n", "b": b"2"}, str(tmp_path / "new"))
    assert host.get(str(tmp_path / "new")) == {"a/run.sh": b"#!/bin/sh\n", "b": b"2"}
    assert (tmp_path / "new/a/run.sh").stat().st_mode & 0o111
