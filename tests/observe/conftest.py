"""Recordings of the real daemons, and what the design says they must hold."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from offnet import intent
from offnet.design import design
from offnet.network.model import Crypto, Network
from offnet.observe.question import Question, read

T = TypeVar("T")
HERE = Path(__file__).parent
LABS = HERE.parents[1] / "labs"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="record the real daemons of lab single-ip anew")


def recording_name(question: Question[Any]) -> str:
    return re.sub("[^a-z0-9]+", "-", question.name)


@dataclass(frozen=True)
class Recorded:
    """What one run of the lab answered, beside its design."""

    directory: Path
    network: Network

    def answer(self, node: str, question: Question[T]) -> T:
        return read(node, question, self.text(node, question))

    def text(self, node: str, question: Question[Any]) -> str:
        name = recording_name(question)
        # newline="" keeps what the daemon wrote
        with (self.directory / f"{node}.{name}.txt").open(encoding="utf-8", newline="") as file:
            return file.read()

    @property
    def vici(self) -> Any:
        return json.loads((self.directory / "vici.json").read_text(encoding="utf-8"))

    @property
    def handshake(self) -> bytes:
        return (self.directory / "handshake.pcap").read_bytes()


@pytest.fixture(params=list(Crypto), ids=str)
def recorded(request: pytest.FixtureRequest) -> Recorded:
    crypto: Crypto = request.param
    network = design(intent.load(LABS / "single-ip"), crypto)
    return Recorded(HERE / "recorded" / crypto.value, network)
