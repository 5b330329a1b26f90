"""A peer with a wrong credential, one with an unknown identity; meanwhile the SA is gone, traffic with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

from offnet.errors import DeadlineExpired
from offnet.experiments.alone import alone
from offnet.experiments.bench import Bench, gather
from offnet.experiments.forgery import Forgery, forge
from offnet.experiments.logs import line_about, mark, since
from offnet.experiments.papers import papers
from offnet.experiments.presence import GLANCE, present, seen_presence
from offnet.experiments.probes import SILENCE_MS, probe
from offnet.experiments.subjects import Subject, subjects
from offnet.experiments.wire import wire_capture
from offnet.network.model import AuthRound, Identity, IdentityKind, Network, Tunnel
from offnet.observe.errors import CommandRefused
from offnet.observe.vici import Vici
from offnet.wait import until

# What the end that can know says: IKEv1 cannot decrypt the fifth message, IKEv2 compares a MAC.
WRONG_KEY = {
    1: r"could not decrypt payloads",
    2: r"tried \d+ shared keys? for .* but MAC mismatched",
}
# In Aggressive Mode the aggregator proves first that it has the key, and the site refuses that proof.
WRONG_PROOF = r"calculated HASH does not match HASH payload"
# A certificate that names a known authority as its issuer, which did not sign it.
NO_ISSUER = r"no issuer certificate found for"
# With IKEv2 clients of every group come to the same connections, which have keys for groups only.
UNKNOWN_IDENTITY = {1: r"no peer config found", 2: r"no matching peer config found|no shared key found for"}
STRANGER = "stranger.invalid"  # no lab's: profiles match domains below .example
LENGTH = 84
PROBES = 3
# Refusals come within a round trip; the rest is for slow machines.
DEADLINE = 10.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """What one refused attempt left: the aggregator's reason, SAs of the peer, tables with its route.

    Times are seconds since the SA was taken down (gone) or asked for again (back), by PE.
    """

    reason: str
    sas: tuple[str, ...]
    routes: tuple[str, ...]
    out: int = 0
    into: int = 0
    gone: dict[str, float] | None = None
    back: dict[str, float] | None = None


def wrong_keys(bench: Bench) -> dict[str, Refusal]:
    """Each subject tries with a wrong credential after its SA has gone, then returns with the right one."""
    bench.once(wire_capture)
    if any(one.connection.signs and one.tunnel.user is None for one in subjects(bench.network)):
        bench.once(papers)
    by_name = {subject.site.name: subject for subject in subjects(bench.network)}
    return gather(by_name, lambda name: _wrong_key(bench, by_name[name]))


def _wrong_key(bench: Bench, subject: Subject) -> Refusal:
    with alone(bench, subject):
        forged = forge(bench, subject)
        try:
            seen = _attempt(bench, subject, forged.connection)
        finally:
            back = _return(bench, subject, forged)
    return replace(seen, back=back)


def _attempt(bench: Bench, subject: Subject, connection: str) -> Refusal:
    """The SA goes, the credential that is loaded is tried, and nothing is sent in clear or through."""
    lab, tunnel = bench.lab, subject.tunnel
    spoke, gateway = bench.vici(subject.site.node), bench.vici(tunnel.gateway, subject.site.node)
    node, pattern = wrong_key_told(subject)
    start = mark(lab, node)
    spoke.terminate(ike=tunnel.site_connection)
    gone = {}
    if tunnel.rri == "dynamic":
        gone = seen_presence(lab, subject.tables, subject.site.lan, wanted=False, seconds=DEADLINE)
    until(
        lambda: not _sas_of(gateway, tunnel),
        what=f"{tunnel.gateway} has no SA of {subject.site.name}",
        deadline=DEADLINE,
        interval=GLANCE,
    )
    _try(spoke, subject, connection)
    told = told_of(subject, node, start, pattern)
    reason = reason_told(bench, told, lambda: _sas_of(gateway, tunnel))
    if not reason and _sas_of(gateway, tunnel):  # then it is to be seen what that opens
        seen_presence(lab, subject.tables, subject.site.lan, wanted=True, seconds=DEADLINE)
    with _inner_address(bench, subject):
        replies = gather((True, False), lambda outward: _replies(bench, subject, outward=outward))
    sas, routes = _sas_of(gateway, tunnel), _routes_of(bench, subject)
    return Refusal(reason, sas, routes, out=replies[True], into=replies[False], gone=gone)


def wrong_key_told(subject: Subject) -> tuple[str, str]:
    """The node that can know of a wrong credential, or of a user's wrong password, and what it says then."""
    if subject.tunnel.user:
        return subject.tunnel.gateway, rf"authentication of '{subject.tunnel.user}' failed"
    if subject.connection.signs:
        return subject.tunnel.gateway, NO_ISSUER
    if subject.connection.aggressive:
        return subject.site.node, WRONG_PROOF
    return subject.tunnel.gateway, WRONG_KEY[subject.connection.version]


@contextmanager
def _inner_address(bench: Bench, subject: Subject) -> Iterator[None]:
    """A client without a session has lost its inner address: here somebody gives it back by hand."""
    if subject.tunnel.user is None:
        yield
        return
    node, address = subject.site.node, [str(subject.site.lan), "dev", "lo"]
    bench.lab.run(node, ["ip", "address", "add", *address])
    try:
        yield
    finally:
        bench.lab.run(node, ["ip", "address", "del", *address])


class Told(NamedTuple):
    """Where a reason is told: in the log of a node since a mark, of a negotiation that begins ``about``."""

    node: str
    start: int
    about: str
    pattern: str
    toward: str = ""


