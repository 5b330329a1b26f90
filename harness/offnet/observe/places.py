"""Places in a lab: a node, or one of its routing contexts beside the first one, as ``node/context``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from offnet.host.base import Completed
from offnet.observe.question import Question, ask
from offnet.runtime.base import RunningLab

T = TypeVar("T")


def place(node: str, context: str | None = None) -> str:
    """The place that a node is, or a routing context of it."""
    return f"{node}/{context}" if context else node


def node_of(where: str) -> str:
    """The node of a place."""
    return where.partition("/")[0]


def entering(where: str) -> tuple[str, ...]:
    """What a command begins with that a node runs in the network namespace of a place."""
    context = where.partition("/")[2]
    return ("nsenter", f"--net=/run/netns/{context}") if context else ()


def vtysh(where: str, *commands: str) -> tuple[str, ...]:
    """The command that asks or configures the FRR instance of a place."""
    context = where.partition("/")[2]
    instance = ("-N", context) if context else ()
    return ("vtysh", *instance, *(word for command in commands for word in ("-c", command)))


def run_at(
    lab: RunningLab,
    where: str,
    argv: Sequence[str],
    *,
    input: bytes = b"",  # noqa: A002 - as subprocess calls it
    timeout: float = 10.0,
    check: bool = True,
) -> Completed:
    """Runs a command at a place."""
    command = (*entering(where), *argv)
    return lab.run(node_of(where), command, input=input, timeout=timeout, check=check)


def ask_at(lab: RunningLab, where: str, question: Question[T], timeout: float = 10.0) -> T:
    """The typed answer of a place; ObserveError when it fails or cannot be read."""
    there = replace(question, argv=(*entering(where), *question.argv))
    return ask(lab, node_of(where), there, timeout)
