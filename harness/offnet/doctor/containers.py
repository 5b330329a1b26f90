"""Judges whether containerlab can run labs on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from offnet.doctor.facts import ADMINS, Containerlab, Docker, Facts, User
from offnet.doctor.model import Finding, Status, Topic
from offnet.host.docker_refusal import PACKAGE, START, Refusal, join
from offnet.runtime.clab_errors import OLDEST as OLDEST_CONTAINERLAB

UNVERSIONED = (0, 0, 0)
"""What a containerlab says that was built without its release's flags."""
OLDEST_API, OLDEST_DOCKER = (1, 44), "API 1.44, that is Docker 25,"
"""What containerlab 0.79 asks for."""
INSTALL = 'bash -c "$(curl -sL https://get.containerlab.dev)"'


def findings(facts: Facts, distribution: str) -> Iterator[Finding]:
    """Docker, containerlab, and the rights to use both."""
    yield _docker(facts.docker, facts.user, distribution)
    yield _containerlab(facts.containerlab)
    if facts.containerlab.path:
        yield _rights(facts.containerlab, facts.user)


def _docker(docker: Docker, user: User, distribution: str) -> Finding:
    if docker.refusal is not None:
        seen, remedy = _refusal(docker, user, distribution)
        return _finding("docker", Status.MISSING, seen, remedy)
    api = _numbers(docker.api)
    seen = f"{docker.version}, API {docker.api}, at {docker.address}"
    if api and api < OLDEST_API:
        return _finding("docker", Status.MISSING, f"{seen}; containerlab needs {OLDEST_DOCKER} or newer")
    return _finding("docker", Status.OK, seen)


def _refusal(docker: Docker, user: User, distribution: str) -> tuple[str, str]:
    match docker.refusal:
        case Refusal.ABSENT:
            packages = {"debian": f"apt-get install -y {PACKAGE}", "ubuntu": f"apt-get install -y {PACKAGE}",
                        "fedora": "dnf install -y moby-engine", "arch": "pacman -S docker"}  # fmt: skip
            install = packages.get(distribution)
            remedy = f"sudo {install} && {START}" if install else ""
            return f"no daemon at {docker.address}: not installed, or not started", remedy
        case Refusal.STOPPED:
            return f"the daemon of {docker.address} does not run", START
        case Refusal.FORBIDDEN:
            seen = f"{docker.address} is closed to {user.name}, who is not in the group docker"
            if "docker" in user.groups:
                return f"{docker.address} is closed to {user.name}, although in the group docker", ""
            return f"{seen}; a new login makes it known", join(user.name)
        case _:
            return f"{docker.address} gives no answer: {docker.words}", ""


def _containerlab(found: Containerlab) -> Finding:
    if not found.path:
        return _finding("containerlab", Status.MISSING, "not installed", INSTALL)
    version = _numbers(found.version)
    seen = f"{found.version or 'of unknown version'}, {found.path}"
    if UNVERSIONED < version < OLDEST_CONTAINERLAB:
        oldest = ".".join(map(str, OLDEST_CONTAINERLAB))
        return _finding("containerlab", Status.MISSING, f"{seen}; {oldest} or newer is needed", INSTALL)
    return _finding("containerlab", Status.OK if version > UNVERSIONED else Status.NOTE, seen)


def _rights(found: Containerlab, user: User) -> Finding:
    """Containerlab makes links in namespaces: as root, or by its set-user-ID bit."""
    name = "rights for containerlab"
    if user.uid == 0:
        return _finding(name, Status.OK, "root")
    if found.setuid and (found.admins is None or user.name in found.admins):
        return _finding(name, Status.OK, f"{user.name} may use the set-user-ID bit of {found.path}")
    if found.setuid:
        seen = f"{user.name} is not in the group {ADMINS}"
        return _finding(name, Status.MISSING, seen, f"sudo usermod -aG {ADMINS} {user.name}")
    seen = f"{user.name} is not root, and {found.path} has no set-user-ID bit"
    return _finding(name, Status.MISSING, seen, f"sudo chmod u+s {found.path}")


def _finding(name: str, status: Status, seen: str, remedy: str = "") -> Finding:
    return Finding(Topic.CONTAINERLAB, name, status, seen, remedy)


def _numbers(version: str) -> tuple[int, ...]:
    """``0.79.0-rc1`` as (0, 79, 0); empty for what begins with no number."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
