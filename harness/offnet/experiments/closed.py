"""A site whose charon is dead and whose SADB and SPD are empty: nothing may leave in clear."""

from __future__ import annotations

from dataclasses import dataclass

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench, gather
from offnet.experiments.presence import POLL, seen_presence
from offnet.experiments.probes import SILENCE_MS, probe
from offnet.experiments.subjects import Subject, subjects
from offnet.experiments.wire import ALLOWED, passed, wire_capture
from offnet.observe.errors import ObserveError
from offnet.observe.packet import Packet
from offnet.wait import until

LENGTH = 360
PROBES = 3
DEADLINE = 15.0
# The supervisor would start charon again at once: it is held while we look.
KILL = """
for process in /proc/[0-9]*/stat; do
    read -r pid name _ parent _ <"$process" && [ "$name" = "(charon-systemd)" ] && break
done
[ "$name" = "(charon-systemd)" ] || exit 1
kill -STOP "$parent" && kill -KILL "$pid" && ip -batch - <<END && echo "$parent"
xfrm state flush
xfrm policy flush
END
"""


@dataclass(frozen=True, slots=True)
class Closed:
    """Replies to the site's probes, and its clear packets on the wire, while there was no IPsec at all.

    ``back`` holds the PEs that had the site's route again, and after how many seconds; None if the
    site had no SA again.
    """

    replies: int
    leaked: tuple[Packet, ...]
    back: dict[str, float] | None


def dead_daemons(bench: Bench) -> dict[str, Closed]:
    """Every subject loses its charon and all it had put into the kernel, and gets it back."""
    bench.once(wire_capture)
    by_name = {subject.site.name: subject for subject in subjects(bench.network)}
    return gather(by_name, lambda name: _without_charon(bench, by_name[name]))


def _without_charon(bench: Bench, subject: Subject) -> Closed:
    lab, site = bench.lab, subject.site
    earlier = len(
        passed(bench, subject.tunnel)
    )  # other VPNs, whose addresses may be the same, are quiet meanwhile
    supervisor = lab.run(site.node, ["sh", "-c", KILL]).stdout.strip()
    try:
        answers = probe(
            lab,
            site.node,
            site.host,
            (subject.partner.host,),
            count=PROBES,
            length=LENGTH,
            wait_ms=SILENCE_MS,
        )
        seen = passed(bench, subject.tunnel)[earlier:]
    finally:
        lab.run(site.node, ["kill", "-CONT", supervisor])
    back = _await_return(bench, subject)
    own = {str(site.host), str(subject.tunnel.address)}
    leaked = tuple(packet for packet in seen if packet.source in own and packet.kind not in ALLOWED)
    return Closed(answers.received[subject.partner.host], leaked, back)


def _await_return(bench: Bench, subject: Subject) -> dict[str, float] | None:
    """The site comes back by itself: new SAs at its end, its route everywhere (an old one may linger)."""
    name = subject.tunnel.site_connection

    def established() -> bool:
        try:
            return any(sa.name == name and sa.current_children for sa in spoke.list_sas())
        except ObserveError:  # not up yet: nobody answers on its socket
            return False

    spoke = bench.vici(subject.site.node)
    try:
        until(established, what=f"{subject.site.name} has its SA again", deadline=DEADLINE, interval=POLL)
    except DeadlineExpired:
        return None
    return seen_presence(bench.lab, subject.tables, subject.site.lan, wanted=True, seconds=DEADLINE)
