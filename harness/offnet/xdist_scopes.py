"""How xdist spreads tests over workers: what shares a lab stays together, what takes longest begins first.

The seconds that each scope took are kept in a file of the project (``--record-seconds`` writes it), so
that all workers end at about the same time. A scope that it does not name is taken for a short one.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SECONDS = "tests/seconds.json"
SHORT = 1.0
"""Seconds; scopes that take less are not worth a line."""

_VARIANT = re.compile(r"(?:\[|::)(?:.*-)?(as-printed|modern)(?:-.*)?(?:\]|::)")
_CASE = re.compile(r"\[([\w-]+-(?:as-printed|modern)): ")


def scope_of(nodeid: str, root: Path) -> str:
    """What must be run by one worker: all tests that share what one of them starts.

    Those are the tests of a variant of a lab, in the lab's folder; of a folder that is a package, whose
    fixtures serve all its files; of a file otherwise, or of a case ``[LAB-VARIANT: WHAT]`` in it.
    """
    file, _, name = nodeid.partition("::")
    folder = file.rpartition("/")[0]
    if _has(root / folder, "lab.yml"):
        variant = _VARIANT.match(f"::{name}") or _VARIANT.search(name)
        return f"{folder} {variant[1]}" if variant else folder
    if _has(root / folder, "__init__.py"):
        return folder
    case = _CASE.search(name)
    return f"{file} {case[1]}" if case else file


@cache
def _has(folder: Path, name: str) -> bool:
    return (folder / name).is_file()


def scheduling(config: pytest.Config, log: Any) -> object:
    """Gives a worker one scope after the other, the longest of those that are left."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - users of the package need no xdist

    seconds = recorded(config.rootpath)

    class LongestFirst(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no type information
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(nodeid, config.rootpath)

        def _assign_work_unit(self, node: Any) -> None:
            longest = max(self.workqueue, key=lambda scope: seconds.get(scope, 0.0))
            self.workqueue.move_to_end(longest, last=False)
            super()._assign_work_unit(node)

    return LongestFirst(config, log)


def recorded(root: Path) -> dict[str, float]:
    """Seconds by scope, as they were recorded; none where nothing was."""
    file = root / SECONDS
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


class Recorder:
    """Sums up how long the tests of each scope took, and keeps it for those that ran."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Set-up, test and tear-down each count."""
        self._seconds[scope_of(report.nodeid, self._root)] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Scopes that did not run keep what they had."""
        known = recorded(self._root) | self._seconds
        worth = {scope: round(known[scope], 1) for scope in sorted(known) if known[scope] >= SHORT}
        text = json.dumps(worth, indent=1)
        (self._root / SECONDS).write_text(f"{text}\n", encoding="utf-8")
