"""Keys of lab servers that ssh does not know yet: shown, and accepted only by their fingerprint."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files as resource_files
from pathlib import Path

from offnet.errors import HostError, UsageError

OPTION = "--accept-host-key"
REFUSED = "Host key verification failed"
CHANGED = "IDENTIFICATION HAS CHANGED"

_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class HostKey:
    """The key that a server shows: its fingerprint as ssh writes it, and its line for known_hosts."""

    fingerprint: str
    line: str

    @property
    def type(self) -> str:
        """The algorithm, such as ssh-ed25519."""
        return self.line.split()[1]


def advice(ssh: Sequence[str], login: Sequence[str]) -> str:
    """What to do about a key that ssh does not know; ``ssh`` and ``login`` are what it is called with."""
    key, _ = _ask(ssh, login)
    if key is None:
        return ""
    return (
        f"; its {key.type} key is not known here and has the fingerprint {key.fingerprint}: "
        f"if `ssh-keygen -lf` on the server says the same, add {OPTION} {key.fingerprint}"
    )


def accept(url: str, ssh: Sequence[str], login: Sequence[str], fingerprint: str) -> None:
    """Add a server's key to the user's known hosts if it has this fingerprint, and only then.

    A server that is known already must have it, too: a changed key is never accepted here.
    """
    if not fingerprint.startswith("SHA256:"):
        raise UsageError(f"{OPTION} {fingerprint}: a fingerprint as ssh shows it begins with SHA256:")
    key, words = _ask(ssh, login)
    if REFUSED not in words:
        return  # it knows the server, or cannot reach it and will say so
    if key is None or CHANGED in words:
        raise HostError(
            f"{url}: its key has changed since it was known here; if that is right, remove the old one: "
            "ssh-keygen -R SERVER"
        )
    if key.fingerprint != fingerprint:
        raise HostError(f"{url}: its key has the fingerprint {key.fingerprint}, not {fingerprint}: refused")
    _remember(key, ssh, login)


def _ask(ssh: Sequence[str], login: Sequence[str]) -> tuple[HostKey | None, str]:
    """The key that a server shows, and what ssh says to it."""
    with tempfile.TemporaryDirectory(prefix="offnet-key-") as folder:
        script, seen = Path(folder, "known_hosts.sh"), Path(folder, "seen")
        script.write_bytes(resource_files("offnet.host").joinpath("known_hosts.sh").read_bytes())
        command = f"/bin/sh {script} {seen} %f %H %t %K"
        argv = (
            *ssh,
            "-o",
            f"KnownHostsCommand={command}",
            "-o",
            "BatchMode=yes",
            "-o",
            "LogLevel=ERROR",
            *login,
            "true",
        )
        try:
            done = subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            return None, ""
        shown = seen.read_text(encoding="ascii").strip() if seen.exists() else ""
    fingerprint, _, line = shown.partition(" ")
    return (HostKey(fingerprint, line) if shown else None), done.stderr


def _remember(key: HostKey, ssh: Sequence[str], login: Sequence[str]) -> None:
    """Append the key where ssh would: to the first file of the user's known hosts."""
    argv = (*ssh, "-G", *login)
    settings = subprocess.run(argv, capture_output=True, text=True, timeout=_TIMEOUT, check=True).stdout
    (files,) = (line for line in settings.splitlines() if line.startswith("userknownhostsfile "))
    path = Path(files.split()[1]).expanduser()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("a", encoding="ascii") as file:
        file.write(f"{key.line}\n")
