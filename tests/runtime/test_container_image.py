"""What a Docker daemon that cannot be used means to its user."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.errors import DockerException

from offnet import cli
from offnet.errors import HostError
from offnet.runtime import container_image


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a short name, as sockets need it."""
    with tempfile.TemporaryDirectory(prefix="offnet-") as name:
        yield Path(name)


def refusal(monkeypatch: pytest.MonkeyPatch, path: Path) -> str:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    with pytest.raises(HostError) as raised, container_image.connected():
        pass
    return str(raised.value)


def test_no_docker_is_said_with_two_remedies(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    said = refusal(monkeypatch, place / "none")
    assert said.startswith("Docker does not answer: No such file or directory; start it with `sudo")
    assert "install it (package docker.io)" in said


def test_a_daemon_that_has_ended_is_said(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place / "left"))
    assert "Connection refused; start it" in refusal(monkeypatch, place / "left")


def test_one_without_rights_is_told_of_the_group() -> None:
    # As docker's SDK hands it over: the cause stands among the arguments of what wraps it.
    wrapped = DockerException(
        "Error while fetching server API version", PermissionError(13, "Permission denied")
    )
    assert "usermod -aG docker" in container_image.explain(wrapped)


def test_the_command_says_what_is_there_all_the_same(
    monkeypatch: pytest.MonkeyPatch, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place}/none")
    assert cli.run(["image"]) == 0
    assert "container image" in capsys.readouterr().out
    assert cli.run(["image", "build"]) == HostError.exit_code
    assert "Docker does not answer" in capsys.readouterr().err
