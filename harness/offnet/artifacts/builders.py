"""Building what is missing, side by side, so that one Ctrl-C ends all of it and leaves nothing."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import FrameType

from offnet.artifacts import machine
from offnet.artifacts.progress import OneAtATime, Progress
from offnet.artifacts.store import Recipe, Store
from offnet.artifacts.workshop import Cancelled, Processes


def make_all(store: Store, recipes: Sequence[Recipe], progress: Progress) -> dict[str, Path]:
    """Return the folder of every recipe's artifact by kind, building those that are missing."""
    missing = _missing(store, recipes)
    if missing:
        require(store, missing)
        _build(store, missing, OneAtATime(progress))
    found = {recipe.kind: store.find(recipe) for recipe in recipes}
    return {kind: folder for kind, folder in found.items() if folder is not None}


def _missing(store: Store, recipes: Sequence[Recipe]) -> list[Recipe]:
    """Return what is to be built, parts before what is made from them, each once."""
    missing: dict[str, Recipe] = {}
    for recipe in recipes:
        if store.find(recipe) is None:
            missing |= {part.kind: part for part in _missing(store, recipe.parts)}
            missing[recipe.kind] = recipe
    return list(missing.values())


def require(store: Store, recipes: Sequence[Recipe]) -> None:
    """Raise HostError, before anything is started, when this machine cannot build these."""
    for recipe in recipes:
        recipe.require()
    machine.make_writable(store.root)
    needed = sum(recipe.space for recipe in recipes)
    machine.require_space(store.root, needed, f"Building the {' and the '.join(r.title for r in recipes)}")


def _build(store: Store, recipes: Sequence[Recipe], progress: Progress) -> None:
    processes = Processes()
    running: dict[str, Future[Path]] = {}

    def make(recipe: Recipe) -> Path:
        for part in recipe.parts:
            if part.kind in running:
                running[part.kind].result()
        return store.make(recipe, progress, processes)

    with _sigterm_as_interrupt(), ThreadPoolExecutor(len(recipes), "build") as pool:
        for recipe in recipes:  # parts come first, so that who waits for one finds it
            running[recipe.kind] = pool.submit(make, recipe)
        try:
            wait(running.values(), return_when=FIRST_EXCEPTION)
        finally:
            if not all(future.done() for future in running.values()):
                processes.cancel()
    _raise_first(list(running.values()))


def _raise_first(futures: Sequence[Future[Path]]) -> None:
    """Raise what went wrong; a build that was only told to stop is not what went wrong."""
    errors = [error for future in futures if (error := future.exception()) is not None]
    causes = [error for error in errors if not isinstance(error, Cancelled)]
    for error in causes or errors:
        raise error


@contextlib.contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM unwind like Ctrl-C while builds run, so that they are ended and cleaned up."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    mine = threading.current_thread() is threading.main_thread()
    if not mine or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
