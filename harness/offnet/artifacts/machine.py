"""What a build needs of this machine, checked before anything is started."""

from __future__ import annotations

import getpass
import os
import platform
import shutil
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from offnet.errors import HostError

# Which Debian package brings a tool that the builds or the sandbox start.
PACKAGES = {
    "mmdebstrap": "mmdebstrap",
    "newuidmap": "uidmap",
    "mkfs.ext4": "e2fsprogs",
    "ssh": "openssh-client",
}
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SUBORDINATES = (Path("/etc/subuid"), Path("/etc/subgid"))


def search_path(environ: Mapping[str, str] = os.environ) -> str:
    """PATH with the folders of system tools, which ordinary users often lack."""
    return os.pathsep.join([environ.get("PATH", "/usr/bin:/bin"), "/usr/sbin", "/sbin"])


def require_x86_64(machine: str | None = None) -> None:
    """Raise HostError unless this machine can run the sandbox kernel."""
    machine = machine or platform.machine()
    if machine not in {"x86_64", "amd64"}:
        message = f"offnet runs on x86-64 only: user-mode Linux, its sandbox, does not exist for {machine}."
        raise HostError(message)


def missing_packages(
    path: str | None = None, *, root: bool | None = None, keyring: Path = KEYRING
) -> list[str]:
    """Return the packages that must be installed before the builds can start, in a stable order."""
    path = search_path() if path is None else path
    root = os.geteuid() == 0 if root is None else root
    tools = [tool for tool in PACKAGES if not (root and tool == "newuidmap")]
    missing = [PACKAGES[tool] for tool in tools if shutil.which(tool, path=path) is None]
    return missing if keyring.exists() else [*missing, "debian-archive-keyring"]


def require_tools(path: str | None = None, *, root: bool | None = None, keyring: Path = KEYRING) -> None:
    """Raise HostError with one line to copy when a tool of the builds is missing."""
    missing = missing_packages(path, root=root, keyring=keyring)
    if missing:
        command = f"sudo apt-get install -y {' '.join(missing)}"
        message = f"{', '.join(missing)} must be installed:\n\n    {command}\n"
        raise HostError(message)


def require_debootstrap() -> None:
    """Raise HostError unless this machine can make Debian roots, and later boot what comes of them."""
    require_x86_64()
    require_tools()
    require_subordinate_ids()


def require_subordinate_ids(files: Sequence[Path] = SUBORDINATES, user: str | None = None) -> None:
    """Raise HostError when an ordinary user owns no range of user and group numbers."""
    if user is None and os.geteuid() == 0:
        return
    user = user or getpass.getuser()
    for file in files:
        lines = file.read_text().splitlines() if file.exists() else []
        if not any(line.split(":")[0] in {user, str(os.geteuid())} for line in lines):
            message = (
                f"{file} gives {user} no range, without which only root can make files of other owners:\n\n"
                f"    sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}\n"
            )
            raise HostError(message)


def require_space(folder: Path, needed: int, purpose: str) -> None:
    """Raise HostError when the file system of ``folder`` has less than ``needed`` bytes free."""
    free = free_space(folder)
    if free < needed:
        message = (
            f"{purpose} needs {_gigabytes(needed)} in {folder}, where {_gigabytes(free)} are free: "
            f"free some, or set XDG_CACHE_HOME (results) and TMPDIR (work) to a larger disk."
        )
        raise HostError(message)


def free_space(folder: Path) -> int:
    """Bytes that this user can still write into the file system that holds ``folder``."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def scratch_base(preferred: Path, needed: int, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the first folder that can hold a root file system while it is made.

    Its owners are other user numbers than ours, so that every folder above it must let
    others pass; a home folder often does not. The roomiest candidate is named on failure.
    """
    named = [environ["TMPDIR"]] if environ.get("TMPDIR") else []
    candidates = [preferred, *map(Path, [*named, "/var/tmp", "/tmp"])]  # noqa: S108  names inside are random
    usable = [folder for folder in candidates if _lets_others_pass(folder) and os.access(folder, os.W_OK)]
    for folder in usable:
        if free_space(folder) >= needed:
            return folder
    if not usable:
        tried = ", ".join(map(str, candidates))
        message = f"none of {tried} is writable and open to others to pass: set TMPDIR to one that is."
        raise HostError(message)
    roomiest = max(usable, key=free_space)
    require_space(roomiest, needed, "The build")
    return roomiest


def cache_root(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for everything that can be built again, which may not exist yet."""
    named = environ.get("XDG_CACHE_HOME", "")
    if named.startswith("/"):
        return Path(named) / "offnet"
    home = environ.get("HOME", "")
    if not home.startswith("/"):
        message = "neither XDG_CACHE_HOME nor HOME names a folder: set XDG_CACHE_HOME to a writable one."
        raise HostError(message)
    return Path(home) / ".cache" / "offnet"


def make_writable(folder: Path) -> None:
    """Make ``folder``; raise HostError naming the remedy when that, or writing in it, is refused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK | os.X_OK)
        reason = "permission denied"
    except OSError as error:
        writable, reason = False, str(error.strerror).lower()
    if not writable:
        message = f"the cache {folder} cannot be written ({reason}): set XDG_CACHE_HOME to a folder that can."
        raise HostError(message)


def userns_advice(
    sysctl: Path = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"), *, root: bool | None = None
) -> str:
    """Explain why an ordinary user may be refused a user namespace here; empty when nothing forbids it."""
    root = os.geteuid() == 0 if root is None else root
    if root or not sysctl.exists() or sysctl.read_text().strip() != "1":
        return ""
    return (
        "This machine's AppArmor restricts user namespaces of ordinary users, which mmdebstrap needs. "
        "Either build once as root, or lift the restriction:\n\n"
        "    sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0\n"
    )


def _lets_others_pass(folder: Path) -> bool:
    steps: Iterable[Path] = [folder, *folder.parents]
    return folder.is_dir() and all(step.stat().st_mode & stat.S_IXOTH for step in steps)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
