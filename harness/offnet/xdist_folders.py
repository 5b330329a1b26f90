"""Tests of one folder stay together when xdist spreads tests over its workers."""

from __future__ import annotations

from typing import Any

import pytest


def scheduling(config: pytest.Config, log: Any) -> object:
    """Gives a worker one folder after the other: what a folder's tests share is started once."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - users of the package need no xdist

    class FolderScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no type information
        def _split_scope(self, nodeid: str) -> str:
            return folder_of(nodeid)

    return FolderScheduling(config, log)


def folder_of(nodeid: str) -> str:
    """The folder of the file that a test is in."""
    return nodeid.partition("::")[0].rpartition("/")[0]
