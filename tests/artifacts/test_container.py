"""The tar of the container image: the root as it was made, with today's own files of the node."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from offnet.artifacts import container, noderoot

MARK = {"SCHILY.xattr.user.mark": "kept"}
OWN = "./usr/lib/offnet"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A node image made before the node's files were edited."""
    folder = tmp_path / "image"
    folder.mkdir()
    record = "FRR=10.3-3\nNODE_DIGEST=yesterday\n"
    (folder / noderoot.RECORD).write_text(record)
    files = {"./bin/ping": "ping", f"{OWN}/gone.py": "gone", "./etc/offnet-image": record, "./last": "end"}
    with tarfile.open(folder / noderoot.TAR, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            entry.pax_headers = MARK
            archive.addfile(entry, io.BytesIO(text.encode()))
    return folder


def unpacked(folder: Path) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(b"".join(container.content(folder))))


def text(archive: tarfile.TarFile, name: str) -> str:
    member = archive.extractfile(name)
    assert member is not None
    return member.read().decode()


def test_a_current_root_goes_as_it_is(image: Path) -> None:
    (image / noderoot.RECORD).write_text(f"NODE_DIGEST={noderoot.node_digest()}\n")
    assert b"".join(container.content(image)) == (image / noderoot.TAR).read_bytes()


def test_a_stale_root_gets_todays_files_of_the_node(image: Path) -> None:
    with unpacked(image) as archive:
        names = archive.getnames()
        assert f"{OWN}/gone.py" not in names
        assert names.count("./etc/offnet-image") == 1
        assert f"NODE_DIGEST={noderoot.node_digest()}\n" in text(archive, "./etc/offnet-image")
        assert "FRR=10.3-3\n" in text(archive, "./etc/offnet-image")
        entrypoint = archive.getmember(f"{OWN}/entrypoint.sh")
        assert (entrypoint.mode, entrypoint.uid) == (0o755, 0)
        assert text(archive, entrypoint.name) == (noderoot.node_files() / "entrypoint.sh").read_text()


def test_everything_else_of_a_stale_root_stays_to_the_attribute(image: Path) -> None:
    with unpacked(image) as archive:
        assert (text(archive, "./bin/ping"), text(archive, "./last")) == ("ping", "end")
        assert archive.getmember("./bin/ping").pax_headers.items() >= MARK.items()


def test_the_key_follows_the_nodes_files(monkeypatch: pytest.MonkeyPatch) -> None:
    before = container.key()
    assert container.key() == before
    monkeypatch.setattr(noderoot, "node_digest", lambda: "another")
    assert container.key() != before
    assert container.labels()[container.KEY_LABEL] == container.key()
