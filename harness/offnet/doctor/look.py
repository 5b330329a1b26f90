"""Looks at Docker, containerlab and the settings of this machine; changes nothing and judges nothing."""

from __future__ import annotations

import getpass
import grp
import os
import re
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from offnet.artifacts.machine import search_path
from offnet.doctor.facts import ADMINS, Containerlab, Docker, Facts, Settings, User
from offnet.errors import OffnetError
from offnet.host.docker_refusal import Refusal, knock, refusal
from offnet.host.local import LocalHost

TIMEOUT = 10.0
DEFAULT_DOCKER = "unix:///var/run/docker.sock"
SYSCTLS = (
    "kernel.apparmor_restrict_unprivileged_userns",
    "kernel.modules_disabled",
    "kernel.unprivileged_userns_clone",
    "net.bridge.bridge-nf-call-iptables",
    "net.mpls.platform_labels",
    "user.max_user_namespaces",
)


def facts(root: Path = Path("/"), environ: Mapping[str, str] = os.environ) -> Facts:
    """Everything that the judges want to know of this machine."""
    return Facts(user(), docker(environ), containerlab(search_path(environ)), settings(root))


def user() -> User:
    """The user of this process."""
    names = []
    for number in sorted({os.getegid(), *os.getgroups()}):
        try:
            names.append(grp.getgrgid(number).gr_name)
        except KeyError:  # a group without a name, as containers have them
            continue
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # likewise a user
        name = str(os.geteuid())
    return User(os.geteuid(), name, tuple(names))


def docker(environ: Mapping[str, str] = os.environ) -> Docker:
    """Asks the daemon that DOCKER_HOST names, or else the machine's own, for its version."""
    address = environ.get("DOCKER_HOST") or DEFAULT_DOCKER
    try:
        knock(address, TIMEOUT)
    except OSError as error:
        return Docker(address, refusal=refusal(error), words=str(error))
    import docker as sdk  # noqa: PLC0415 - half a second, needed only where a daemon may be

    try:
        client = sdk.DockerClient(base_url=address, timeout=int(TIMEOUT))
        try:
            told = client.version()
        finally:
            client.close()
    except (sdk.errors.DockerException, OSError) as error:
        return Docker(address, refusal=Refusal.OTHER, words=_last_line(str(error)))
    return Docker(address, str(told.get("Version", "")), str(told.get("ApiVersion", "")))


def containerlab(path: str) -> Containerlab:
    """The containerlab command on a PATH, and its version."""
    found = shutil.which("containerlab", path=path)
    if found is None:
        return Containerlab()
    setuid = bool(os.stat(found).st_mode & stat.S_ISUID)  # noqa: PTH116 - follows what which found
    version = re.search(r"^\s*version:\s*v?(\S+)", _said(found, "version"), re.MULTILINE)
    return Containerlab(found, version[1] if version else "", setuid, _members(ADMINS))


def _members(group: str) -> tuple[str, ...] | None:
    try:
        return tuple(grp.getgrnam(group).gr_mem)
    except KeyError:
        return None


def settings(root: Path = Path("/")) -> Settings:
    """Sysctls, loaded modules, AppArmor's profiles and iptables."""
    found = {name: _text(root / "proc/sys" / name.replace(".", "/")) for name in SYSCTLS}
    modules = (_text(root / "proc/modules") or "").splitlines()
    return Settings(
        sysctls={name: value.strip() for name, value in found.items() if value is not None},
        modules=tuple(line.partition(" ")[0] for line in modules),
        apparmor=_profiles(_text(root / "sys/kernel/security/apparmor/profiles")),
        forward=_policy(_said("iptables", "-w", "2", "-S", "FORWARD")),
        iptables=_said("iptables", "--version").strip(),
    )


def _profiles(text: str | None) -> Mapping[str, str] | None:
    """AppArmor's list, ``name (mode)`` a line; a name may hold blanks."""
    if text is None:
        return None
    pairs = (line.rpartition(" (") for line in text.splitlines())
    return {name: mode.rstrip(")") for name, _, mode in pairs if name}


def _policy(text: str) -> str | None:
    found = re.search(r"^-P FORWARD (\w+)", text, re.MULTILINE)
    return found[1] if found else None


def _said(*argv: str) -> str:
    """The output of a command; nothing where there is no such command, or it may not tell."""
    program = shutil.which(argv[0], path=search_path())
    if program is None:
        return ""
    try:
        return LocalHost().run((program, *argv[1:]), timeout=TIMEOUT, check=False).stdout
    except OffnetError:
        return ""


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
