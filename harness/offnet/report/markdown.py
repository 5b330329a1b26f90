"""One run as Markdown, as GitHub shows it in a job's summary: verdict, table of proofs, what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator

from offnet.network.model import Crypto
from offnet.report.model import (
    MARKS,
    NAMES,
    PROOFS,
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

MAX_WRONG = 50
"""Wrong results that are told at length. GitHub refuses a summary above 1 MiB; fifty stay far below."""
MAX_TEXT = 4000
"""Characters of one expectation, observation or explanation."""


def render(run: Run) -> str:
    """The run as GitHub-flavoured Markdown; whatever a daemon said stands there as it said it."""
    blocks = (_headline(run), _facts(run), _table(run), *_wrong(run), _all(run))
    return "\n\n".join(block for block in blocks if block) + "\n"


def escape(text: str) -> str:
    """Text that Markdown shows as it is, on one line, also inside a table."""
    line = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_\[\]#|~@])", r"\\\1", line)
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", line)  # what a line only begins a list or heading with


def fenced(text: str) -> str:
    """Text as a block of code whose fence is longer than any that it holds; long texts are cut."""
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]}\n… ({len(text) - MAX_TEXT} characters more in the evidence)"
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _headline(run: Run) -> str:
    word = "nothing proved" if run.verdict is Outcome.SKIP else WORDS[run.verdict]
    return f"## {MARKS[run.verdict]} {escape(run.lab)}, {escape(run.crypto)}: {word}\n\n{escape(run.title)}"


def _facts(run: Run) -> str:
    where = f"{run.runtime} on {run.host}" + (f" ({run.reason})" if run.reason else "")
    versions = ", ".join(f"{NAMES.get(name, name)} {version}" for name, version in run.versions.items())
    facts = (tally(run.results), f"{run.seconds:.1f} s", where, versions)
    lines = [" · ".join(escape(fact) for fact in facts if fact)]
    if run.crypto == Crypto.AS_PRINTED:
        lines.append(f"*{escape(TEACHING)}*")
    return "\n\n".join(lines)


def _table(run: Run) -> str:
    rows = [
        f"| {MARKS[verdict(group)]} | {escape(_proof(proof))} | {tally(group)} |"
        for proof, group in by_proof(run.results)
    ]
    return "\n".join(("| | proof | checks |", "|---|---|---|", *rows)) if rows else "No check ran."


def _proof(proof: int) -> str:
    return f"{proof}. {PROOFS[proof]}" if proof else PROOFS[proof]


def _wrong(run: Run) -> Iterator[str]:
    found = wrong(run.results)
    for result in found[:MAX_WRONG]:
        yield f"### {MARKS[result.outcome]} {escape(result.title)}"
        yield fenced(_account(result))
    if len(found) > MAX_WRONG:
        yield f"{len(found) - MAX_WRONG} more are wrong; all are listed below."


def _account(result: Result) -> str:
    """What was expected and what was seen; the long form where these two do not tell it."""
    told = [
        f"{name:<9} {text}" for name, text in (("expected", result.expected), ("seen", result.seen)) if text
    ]
    if result.detail and not (result.expected and result.seen):
        told.append(result.detail.strip())
    return "\n".join(told)


def _all(run: Run) -> str:
    if not run.results:
        return ""
    parts = ["<details><summary>All checks</summary>"]
    for proof, group in by_proof(run.results):
        items = "\n".join(_item(result) for result in group)
        parts.append(f"**{escape(_proof(proof))}**\n\n{items}")
    return "\n\n".join((*parts, "</details>"))


def _item(result: Result) -> str:
    reason = f": {escape(result.detail)}" if result.outcome is Outcome.SKIP and result.detail else ""
    return f"* {MARKS[result.outcome]} {escape(result.title)}{reason}"
