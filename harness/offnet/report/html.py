"""One page that shows a run to somebody who was not there; needs nothing but a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from offnet import resources
from offnet.network.model import Crypto, Network
from offnet.picture.svg import draw
from offnet.report.evidence import Evidence
from offnet.report.model import (
    MARKS,
    NAMES,
    PROOFS,
    SCHEMA_VERSION,
    TEACHING,
    WORDS,
    Outcome,
    Result,
    Run,
    by_proof,
    tally,
    verdict,
    wrong,
)


@dataclass(frozen=True, slots=True)
class _Group:
    name: str
    verdict: Outcome
    tally: str
    results: tuple[Result, ...]


def render(run: Run, network: Network | None = None, evidence: Evidence | None = None) -> str:
    """The page of a run; with a network it shows its topology, with evidence the texts of every node."""
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            facts=tuple(_facts(run)),
            groups=tuple(_groups(run)),
            tally=tally(run.results),
            wrong=wrong(run.results),
            picture=Markup(draw(network)) if network else "",  # noqa: S704 - built as XML, text escaped there
            evidence=evidence or {},
            note=TEACHING if run.crypto == Crypto.AS_PRINTED else "",
            mark=MARKS,
            word=WORDS,
            schema=SCHEMA_VERSION,
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(resources.templates()),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    yield "Started", run.started.replace("T", " ").replace("+00:00", " UTC")
    yield "Runtime", run.runtime
    yield "Host", run.host
    for name, version in run.versions.items():
        yield NAMES.get(name, name), version


def _groups(run: Run) -> Iterator[_Group]:
    for proof, results in by_proof(run.results):
        name = f"{proof}. {PROOFS[proof]}" if proof else PROOFS[proof]
        yield _Group(name, verdict(results), tally(results), results)
