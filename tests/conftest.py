"""Options and fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from offnet import resources
from offnet.experiments.bench import Bench
from offnet.intent.loader import plain_data
from offnet.network.model import Crypto
from offnet.session import bring_up

Golden = Callable[[Path, str], None]
Profiles = Mapping[str, Mapping[str, Any]]
Variant = Callable[..., AbstractContextManager[Bench]]


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


@pytest.fixture(scope="module")
def running_variant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Variant:
    """Run labs/single-ip under another name, with profiles changed, for as long as a block lasts."""
    option = request.config.getoption

    @contextmanager
    def run(name: str, crypto: Crypto, profiles: Profiles = MappingProxyType({})) -> Iterator[Bench]:
        data = plain_data(resources.labs() / "single-ip") | {"name": name}
        for profile, changes in profiles.items():
            data["profiles"][profile] |= changes
        folder = tmp_path_factory.mktemp("labs") / name
        folder.mkdir()
        (folder / "lab.yml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        with bring_up(folder, crypto, runtime=option("--runtime"), host=option("--host")) as session:
            bench = Bench(session.network, session.running)
            with closing(bench):
                yield bench

    return run
