"""Python's cyclic garbage collector, told to wait."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """No search for cycles inside; for a command's way from lab.yml to text.

    What is built there has no cycles and is kept to the end, and each search walks all of it
    again: with 10,000 sites that is a third of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
