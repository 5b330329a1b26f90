"""The page of a run: sound, alone, and with everything a reader needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from offnet.network.model import Network
from offnet.report import html
from offnet.report.model import Outcome, Phase, Result, Run

VOID = {"meta", "br", "hr", "img", "input", "link"}


class _Checker(HTMLParser):
    """Sees that tags nest, and gathers what would be loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids += [values["id"] or ""] if "id" in values else []
        self.outside += [f"{tag} {k}={v}" for k, v in attrs if k in {"src", "href", "srcset", "data"}
                         and not (v or "").startswith("#")]  # fmt: skip
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def run() -> Run:
    results = (
        Result(1, "lab.yml::reach", "ce1 reaches <spoke>", Outcome.PASS, "5 of 5", "5 of 5", seconds=0.5),
        Result(
            3, "lab.yml::route", "route at pe2", Outcome.FAIL, "a label", "no route", "last seen: nothing"
        ),
        Result(8, "lab.yml::robust", "robust", Outcome.SKIP, detail="rri is static"),
    )
    return Run("example", "An <example>", "as-printed", "netns", "sandbox", "no VRF", "2026-01-02T03:04:05Z",
               {"frr": "10.3"}, (Phase("boot", 0.5), Phase("prove", 1.5)), results)  # fmt: skip


@pytest.fixture
def page(run: Run, make_network: Callable[..., Network]) -> str:
    return html.render(run, make_network(), {"pe2": {"frr/bgpd.conf": "router bgp 1001 <&>\n"}})


def test_tags_nest_and_nothing_is_loaded(page: str) -> None:
    checker = _Checker()
    checker.feed(page)
    assert checker.open == []
    assert checker.outside == []
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_every_result_has_an_anchor_of_its_own(page: str, run: Run) -> None:
    checker = _Checker()
    checker.feed(page)
    assert len(set(checker.ids)) == len(checker.ids)
    assert {result.id for result in run.results} <= set(checker.ids)


@pytest.mark.parametrize(
    "text",
    [
        "An &lt;example&gt;",
        "✗ failed",
        "1 passed, 1 failed, 1 skipped",
        "3. Routes",
        "last seen: nothing",
        "rri is static",
        "router bgp 1001 &lt;&amp;&gt;",
        "for teaching only",
        "<svg",
        "2.0 s",
    ],
)
def test_the_page_tells(page: str, text: str) -> None:
    assert text in page


def test_a_run_without_results_or_network_still_makes_a_page(run: Run) -> None:
    bare = html.render(Run("example", "An example", "modern", "netns", "local", "", run.started))
    checker = _Checker()
    checker.feed(bare)
    assert checker.open == []
    assert "No check ran." in bare
