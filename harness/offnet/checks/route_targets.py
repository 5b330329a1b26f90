"""Proof 3, about route targets: what a VRF does not import is gone from it, and from no other VRF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from offnet.checks.claim import Claim, Verdict, verdict
from offnet.experiments.route_targets import Importer, Prefixes, Unimported, importer, unimported
from offnet.network.model import Network


def claims(network: Network) -> Iterator[Claim[Any]]:
    """One claim, for the VRF whose prefixes most have twins in another one."""
    subject = importer(network)
    if subject is not None:
        yield _claim(subject)


def _claim(subject: Importer) -> Claim[Unimported]:
    vrf, pe = subject.vrf, subject.pe.name
    others = [name for name in subject.learned if name != vrf.name]
    return Claim(
        3,
        f"{pe}: without import of {', '.join(vrf.rt_import)} routes go from VRF {vrf.name} only",
        f"{_text(subject.learned[vrf.name])} gone from {vrf.name}, then back; {', '.join(others)} unchanged",
        unimported,
        lambda seen: judge(subject, seen),
    )


def judge(subject: Importer, seen: Unimported) -> Verdict:
    """Meanwhile that VRF had no remote prefix and the others all of theirs; afterwards all had theirs."""
    own = subject.vrf.name
    meanwhile = {name: learned for name, learned in subject.learned.items() if name != own}
    mistakes = [f"{own} keeps {_text(seen.during[own])}"] if seen.during[own] else []
    mistakes += [f"{text} meanwhile" for text in _missing(meanwhile, seen.during)]
    mistakes += [f"{text} afterwards" for text in _missing(subject.learned, seen.after)]
    kept = "; ".join(f"{name} keeps {_text(seen.during[name])}" for name in meanwhile)
    return verdict(mistakes, f"{own} empty, {kept}; then all back")


def _missing(wanted: Mapping[str, Prefixes], seen: Mapping[str, Prefixes]) -> list[str]:
    return [
        f"{name} lacks {_text(prefixes - seen[name])}"
        for name, prefixes in wanted.items()
        if prefixes - seen[name]
    ]


def _text(prefixes: Prefixes) -> str:
    return ", ".join(str(prefix) for prefix in sorted(prefixes)) or "nothing"