def reason_told(bench: Bench, told: Told, accepted: Callable[[], tuple[str, ...]]) -> str:
    """The line that says so of the negotiation; none if it is accepted, or nobody tells."""
    line = ""

    def look() -> bool:
        nonlocal line
        taken = accepted()  # before the log is read, in which it would be told then
        text = since(bench.lab, told.node, told.start)
        line = line_about(text, told.about, told.pattern, told.toward)
        return bool(line or taken)

    with suppress(DeadlineExpired):  # the verdict on silence is for the judge
        until(look, what=f"{told.node} refuses", deadline=DEADLINE, interval=GLANCE)
    return line


def told_of(subject: Subject, node: str, start: int, pattern: str) -> Told:
    """At the aggregator it is the negotiation of the peer's address with the tunnel's own address."""
    tunnel = subject.tunnel
    if node != tunnel.gateway:
        return Told(node, start, "initiating ", pattern)
    return Told(node, start, f"{tunnel.address} is initiating ", pattern, str(tunnel.gateway_address))


def _try(spoke: Vici, subject: Subject, connection: str) -> None:
    """Starts the negotiation; how it ends is read at the end that can know."""
    with suppress(CommandRefused):
        spoke.begin(subject.connection.children[0].name, connection)


def _return(bench: Bench, subject: Subject, forged: Forgery) -> dict[str, float]:
    """The right credential again, a new negotiation, and its route everywhere."""
    spoke = bench.vici(subject.site.node)
    forged.mend()
    with suppress(CommandRefused):  # nothing to end where the attempt has already been given up
        spoke.terminate(ike=subject.tunnel.site_connection, force=True, timeout=2)
    try:
        spoke.initiate(subject.connection.children[0].name, subject.tunnel.site_connection, timeout=DEADLINE)
    except (CommandRefused, DeadlineExpired):
        return {}  # it is back nowhere
    return seen_presence(bench.lab, subject.tables, subject.site.lan, wanted=True, seconds=DEADLINE)


def _sas_of(gateway: Vici, tunnel: Tunnel) -> tuple[str, ...]:
    """The SAs of the peer under whatever connection, at the address that the tunnel ends on."""
    peer = (str(tunnel.gateway_address), tunnel.identity, tunnel.user or "")
    sas = (sa for sa in gateway.list_sas() if sa.current and (sa.local_host, sa.remote_id, sa.user) == peer)
    return tuple(f"{sa.name} {sa.remote_id}" for sa in sas)


def _routes_of(bench: Bench, subject: Subject) -> tuple[str, ...]:
    lan = subject.site.lan
    return tuple(node for node, table in subject.tables if present(bench.lab, node, table, lan))


def _replies(bench: Bench, subject: Subject, *, outward: bool) -> int:
    source, target = (subject.site, subject.partner) if outward else (subject.partner, subject.site)
    answers = probe(
        bench.lab, source.node, source.host, (target.host,), count=PROBES, length=LENGTH, wait_ms=SILENCE_MS
    )
    return answers.received[target.host]


def takes_anybody(network: Network, subject: Subject) -> bool:
    """Whether the subject's aggregator has no unknown identities: by its front door everybody may come."""
    gateway = network.node(subject.tunnel.gateway)
    own = gateway.connection(subject.tunnel.gateway_connection)
    others = (
        c for c in (gateway.ike.connections if gateway.ike else ()) if c.remote.id.kind is IdentityKind.ANY
    )
    return any(other.local_addresses == own.local_addresses for other in others)


def unknown_identities(bench: Bench) -> dict[str, Refusal]:
    """Each subject that has a key offers an identity that no profile matches, with the right key."""
    chosen = (one for one in subjects(bench.network) if not one.connection.signs)
    known = (one for one in chosen if not takes_anybody(bench.network, one))
    by_name = {subject.site.name: subject for subject in known}
    return gather(by_name, lambda name: _unknown_identity(bench, by_name[name]))


def _unknown_identity(bench: Bench, subject: Subject) -> Refusal:
    lab, tunnel = bench.lab, subject.tunnel
    children = tuple(replace(child, start_action="none") for child in subject.connection.children)
    local = _stranger(subject)
    stranger = replace(subject.connection, name="offnet-stranger", local=local, children=children)
    spoke, gateway = bench.vici(subject.site.node), bench.vici(tunnel.gateway, subject.site.node)
    start = mark(lab, tunnel.gateway)
    spoke.load_conn(stranger)
    try:
        with suppress(CommandRefused, DeadlineExpired):
            spoke.initiate(children[0].name, stranger.name, timeout=2)
        told = told_of(subject, tunnel.gateway, start, UNKNOWN_IDENTITY[stranger.version])
        reason = reason_told(bench, told, lambda: _sas_as(gateway, local.id.text))
        left = _sas_as(gateway, local.id.text)
    finally:
        with suppress(CommandRefused):
            spoke.terminate(ike=stranger.name, force=True, timeout=2)
        spoke.unload_conn(stranger.name)
    return Refusal(reason, left, ())


def _stranger(subject: Subject) -> AuthRound:
    """Who is in no profile: a site or, of a client, a group."""
    own = subject.connection.local
    kind = IdentityKind.KEY_ID if own.id.kind is IdentityKind.KEY_ID else IdentityKind.FQDN
    return replace(own, id=Identity(kind, f"{subject.site.name}.{STRANGER}"))


def _sas_as(gateway: Vici, identity: str) -> tuple[str, ...]:
    return tuple(
        f"{sa.name} {sa.remote_id}" for sa in gateway.list_sas() if sa.current and sa.remote_id == identity
    )
