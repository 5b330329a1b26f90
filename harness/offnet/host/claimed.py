"""Temporary directories: what a program that was killed leaves of its own, the next one clears away."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_CLAIM = "claim"


class ClaimedDirectory:
    """A directory below that of temporary files, with a lock that ends with its program, however it ends."""

    def __init__(self, prefix: str) -> None:
        """Clears away what programs that have ended left of the same ``prefix``, then makes one."""
        _sweep(prefix)
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        unlocked = self.path / f"{_CLAIM}.new"
        self._claim = os.open(unlocked, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._claim, fcntl.LOCK_EX)
        unlocked.rename(self.path / _CLAIM)  # whoever finds it finds it locked

    def remove(self) -> None:
        """Remove it with all that is in it. May be called twice."""
        if self.path.is_dir():
            shutil.rmtree(self.path)
            os.close(self._claim)


def _sweep(prefix: str) -> None:
    for place in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        # another user's, one that is being made, or one that another program clears away
        with contextlib.suppress(OSError):
            _clear(place)


def _clear(place: Path) -> None:
    claim = os.open(place / _CLAIM, os.O_RDWR | os.O_NOFOLLOW)
    try:
        if os.fstat(claim).st_uid == os.geteuid():
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(place)
    finally:
        os.close(claim)
