"""What the doctor finds, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """``ok``; ``note``: works, but worth knowing; ``missing``: something cannot work without it."""

    OK = "ok"
    NOTE = "note"
    MISSING = "missing"


class Topic(StrEnum):
    """What a finding matters for."""

    MACHINE = "this machine"
    SANDBOX = "the sandbox, which needs no root and no kernel module"
    NATIVE = "netns directly on this machine"
    KERNEL = "this kernel, for labs directly on this machine"
    CONTAINERLAB = "containerlab on this machine"
    CACHE = "what is built once and kept"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``remedy`` is a command line that would cure it, where there is one.

    ``module`` is the kernel module that it is about, if it is about one.
    """

    topic: Topic
    name: str
    status: Status
    seen: str
    remedy: str = ""
    module: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A runtime on a host: whether labs can run there, and the reason either way."""

    runtime: str
    host: str
    usable: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Needs:
    """The kernel modules of one lab in all its variants, and those of them that are missing here.

    ``problem`` says why the lab cannot be read, and is empty otherwise.
    """

    lab: str
    modules: tuple[str, ...]
    lacking: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings and the choice that follows: ``host`` is None where labs cannot run here.

    ``places`` are all ways to run labs, the two that commands choose among first; ``labs`` what
    each of them needs of a kernel.
    """

    findings: tuple[Finding, ...]
    host: str | None
    runtime: str | None
    reason: str
    places: tuple[Place, ...] = ()
    labs: tuple[Needs, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether labs can run here some way."""
        return self.host is not None

    @property
    def remedy(self) -> str:
        """One line to copy that installs what the sandbox lacks; empty when nothing does."""
        return one_line(f.remedy for f in missing(self.findings, Topic.MACHINE, Topic.SANDBOX, Topic.CACHE))

    @property
    def native_remedy(self) -> str:
        """One line to copy for what labs directly on this kernel lack; empty when nothing does."""
        return one_line(f.remedy for f in missing(self.findings, Topic.NATIVE, Topic.KERNEL))


def missing(findings: Iterable[Finding], *topics: Topic) -> tuple[Finding, ...]:
    """What is missing for these topics."""
    return tuple(f for f in findings if f.topic in topics and f.status is Status.MISSING)


RESTART = "sudo reboot"
MERGED = (
    "sudo apt-get install -y",
    "sudo dnf install -y",
    "sudo pacman -S",
    "sudo modprobe -a",
    "sudo sysctl",
)
"""Commands that take a list, so that several remedies become one."""


def one_line(remedies: Iterable[str]) -> str:
    """All remedies as one command line, each part once, a restart last."""
    lists: dict[str, list[str]] = {}
    for command in (part for remedy in remedies if remedy for part in remedy.split(" && ")):
        start = next((prefix for prefix in MERGED if command.startswith(f"{prefix} ")), command)
        words = lists.setdefault(start, [])
        words += [word for word in command[len(start) :].split() if word not in words]
    if RESTART in lists:
        lists[RESTART] = lists.pop(RESTART)
    return " && ".join(" ".join((start, *words)) for start, words in lists.items())
