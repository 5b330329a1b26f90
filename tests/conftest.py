"""Options and fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Golden = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens", action="store_true", help="write what golden tests see as what they expect"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare text with a file, or with --update-goldens write the file."""

    def check(expected: Path, seen: str) -> None:
        if request.config.getoption("--update-goldens"):
            expected.write_text(seen, encoding="utf-8")
            return
        assert expected.is_file(), f"{expected} is missing: look at the text, then run with --update-goldens"
        assert seen == expected.read_text(encoding="utf-8")

    return check
