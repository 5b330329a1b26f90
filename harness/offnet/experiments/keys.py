"""Sites with another key than their own: refused by their aggregator, or two of them on one address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench
from offnet.experiments.logs import line_about, mark, since
from offnet.experiments.presence import POLL, await_presence
from offnet.experiments.refusal import WRONG_KEY
from offnet.experiments.subjects import Subject
from offnet.network.model import AuthRound, IkeConnection, SharedSecret
from offnet.observe.errors import CommandRefused
from offnet.observe.vici import Vici
from offnet.wait import until

DEADLINE = 10.0
GUEST = "offnet-guest"


@contextmanager
def key_of(bench: Bench, node: str, key: str) -> Iterator[None]:
    """A site has another key for its aggregator while a block lasts."""
    ike = bench.network.node(node).ike
    assert ike is not None  # noqa: S101 - an off-net site
    (right,) = ike.secrets
    charon = bench.vici(node)
    charon.load_shared(replace(right, secret=key))
    try:
        yield
    finally:
        charon.load_shared(right)


def refused(bench: Bench, subject: Subject, key: str) -> str:
    """The line in which the aggregator refuses this key of a site, which then returns with its own.

    DeadlineExpired when it is not refused for that reason.
    """
    tunnel, spoke = subject.tunnel, bench.vici(subject.site.node)
    start = mark(bench.lab, tunnel.gateway)
    about, pattern = f"{tunnel.address} is initiating ", WRONG_KEY[subject.connection.version]
    try:
        with key_of(bench, subject.site.node, key):
            spoke.terminate(ike=tunnel.site_connection)
            with suppress(CommandRefused, DeadlineExpired):
                spoke.initiate(subject.connection.children[0].name, tunnel.site_connection, timeout=0.3)
            return until(
                lambda: line_about(
                    since(bench.lab, tunnel.gateway, start), about, pattern, str(tunnel.gateway_address)
                ),
                what=f"{tunnel.gateway} refuses the key of {subject.site.name}",
                deadline=DEADLINE,
                interval=POLL,
            )
    finally:
        come_back(bench, subject)


def come_back(bench: Bench, subject: Subject) -> None:
    """Sets a site's tunnel up anew; its route is everywhere when this returns."""
    spoke = bench.vici(subject.site.node)
    with suppress(CommandRefused):  # there may be nothing to end
        spoke.terminate(ike=subject.tunnel.site_connection, force=True, timeout=2)
    with suppress(CommandRefused):  # its trap may have been quicker
        spoke.initiate(subject.connection.children[0].name, subject.tunnel.site_connection, timeout=DEADLINE)
    await_presence(bench.lab, subject.tables, subject.site.lan, wanted=True, seconds=DEADLINE)


@dataclass(frozen=True, slots=True)
class Guest:
    """A site as a peer with a name and a key of its own; ``connection`` is its end."""

    subject: Subject
    connection: IkeConnection
    key: str

    @property
    def name(self) -> str:
        """What its connection and key are called at the aggregator."""
        return f"{GUEST}-{self.subject.site.name}"

    @property
    def identity(self) -> str:
        """Who it says to be."""
        return self.connection.local.id.text


def accepted(bench: Bench, guests: tuple[Guest, ...]) -> set[str]:
    """The names of the guests that get an IKE_SA, when all of them come to one address.

    Their aggregator expects them there by name and key, from any address, in place of whoever has
    the wildcard key.
    """
    gateway = bench.vici(guests[0].subject.tunnel.gateway)
    with ExitStack() as stack:
        stack.enter_context(_expected(bench, gateway, guests))
        for guest in guests:
            node = guest.subject.site.node
            spoke = bench.vici(node)
            stack.enter_context(key_of(bench, node, guest.key))
            spoke.load_conn(guest.connection)
            stack.callback(_leave, spoke, guest.connection.name)
            start = mark(bench.lab, gateway.node)
            with suppress(CommandRefused, DeadlineExpired):
                spoke.initiate(guest.connection.children[0].name, guest.connection.name, timeout=1)
            _await_decision(bench, gateway, guest, start)
        return _present(gateway) & {guest.identity for guest in guests}


def _present(gateway: Vici) -> set[str]:
    return {sa.remote_id for sa in gateway.list_sas() if sa.current}


def _await_decision(bench: Bench, gateway: Vici, guest: Guest, start: int) -> None:
    """Returns when the aggregator has an SA of a guest, or says that its key is wrong."""
    tunnel, pattern = guest.subject.tunnel, WRONG_KEY[guest.connection.version]
    about = f"{tunnel.address} is initiating "

    def decided() -> bool:
        text = since(bench.lab, gateway.node, start)
        refused = line_about(text, about, pattern, str(tunnel.gateway_address))
        return guest.identity in _present(gateway) or bool(refused)

    with suppress(DeadlineExpired):  # who is not there then has not got in
        until(decided, what=f"{gateway.node} decides", deadline=DEADLINE, interval=POLL)


def as_guest(subject: Subject, local: AuthRound, key: str) -> Guest:
    """A site that shows this identity, in a connection beside its own that does nothing by itself."""
    own = subject.connection
    child = replace(own.children[0], name=GUEST, start_action="none", close_action="none")
    return Guest(subject, replace(own, name=GUEST, local=local, children=(child,)), key)


def _leave(spoke: Vici, connection: str) -> None:
    with suppress(CommandRefused):  # a guest that was refused has nothing to end
        spoke.terminate(ike=connection, force=True, timeout=2)
    spoke.unload_conn(connection)


@contextmanager
def _expected(bench: Bench, gateway: Vici, guests: tuple[Guest, ...]) -> Iterator[None]:
    node = bench.network.node(gateway.node)
    own = node.connection(guests[0].subject.tunnel.gateway_connection)
    secrets = node.ike.secrets if node.ike else ()
    (wildcard,) = (secret for secret in secrets if secret.owners == own.local_addresses)
    gateway.unload_conn(own.name)
    gateway.unload_shared(f"ike-{wildcard.name}")
    for guest in guests:
        theirs = guest.connection
        gateway.load_shared(SharedSecret(guest.name, (str(theirs.local.id),), guest.key))
        terms = replace(own, version=theirs.version, proposals=theirs.proposals)
        gateway.load_conn(replace(terms, name=guest.name, remote=theirs.local, children=()))
    try:
        yield
    finally:
        for guest in guests:
            gateway.unload_conn(guest.name)
            gateway.unload_shared(f"ike-{guest.name}")
        gateway.load_shared(wildcard)
        gateway.load_conn(own)
