"""The Markdown of a run: true, short, and proof against whatever the daemons say."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from offnet.report import markdown
from offnet.report.model import Outcome, Phase, Result, Run

RESULTS = (
    Result(1, "a", "vpn1: ce1 reaches spoke-vpn1-east", Outcome.PASS, "5 of 5", "5 of 5", seconds=0.5),
    Result(3, "b", "10.0.67.0/24 | at <pe2>", Outcome.FAIL, "a VPN label", "no route `[vpn1]`"),
    Result(6, "c", "wrong key", Outcome.ERROR, "a refusal", "", "charon does not answer\n```\n# twice"),
    Result(8, "d", "another site's LAN", Outcome.SKIP, detail="rri is static"),
    Result(0, "e", "the outer lookup", Outcome.PASS),
)
RUN = Run("example", "An <example>", "as-printed", "netns", "sandbox", "no VRF", "2026-01-02T03:04:05Z",
          {"frr": "10.3"}, (Phase("boot", 0.5), Phase("prove", 1.5)), RESULTS)  # fmt: skip


def shown(text: str) -> str:
    """What a reader of the Markdown sees: HTML, its tags taken away."""
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    return re.sub(r"<[^>]+>", "", html).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@pytest.mark.parametrize(
    "text",
    [
        "! example, as-printed: error",
        "An <example>",
        "2 passed, 1 failed, 1 error, 1 skipped",
        "2.0 s · netns on sandbox (no VRF) · FRR 10.3",
        "for teaching only",
        "10.0.67.0/24 | at <pe2>",
        "expected  a VPN label\nseen      no route `[vpn1]`",
        "expected  a refusal\ncharon does not answer\n```\n# twice",
        "another site's LAN: rri is static",
        "The lab's own point",
    ],
)
def test_it_tells(text: str) -> None:
    assert text in shown(markdown.render(RUN)).replace("&quot;", '"')


def test_the_table_has_one_row_a_proof_and_three_columns() -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown.render(RUN))
    rows = sum(token.type == "tr_open" for token in tokens)
    cells = sum(token.type in {"td_open", "th_open"} for token in tokens)
    assert (rows, cells) == (6, 18)


@pytest.mark.parametrize("text", ["a|b", "*a* _b_", "`a`", "<script>x</script>", "[a](b)", "# a", "a\n\n# b",
                                  "@user", "- a", "1. a", "&amp;", "\\|", "~~a~~"])  # fmt: skip
def test_whatever_a_title_holds_is_shown_and_not_obeyed(text: str) -> None:
    result = replace(RESULTS[1], title=text)
    page = shown(markdown.render(replace(RUN, results=(result,))))
    assert page.count(" ".join(text.split())) >= 2  # among the wrong ones, and in the list of all


def test_a_thousand_long_failures_stay_below_what_a_job_summary_may_have() -> None:
    results = tuple(replace(RESULTS[1], id=str(i), seen="x" * 100_000) for i in range(1000))
    text = markdown.render(replace(RUN, results=results))
    assert len(text.encode()) < 1 << 20
    assert "950 more are wrong" in text


def test_a_run_without_results() -> None:
    text = markdown.render(replace(RUN, results=()))
    assert "nothing proved" in text
    assert "No check ran." in text
