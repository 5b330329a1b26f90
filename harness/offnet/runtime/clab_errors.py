"""What containerlab needs of a host, and what its complaints mean for the user."""

from __future__ import annotations

import re

from offnet.errors import HostError, LabRunError, OffnetError, UsageError
from offnet.host.base import Host

OLDEST = (0, 76)
"""The first containerlab that leaves the management network out where no node uses it."""

UNVERSIONED = (0, 0)
"""What a containerlab says that was built from its module and not by its own release."""

_QUICK = 20.0
_INSTALL = "install it: https://containerlab.dev/install"
_LAST_WORDS = 6

# What stands in containerlab's last words, the kind of error, and what to do about it.
_MEANINGS: tuple[tuple[str, type[OffnetError], str], ...] = (
    (r"no space left on device", HostError, "the disk is full there; see: docker system df"),
    (
        r"cannot connect to the docker daemon|connection refused|is the docker daemon running|EOF",
        LabRunError,
        "the Docker daemon ended meanwhile: start it, systemctl start docker",
    ),
    (
        r"not found locally|no such image",
        HostError,
        "the container image of the nodes is not there: offnet image build",
    ),
    (r"permission denied|must be run|not permitted", HostError, "containerlab must be run as root there"),
    (
        r"already exist|is already in use|name.*conflict",
        UsageError,
        "another lab has containers of these names: destroy it, or give this lab another name",
    ),
    (
        r"pool overlaps|overlap|subnet",
        UsageError,
        "a network of Docker has that subnet: see `docker network ls`",
    ),
    (r"unknown field|unmarshal", HostError, f"this containerlab is too old for the file; {_INSTALL}"),
)  # fmt: skip


def require_version(host: Host) -> None:
    """HostError if a host has no containerlab, or one that is too old."""
    done = host.run(
        ("sh", "-c", "command -v containerlab && containerlab version --short"), timeout=_QUICK, check=False
    )
    if done.code:
        raise HostError(f"containerlab is not installed on {host.name}; {_INSTALL}")
    found = re.search(r"^v?(\d+)\.(\d+)", done.stdout.splitlines()[-1])
    version = (int(found[1]), int(found[2])) if found else UNVERSIONED
    if UNVERSIONED < version < OLDEST:
        seen, oldest = (".".join(map(str, v)) for v in (version, OLDEST))
        raise HostError(
            f"containerlab {seen} on {host.name} is too old: {oldest} is the oldest that will do; {_INSTALL}"
        )


def deploy_error(lab: str, host: Host, said: list[str]) -> OffnetError:
    """The error that says why containerlab could not deploy a lab, from what it said."""
    words = [line.strip() for line in said if line.strip() and not re.match(r"\s*(\d\d:){2}\d\d INFO", line)]
    text = " ".join(words[-_LAST_WORDS:]) or "no message"
    for pattern, kind, advice in _MEANINGS:
        if re.search(pattern, text, re.IGNORECASE):
            return kind(f"{lab}: containerlab could not deploy it on {host.name}: {text}; {advice}")
    return LabRunError(f"{lab}: containerlab could not deploy it on {host.name}: {text}")
