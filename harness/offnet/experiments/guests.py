"""A peer that shows another identity than its own: which connection it gets, and so which profile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench
from offnet.experiments.subjects import Subject
from offnet.network.model import AuthRound, Identity, IkeConnection, SharedSecret
from offnet.observe.errors import CommandRefused

GUEST = "offnet-guest"
DEADLINE = 10.0


def selected(bench: Bench, subject: Subject, identity: Identity) -> str | None:
    """The aggregator's connection for a peer at the subject's address that shows this identity.

    It has the subject's key. None where no IKE_SA comes to be.
    """
    gateway = bench.vici(subject.tunnel.gateway)
    with _guest(bench, subject, identity) as guest:
        with suppress(CommandRefused, DeadlineExpired):  # a CHILD_SA is not needed, the IKE_SA tells
            bench.vici(subject.site.node).initiate(guest.children[0].name, guest.name, timeout=DEADLINE)
        found = [sa.name for sa in gateway.list_sas() if sa.current and sa.remote_id == identity.text]
    return found[0] if found else None


@contextmanager
def _guest(bench: Bench, subject: Subject, identity: Identity) -> Iterator[IkeConnection]:
    """The subject's charon has a second connection, its aggregator the key for it."""
    spoke, gateway = bench.vici(subject.site.node), bench.vici(subject.tunnel.gateway)
    own = subject.connection
    child = replace(own.children[0], name=GUEST, start_action="none", close_action="none")
    guest = replace(own, name=GUEST, local=AuthRound("psk", identity), children=(child,))
    ike = bench.network.node(subject.site.node).ike
    assert ike is not None  # noqa: S101 - a tunnel's end has charon
    key = SharedSecret(GUEST, (str(identity),), ike.secrets[0].secret)
    gateway.load_shared(key)
    spoke.load_conn(guest)
    try:
        yield guest
    finally:
        with suppress(CommandRefused):  # there may be nothing to end
            spoke.terminate(ike=GUEST, timeout=2)
        spoke.unload_conn(GUEST)
        gateway.unload_shared(f"ike-{GUEST}")
