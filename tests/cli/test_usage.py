"""Commands that ask for what does not exist: exit code 2, one message, no traceback."""

from __future__ import annotations

import pytest

from offnet import cli

BAD = [
    ("nope", "No such command"),
    ("--nope", "No such option"),
    ("check", "Missing argument"),
    ("check no-such-lab", "there is no lab 'no-such-lab'"),
    ("check single-ip --crypto rot13", "rot13"),
    ("check single-ip --runtime qemu", "qemu"),
    ("check single-ip --json /proc/nowhere/results.json", "cannot be written"),
    ("up no-such-lab", "there is no lab"),
    ("up single-ip --host mars", "mars: no such host"),
    ("down", "name the labs to take down, or give --all"),
    ("down single-ip --all", "name the labs to take down, or give --all"),
    ("down no-such-lab", "is not running"),
    ("show single-ip sa", "is not running; start it with: offnet up single-ip"),
    ("show single-ip everything", "everything"),
    ("show single-ip sa --node pe9", "has no node 'pe9'"),
    ("exec single-ip pe9 -- true", "has no node 'pe9': did you mean pe2?"),
    ("exec single-ip pe2", "Missing argument"),
    ("shell single-ip pe2", "is not running"),
    ("logs single-ip pe9", "has no node 'pe9'"),
    ("capture single-ip pe2 core -w /proc/nowhere.pcap", "cannot be written"),
    ("new UPPER --from single-ip", "cannot be the name of a lab"),
    ("new single-ip --from single-ip", "exists already"),
    ("new other --from no-such-lab", "there is no lab"),
    ("render no-such-lab", "there is no lab"),
    ("render single-ip --crypto modern", "default variant"),
]


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No lab of the user's is seen."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.mark.parametrize(("command", "message"), BAD, ids=[command for command, _ in BAD])
def test_bad_usage(command: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(command.split()) == 2
    told = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert message in told
    assert "Traceback" not in told


COMMANDS = ["list", "new", "render", "schema", "check", "up", "ps", "down", "show", "exec", "shell", "logs",
            "capture", "doctor", "picture"]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([command, "--help"]) == 0
    assert f"offnet {command}" in capsys.readouterr().out.partition("Usage")[2].partition("\n")[2]
