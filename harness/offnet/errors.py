"""Every error that offnet raises on purpose.

::

    OffnetError                 exit code
    ├── UsageError              2  the command line asks for something that does not exist
    ├── LabError                2  a lab.yml is wrong; carries all problems at once
    ├── HostError               3  this machine cannot run it
    │   └── ArtifactError       3  the node image or the sandbox kernel could not be made
    └── LabRunError             1  the lab was started and something in it went wrong
        ├── NodeFailed          1  a daemon of a node died; carries its last log lines
        └── DeadlineExpired     1  an awaited state did not come; carries what was last seen

The command line turns each into one message and the exit code above; nothing else
in the package prints or exits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class OffnetError(Exception):
    """Root of the tree. ``exit_code`` is what the command line exits with."""

    exit_code = 1


class UsageError(OffnetError):
    """The user named a lab, node, option value or file that does not exist."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a lab.yml: where it is, what is there, and what is allowed."""

    file: Path
    key: str
    value: str
    allowed: str
    line: int | None = None

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.key} is {self.value}; expected: {self.allowed}"


class LabError(OffnetError):
    """A lab.yml cannot be used. ``problems`` holds every mistake that one run can find."""

    exit_code = 2

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class HostError(OffnetError):
    """A thing that this machine cannot do; the message names what is missing and the remedy."""

    exit_code = 3


class ArtifactError(HostError):
    """A build failed; the message names the step and where its log is."""


class LabRunError(OffnetError):
    """A lab was started and could not be brought to, or kept in, its intended state."""

    exit_code = 1


class NodeFailed(LabRunError):  # noqa: N818 - a state of the lab, named like one
    """A daemon of a node died. The message holds the node, the daemon and its last log lines."""


class DeadlineExpired(LabRunError):  # noqa: N818 - likewise
    """An awaited state did not come in time. The message says what was last seen."""
