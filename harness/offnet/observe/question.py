"""A question to a node: the command that asks it, and the function that reads the answer.

Questions are values, so that the same ones serve the checks, the command line, the evidence
and the recordings that the tests run on.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from offnet.observe.errors import ObserveError
from offnet.runtime.base import RunningLab

T = TypeVar("T")
PARSE_ERRORS = (ValueError, KeyError, TypeError, IndexError, AttributeError)


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """One question. ``argv`` and ``input`` ask it, ``parse`` turns the text into a typed answer.

    ``learner`` is the command a person would type in the node to see the same.
    """

    name: str
    argv: tuple[str, ...]
    parse: Callable[[str], T]
    input: bytes = b""
    learner: str = ""

    @property
    def typed(self) -> str:
        """The command line a learner would type in the node."""
        return self.learner or shlex.join(self.argv)


def ask(lab: RunningLab, node: str, question: Question[T], timeout: float = 10.0) -> T:
    """The typed answer of one node; ObserveError when it fails or cannot be read."""
    return read(node, question, raw(lab, node, question, timeout))


def raw(lab: RunningLab, node: str, question: Question[Any], timeout: float = 10.0) -> str:
    """The text a node answers with, unread; ObserveError when the command fails."""
    done = lab.run(node, question.argv, input=question.input, timeout=timeout, check=False)
    if done.code != 0:
        said = (done.stderr or done.stdout).strip()
        raise ObserveError(f"{node}: {question.typed}: exit code {done.code}: {said}")
    return done.stdout


def read(node: str, question: Question[T], text: str) -> T:
    """The typed answer in a text got before; ObserveError names node and question."""
    try:
        return question.parse(text)
    except ObserveError as error:
        raise ObserveError(f"{node}: {question.typed}: {error}") from error
    except PARSE_ERRORS as error:
        start = text[:200].strip()
        raise ObserveError(f"{node}: {question.typed}: unexpected answer ({error!r}): {start!r}") from error


def from_json(parse: Callable[[Any], T]) -> Callable[[str], T]:
    """A parser of text from a parser of JSON; no text at all counts as an empty list."""
    return lambda text: parse(json.loads(text) if text.strip() else [])


def joined(questions: Sequence[Question[Any]]) -> str:
    """The learners' commands of several questions, one a line."""
    return "\n".join(question.typed for question in questions)
