"""Problems that only the design can see, told like those of the loader."""

from __future__ import annotations

from offnet.errors import LabError, Problem
from offnet.intent.models import LabIntent


def problem(intent: LabIntent, key: str, value: str, allowed: str) -> Problem:
    """A problem of the lab.yml that this intent was read from."""
    return Problem(file=intent.path, key=key, value=value, allowed=allowed)


def refuse(problems: tuple[Problem, ...]) -> None:
    """Raises all problems as one LabError; does nothing where there are none."""
    if problems:
        raise LabError(problems)
