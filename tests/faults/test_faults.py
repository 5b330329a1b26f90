"""Every fault ends without help, in both variants; and one that does not is seen."""

from __future__ import annotations

from typing import Any

import pytest

from offnet import intent, resources
from offnet.checks import faults as topic
from offnet.checks.claim import Claim
from offnet.design import design
from offnet.experiments.bench import Bench
from offnet.experiments.faults import Fault, endure, faults, victim
from offnet.network.model import Network

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("faults")]
VICTIM = "the site"


def named(network: Network) -> dict[str, Claim[Any]]:
    """The claims about faults, by names that are those of every lab."""
    subject = victim(network)
    assert subject is not None
    return {claim.name.replace(subject.site.name, VICTIM): claim for claim in topic.claims(network)}


NAMES = list(named(design(intent.load(resources.labs() / "single-ip"))))


@pytest.mark.parametrize("name", NAMES)
def test_the_lab_returns_by_itself(lab: Bench, name: str) -> None:
    verdict = named(lab.network)[name].prove(lab)
    assert verdict.holds, verdict.seen


def test_a_fault_that_stays_is_seen(lab: Bench) -> None:
    subject = victim(lab.network)
    assert subject is not None
    (cut,) = (fault for fault in faults(lab.network, subject) if fault.name.startswith("Internet access"))
    assert cut.mend is not None
    lasting = Fault(cut.name, cut.act, seconds=1, detect=cut.detect)
    try:
        seen = topic.Aftermath(endure(lab, subject, lasting), {})
    finally:
        cut.mend(lab)
    verdict = topic.judge(subject, lasting, seen)
    assert not verdict.holds
    assert "5 replies in a row" in verdict.seen
    assert [node for node, _ in subject.tables if f"route not back at {node}" not in verdict.seen] == []
