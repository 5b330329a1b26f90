"""Modules imported while a process is awaited: Python's own time, spent where there is nothing else to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from threading import Thread


@contextmanager
def importing(*modules: str) -> Iterator[None]:
    """Imports modules in a thread beside what is done inside, and has done so afterwards.

    An error in one of them is told where it is used: it is imported again there, and says so itself.
    """
    thread = Thread(target=_import, args=(modules,))
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _import(modules: tuple[str, ...]) -> None:
    for module in modules:
        with suppress(Exception):
            import_module(module)
