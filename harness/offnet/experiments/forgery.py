"""A site with a wrong credential: a wrong key, or a certificate in its name that an impostor made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench
from offnet.experiments.papers import papers
from offnet.experiments.subjects import Subject
from offnet.network.pki import CREDENTIALS
from offnet.observe.errors import CommandRefused

FORGED = "offnet-forged"
FORGED_FILE = "/run/offnet/forged.pem"
OWN_CREDENTIALS = (
    f"SWANCTL_DIR={CREDENTIALS} swanctl --load-creds --clear --noprompt --uri unix:///run/charon.vici"
)


@dataclass(frozen=True, slots=True)
class Forgery:
    """The connection that shows the wrong credential, and what gives the right one back."""

    connection: str
    mend: Callable[[], None]


def forge(bench: Bench, subject: Subject) -> Forgery:
    """Takes the right credential from a site and gives it a wrong one."""
    if subject.connection.signs and subject.tunnel.user is None:
        return _certificate(bench, subject)
    return _key(bench, subject)


def _key(bench: Bench, subject: Subject) -> Forgery:
    daemon, peer = bench.network.node(subject.site.node).ike, str(subject.tunnel.gateway_address)
    assert daemon is not None  # noqa: S101 - a tunnel's end has charon
    # A member of an overlay has a key for each peer, and who has a backup, too. Of a client it is the last
    # one, the user's: only the client itself can know that a group key is wrong.
    several = subject.site.overlay is not None or subject.site.backup is not None
    own = [key for key in daemon.secrets if not several or peer in key.owners]
    right = own[-1]
    spoke = bench.vici(subject.site.node)
    spoke.load_shared(replace(right, secret=f"not-{right.secret}"))
    return Forgery(subject.tunnel.site_connection, lambda: spoke.load_shared(right))


def _certificate(bench: Bench, subject: Subject) -> Forgery:
    """Nothing of its own is left: charon finds keys by the identity that they are certified for."""
    stranger, node = bench.once(papers), subject.site.node
    spoke, own = bench.vici(node), subject.connection
    bench.lab.run(node, ("tee", FORGED_FILE), input=stranger.forged[subject.site.name].encode())
    children = tuple(replace(child, start_action="none", close_action="none") for child in own.children)
    forged = replace(own, name=FORGED, local=replace(own.local, certificate=FORGED_FILE), children=children)

    def mend() -> None:
        with suppress(CommandRefused, DeadlineExpired):
            spoke.terminate(ike=FORGED, force=True, timeout=2)
        spoke.unload_conn(FORGED)
        bench.lab.run(node, OWN_CREDENTIALS)

    spoke.clear_credentials()
    spoke.load_key(stranger.private)
    spoke.load_conn(forged)
    return Forgery(FORGED, mend)
