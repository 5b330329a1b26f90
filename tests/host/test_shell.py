"""The persistent shell, on a shell of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from offnet.errors import DeadlineExpired, LabRunError
from offnet.host.process import ProcessStream
from offnet.host.shell import Shell


@pytest.fixture
def shell() -> Iterator[Shell]:
    shell = Shell(ProcessStream.start(("/bin/sh",), stderr=True), "test")
    yield shell
    shell.close()


def test_output_status_and_complaints_come_back_apart(shell: Shell) -> None:
    done = shell.run("echo out; echo err >&2; exit 3", check=False)
    assert (done.stdout, done.stderr, done.code) == ("out\n", "err\n", 3)


def test_a_failing_command_raises_with_its_own_words(shell: Shell) -> None:
    with pytest.raises(LabRunError, match=r"ls /nonexistent: exit status 2: .*No such file"):
        shell.run(["ls", "/nonexistent"])


@pytest.mark.parametrize(
    "text", ["", "no newline at the end", "\n\n", "a 'quoted' \"word\" $HOME `id` \\n", "äöü", "x" * 100_000]
)
def test_output_is_exact(shell: Shell, text: str) -> None:
    assert shell.run(["printf", "%s", text]).stdout == text
    assert shell.run(["cat"], input=text.encode()).stdout == text


def test_input_may_hold_any_byte(shell: Shell) -> None:
    data = bytes(range(256)) * 3
    expected = "".join(f"{byte:02x}" for byte in data)
    assert shell.run("od -An -v -tx1 | tr -d ' \\n'", input=data).stdout == expected


def test_input_may_begin_like_an_option(shell: Shell) -> None:
    assert shell.run(["cat"], input=b"-----BEGIN\n").stdout == "-----BEGIN\n"


def test_commands_do_not_eat_the_commands_that_follow(shell: Shell) -> None:
    assert shell.run(["cat"]).stdout == ""
    assert shell.run("echo still here").stdout == "still here\n"


@pytest.mark.parametrize("text", ["exit 7", "exec false", "if then", "echo 'unclosed"])
def test_no_text_ends_the_shell(shell: Shell, text: str) -> None:
    assert shell.run(text, check=False).code != 0
    assert shell.run("echo still here").stdout == "still here\n"


def test_large_output_on_both_pipes_does_not_block(shell: Shell) -> None:
    done = shell.run("head -c 400000 /dev/zero | tr '\\0' o; head -c 400000 /dev/zero | tr '\\0' e >&2")
    assert (len(done.stdout), len(done.stderr)) == (400_000, 400_000)


def test_many_commands_go_in_one_exchange(shell: Shell) -> None:
    first, second, third = shell.run_many([["echo", "one"], "echo two >&2; exit 2", ["printf", "three"]])
    assert first.stdout == "one\n"
    assert (second.code, second.stdout, second.stderr) == (2, "", "two\n")
    assert third.stdout == "three"


def test_threads_take_turns(shell: Shell) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: shell.run(["echo", str(number)]).stdout, range(40)))
    assert answers == [f"{number}\n" for number in range(40)]


def test_a_missed_deadline_names_the_command_and_costs_the_shell(shell: Shell) -> None:
    with pytest.raises(DeadlineExpired, match=r"test: .*not within 0\.2 s; last seen: so far"):
        shell.run("echo so far; exec sleep 20", timeout=0.2)
    assert shell.closed
    with pytest.raises(LabRunError, match="has been closed"):
        shell.run(["true"])


def test_a_shell_that_dies_is_an_error_not_a_wait(shell: Shell) -> None:
    with pytest.raises(LabRunError, match="shell ended"):
        shell.run("kill -KILL $$")
    assert shell.closed
