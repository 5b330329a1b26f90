"""Keys of one sandbox: made for it, in its directory, gone with it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from offnet.errors import HostError

_TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class SandboxKeys:
    """What the guest must hold: its own private key, and the public key it lets in."""

    host_key: bytes
    authorized_keys: bytes


def make(directory: Path, host: str) -> SandboxKeys:
    """Write ``key`` and ``known_hosts`` for the client into the directory; return the guest's half."""
    client, server = (_pair(directory, name) for name in ("key", "host_key"))
    private = (directory / "host_key").read_bytes()
    (directory / "host_key").unlink()
    (directory / "known_hosts").write_text(f"{host} {server}", encoding="ascii")
    return SandboxKeys(private, client.encode())


def _pair(directory: Path, name: str) -> str:
    if shutil.which("ssh-keygen") is None:
        raise HostError("ssh-keygen is missing; install the package openssh-client")
    argv = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "offnet", "-f", name)
    done = subprocess.run(
        argv, cwd=directory, timeout=_TIMEOUT, check=False, capture_output=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise HostError(f"ssh-keygen failed in {directory}: {done.stderr.decode(errors='replace').strip()}")
    public = directory / f"{name}.pub"
    text = public.read_text(encoding="ascii")
    public.unlink()
    return text
