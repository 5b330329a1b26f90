"""A site that has no backup for a while, so that one sees what becomes of it with its own aggregator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from offnet.experiments.bench import Bench
from offnet.experiments.subjects import Subject


@contextmanager
def alone(bench: Bench, subject: Subject) -> Iterator[None]:
    """Takes the connection to the backup from a site's charon; its agent does nothing without it."""
    site = subject.site
    if site.backup is None:
        yield
        return
    spoke, backup = (
        bench.vici(site.node),
        bench.network.node(site.node).connection(site.backup.site_connection),
    )
    spoke.unload_conn(backup.name)
    try:
        yield
    finally:
        spoke.load_conn(backup)
