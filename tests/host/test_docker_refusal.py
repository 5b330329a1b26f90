"""What errors of Docker's socket mean, bare and as docker's SDK wraps them."""

from __future__ import annotations

from http.client import RemoteDisconnected

import pytest
from docker.errors import DockerException

from offnet.host.docker_refusal import Refusal, explained, refusal


@pytest.mark.parametrize(
    ("cause", "why", "words"),
    [
        (
            FileNotFoundError(2, "No such file or directory"),
            Refusal.ABSENT,
            "No such file or directory; start",
        ),
        (
            ConnectionRefusedError(111, "Connection refused"),
            Refusal.STOPPED,
            "Connection refused; start it with",
        ),
        (
            RemoteDisconnected("Remote end closed connection"),
            Refusal.STOPPED,
            "Remote end closed connection; start",
        ),
        (PermissionError(13, "Permission denied"), Refusal.FORBIDDEN, "usermod -aG docker $USER"),
        (TimeoutError("timed out"), Refusal.OTHER, "timed out"),
    ],
)
def test_the_cause_is_found_below_what_wraps_it(cause: OSError, why: Refusal, words: str) -> None:
    wrapped = DockerException("Error while fetching server API version", cause)
    for error in (cause, wrapped):
        assert refusal(error) is why
        assert words in explained(error)


def test_what_is_not_known_has_no_advice() -> None:
    assert explained(TimeoutError("timed out")) == "timed out"
