"""The claims that a lab owes, all told."""

from __future__ import annotations

from collections import Counter

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.checks.derive import derive
from offnet.experiments.bench import Bench
from offnet.network.model import Network
from offnet.report.model import FAULTS, PROOFS


def test_every_proof_has_claims_and_every_claim_a_name_of_its_own(network: Network) -> None:
    claims = derive(network, with_faults=True)
    assert {claim.proof for claim in claims} == set(PROOFS) - {0}
    assert {claim.proof for claim in derive(network)} == {claim.proof for claim in claims} - {FAULTS}
    assert [name for name, count in Counter(claim.name for claim in claims).items() if count > 1] == []
    assert all(claim.expected for claim in claims)


def test_the_wire_is_judged_last_for_it_saw_everything(network: Network) -> None:
    proofs = [claim.proof for claim in derive(network)]
    assert proofs.index(4) > max(proofs.index(proof) for proof in (1, 6, 7, 8))


def test_a_claim_looks_once_a_bench_and_judges() -> None:
    looks = []

    def look(bench: Bench) -> int:
        looks.append(bench)
        return len(looks)

    claim = Claim(1, "name", "expected", look, lambda seen: Verdict(seen == 1, str(seen)))
    bench = Bench(None, None)  # type: ignore[arg-type]  # this look needs neither
    assert [claim.prove(bench).seen for _ in range(2)] == ["1", "1"]


def test_mistakes_are_what_was_seen() -> None:
    assert verdict([], "fine") == Verdict(True, "fine")
    assert verdict(["one", "two"], "fine") == Verdict(False, "one; two")
