"""A site's SA asked for, unless routing has done so by itself."""

from __future__ import annotations

from contextlib import suppress

from offnet.errors import DeadlineExpired
from offnet.experiments.presence import POLL
from offnet.experiments.subjects import Subject
from offnet.observe.vici import Vici
from offnet.wait import until

# The trap of a site with routing is sprung by the next hello, several times a second.
TRAP_DEADLINE = 1.0


def ask_for_sa(spoke: Vici, subject: Subject, timeout: float) -> None:
    """Initiates the CHILD_SA of a site; one that a trap asks for at the same time would be a second one."""
    name = subject.tunnel.site_connection
    if subject.tunnel.gre:
        with suppress(DeadlineExpired):
            until(
                lambda: bool(spoke.list_sas(name)),
                what=f"routing asks for an SA of {subject.site.name}",
                deadline=TRAP_DEADLINE,
                interval=POLL,
            )
            return
    spoke.initiate(subject.connection.children[0].name, name, timeout=timeout)
