"""Which labs run, and where: one small file per lab, one lock per lab."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from offnet.errors import HostError, UsageError
from offnet.host.process import Process

_RECORD = "lab.json"
_OWNER = "owner"
_PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class LabRecord:
    """One lab that was started. ``kept`` says that it outlives the command that started it."""

    lab: str
    host: str
    runtime: str
    topology: str
    nodes: tuple[str, ...]
    owner: Process | None
    kept: bool = False


class Store:
    """The labs of one user, below one directory."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def directory(self, lab: str) -> Path:
        """Where a lab's record lies, and what its host needs on this machine."""
        return self._root / lab

    @contextlib.contextmanager
    def locked(self, lab: str) -> Iterator[None]:
        """Hold the lab's lock; UsageError, with the process that holds it, if another command has it."""
        path = self._root / f"{lab}.lock"
        with path.open("a+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                message = (
                    f"another offnet command (process {holder}) is at work on {lab}; wait for it or end it"
                )
                raise UsageError(message) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def read(self, lab: str) -> LabRecord | None:
        """The record of a lab, or None; a damaged one counts as none."""
        try:
            values = json.loads((self.directory(lab) / _RECORD).read_text(encoding="utf-8"))
            owner = values.pop("owner")
            nodes = tuple(values.pop("nodes"))
            return LabRecord(nodes=nodes, owner=Process(**owner) if owner else None, **values)
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write(self, record: LabRecord) -> None:
        """Put a record down, whole or not at all."""
        directory = self.directory(record.lab)
        directory.mkdir(mode=_PRIVATE, exist_ok=True)
        draft = directory / f"{_RECORD}.new"
        draft.write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
        draft.replace(directory / _RECORD)

    def forget(self, lab: str) -> None:
        """Remove a lab's record and everything in its directory."""
        directory = self.directory(lab)
        while directory.is_dir():
            with contextlib.suppress(FileNotFoundError):  # a program that ends takes its socket with it
                shutil.rmtree(directory)

    def owner(self) -> str:
        """Who starts labs from here, the same at every call: a name for people, and a number to be sure."""
        path = self._root / _OWNER
        if not path.exists():
            who = f"{getpass.getuser()}@{socket.gethostname()} {secrets.token_hex(16)}"
            draft = self._root / f"{_OWNER}.{os.getpid()}"
            draft.write_text(who, encoding="utf-8")
            with contextlib.suppress(FileExistsError):  # another command was quicker
                path.hardlink_to(draft)
            draft.unlink()
        return path.read_text(encoding="utf-8")

    def labs(self) -> tuple[str, ...]:
        """The names of all labs that have a directory, in order."""
        return tuple(sorted(path.name for path in self._root.iterdir() if path.is_dir()))


def state_home() -> Path:
    """The XDG state directory."""
    state = os.environ.get("XDG_STATE_HOME")
    return Path(state) if state else Path(os.environ.get("HOME", "/nonexistent")) / ".local" / "state"


def open_store() -> Store:
    """The user's store: in the XDG state directory, or below the temporary one where HOME is read-only."""
    root = state_home() / "offnet" / "labs"
    try:
        root.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        if os.access(root, os.W_OK):
            return Store(root)
    except OSError:
        pass  # an unwritable HOME is legal; the place below is always the user's own
    return Store(_temporary_root())


def _temporary_root() -> Path:
    root = Path(tempfile.gettempdir()) / f"offnet-{os.getuid()}"
    root.mkdir(mode=_PRIVATE, exist_ok=True)
    status = root.lstat()
    if status.st_uid != os.getuid() or root.is_symlink() or status.st_mode & 0o077:
        raise HostError(f"{root} belongs to somebody else, or others may enter it; set XDG_STATE_HOME")
    labs = root / "labs"
    labs.mkdir(mode=_PRIVATE, exist_ok=True)
    return labs
