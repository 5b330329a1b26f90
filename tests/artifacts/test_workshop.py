"""Commands of a build: what they see, and what is made of their failure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from offnet.artifacts.progress import Remembered
from offnet.artifacts.workshop import Processes, Workshop, clean_environment
from offnet.errors import ArtifactError


@pytest.fixture
def workshop(tmp_path: Path, heard: Remembered, processes: Processes) -> Workshop:
    return Workshop("test thing", tmp_path, tmp_path, tmp_path / "log", heard, processes)


def failure_of(workshop: Workshop, script: str) -> str:
    with pytest.raises(ArtifactError) as raised:
        workshop.run(["sh", "-c", script])
    return str(raised.value)


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("tar: write error: No space left on device", "The disk is full"),
        ("W: GPG error: NO_PUBKEY 6ED0E7B82643E131", "debian-archive-keyring"),
        ("Could not resolve 'mirror'", "needs the network"),
        ("W: Failed to fetch: Unable to connect to mirror:http", "needs the network"),
    ],
)
def test_a_known_cause_is_explained(workshop: Workshop, said: str, hint: str) -> None:
    assert hint in failure_of(workshop, f'echo "{said}"; exit 1')


def test_an_unknown_cause_is_not_explained(workshop: Workshop) -> None:
    message = failure_of(workshop, "echo surprise; exit 1")
    assert message.splitlines()[1:] == ["Its last lines:", "    surprise", f"Log: {workshop.log}"]


def test_a_program_that_is_missing_is_named(workshop: Workshop) -> None:
    with pytest.raises(ArtifactError, match="no-such-program: No such file or directory"):
        workshop.run(["no-such-program"])


def test_only_the_last_lines_are_shown_and_all_are_kept(workshop: Workshop) -> None:
    message = failure_of(workshop, "seq 1 1000; exit 1")
    assert "    1000\n" in message
    assert "    900\n" not in message
    assert "\n900\n" in workshop.log.read_text()


def test_standard_input_is_empty(workshop: Workshop) -> None:
    workshop.run(["sh", "-c", "! read -r line"])


def test_make_and_compiler_variables_of_the_user_do_not_reach_a_build() -> None:
    seen = clean_environment(
        {"MAKEFLAGS": "-j", "CFLAGS": "-O0", "HOME": "/h", "http_proxy": "p", "PATH": "/b"}
    )
    assert seen == {"HOME": "/h", "http_proxy": "p", "PATH": "/b:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}


def test_lines_are_told_as_they_come(workshop: Workshop, heard: Remembered) -> None:
    lines: list[str] = []
    hear: Callable[[str], None] = lines.append
    workshop.run(["printf", "one\\n50%%\\r100%%\\n\\nlast"], on_line=hear)
    assert lines == ["one", "100%", "last"]
    assert heard.ticks == []
