"""Options and fixtures that all tests share."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import Path as ZipPath
from zipfile import ZipFile

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from offnet import artifacts, resources
from offnet.artifacts import uml
from offnet.experiments.bench import Bench
from offnet.intent.loader import plain_data
from offnet.network.model import Crypto
from offnet.session import bring_up

Golden = Callable[[Path, str], None]
Changes = Mapping[str, Mapping[str, Any]]
UNCHANGED: Changes = MappingProxyType({})
Variant = Callable[..., AbstractContextManager[Bench]]


# A job in the background of a script ignores Ctrl-C, one under nohup the end of its terminal, and so
# would every command that they start: the tests that send signals want the dispositions of a terminal.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


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


@pytest.fixture(scope="session")
def image() -> Path:
    """The node's root file system, built when it is missing."""
    return artifacts.node_image()


@pytest.fixture(scope="session")
def kernel() -> Path:
    """The sandbox kernel, built when it is missing."""
    return artifacts.kernel() / uml.BINARY


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let ``ssh`` read a configuration of the test instead of the user's."""
    ssh = shutil.which("ssh")

    def configure(text: str) -> None:
        (tmp_path / "config").write_text(text)
        wrapper = tmp_path / "bin" / "ssh"
        wrapper.parent.mkdir(exist_ok=True)
        wrapper.write_text(f'#!/bin/sh\nexec {ssh} -F {tmp_path}/config "$@"\n')
        wrapper.chmod(0o755)
        monkeypatch.setenv("PATH", f"{wrapper.parent}:/usr/bin:/bin")

    return configure


@pytest.fixture(scope="session")
def running_variant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Variant:
    """Run a lab under another name, with some sections changed, while a block lasts.

    What a change says is None goes. ``links`` are those of the core, in place of its own.
    """
    option = request.config.getoption

    @contextmanager
    def run(
        name: str,
        crypto: Crypto,
        profiles: Changes = UNCHANGED,
        gateways: Changes = UNCHANGED,
        *,
        lab: str = "single-ip",
        sites: Changes = UNCHANGED,
        keyrings: Changes = UNCHANGED,
        overlays: Changes = UNCHANGED,
        clouds: Changes = UNCHANGED,
        links: Sequence[Sequence[str]] = (),
        protection: Mapping[str, Any] = MappingProxyType({}),
    ) -> Iterator[Bench]:
        data = plain_data(resources.labs() / lab) | {"name": name}
        changed = {"profiles": profiles, "gateways": gateways, "sites": sites}
        changed |= {"keyrings": keyrings, "overlays": overlays, "clouds": clouds}
        for section, entries in changed.items():
            for entry, changes in entries.items():
                held = data.setdefault(section, {})
                merged = held.get(entry, {}) | changes
                held[entry] = {key: value for key, value in merged.items() if value is not None}
        if links:
            data["provider"]["links"] = [list(ends) for ends in links]
        if protection:
            data["provider"]["protection"]["pe-pe"] |= protection
        folder = tmp_path_factory.mktemp("labs") / name
        folder.mkdir()
        (folder / "lab.yml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        with bring_up(folder, crypto, runtime=option("--runtime"), host=option("--host")) as session:
            bench = Bench(session.network, session.running)
            with closing(bench):
                yield bench

    return run


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, for tests that install it elsewhere."""
    into = tmp_path_factory.mktemp("wheel")
    command = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(into))
    done = subprocess.run(
        command, cwd=resources.checkout(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    (built,) = into.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def wheel_needs(wheel: Path) -> tuple[Distribution, ...]:
    """What the wheel says that it needs, and what that needs in turn, as it is installed here."""
    with ZipFile(wheel) as archive:
        (metadata,) = (path for path in ZipPath(archive).iterdir() if path.name.endswith(".dist-info"))
        pending = _required(PathDistribution(metadata))
    found: dict[str, Distribution] = {}
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = distribution(name)
            pending += _required(found[name])
    return tuple(found[name] for name in sorted(found))


def _required(needy: Distribution) -> list[str]:
    requirements = map(Requirement, needy.requires or ())
    wanted = (need for need in requirements if need.marker is None or need.marker.evaluate({"extra": ""}))
    return [canonicalize_name(need.name) for need in wanted]
