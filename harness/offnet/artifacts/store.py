"""The cache of artifacts: one folder each, named by the hash of what it is made from.

::

    <root>/<kind>/<key>/complete.json     written last; without it the folder is rubbish
    <root>/<kind>/<key>/...               the products
    <root>/<kind>/building-*/             being made, by the holder of the lock
    <root>/<kind>/lock                    held while building
    <root>/logs/<kind>-<time>.log
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from offnet.artifacts import machine
from offnet.artifacts.cleanup import remove_tree
from offnet.artifacts.progress import Progress
from offnet.artifacts.workshop import Cancelled, Processes, Workshop

MARKER = "complete.json"
KEPT = 3  # artifacts of one kind; branches with different inputs need not rebuild in turn
KEPT_LOGS = 10
LOCK_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Recipe:
    """How an artifact is made, and from what.

    ``inputs`` alone decide its key. ``require`` raises HostError when this machine cannot make it;
    ``build`` writes ``products`` into the workshop's output. ``space`` and ``scratch_space`` are the
    bytes wanted free in the cache and for work. ``parts`` are the artifacts that it is made from;
    their keys belong into its inputs.
    """

    kind: str
    title: str
    inputs: Mapping[str, bytes]
    products: tuple[str, ...]
    estimate_seconds: float
    space: int
    scratch_space: int
    require: Callable[[], None]
    build: Callable[[Workshop], None]
    parts: tuple[Recipe, ...] = ()

    @property
    def key(self) -> str:
        """Hash of all inputs with their names."""
        digest = hashlib.sha256()
        for name in sorted(self.inputs):
            content = self.inputs[name]
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()[:24]


@dataclass(frozen=True)
class Store:
    """Finds artifacts under ``root`` and makes those that are missing."""

    root: Path

    def find(self, recipe: Recipe) -> Path | None:
        """Return the artifact's folder if it is there and complete."""
        folder = self.root / recipe.kind / recipe.key
        try:
            sizes = json.loads((folder / MARKER).read_text())["products"]
            whole = all((folder / name).stat().st_size == sizes[name] for name in recipe.products)
        except (OSError, ValueError, KeyError, TypeError):
            return None  # whatever is wrong with it, it is no complete artifact
        if not whole:
            return None
        with contextlib.suppress(OSError):  # a cache that cannot be written still serves
            os.utime(folder / MARKER)
        return folder

    def make(self, recipe: Recipe, progress: Progress, processes: Processes) -> Path:
        """Build the artifact, or wait for whoever is building it, and return its folder."""
        home = self.root / recipe.kind
        machine.make_writable(home)
        with _locked(home / "lock", recipe, progress, processes):
            found = self.find(recipe)
            if found:
                return found
            self._sweep(home, recipe)
            machine.require_space(home, recipe.space, f"The {recipe.title}")
            return self._build(home, recipe, progress, processes)

    def _build(self, home: Path, recipe: Recipe, progress: Progress, processes: Processes) -> Path:
        base = machine.scratch_base(home, recipe.scratch_space)
        output = Path(tempfile.mkdtemp(prefix="building-", dir=home))
        scratch = Path(tempfile.mkdtemp(prefix=self._scratch_prefix(recipe), dir=base))
        try:
            scratch.chmod(0o711)
            workshop = Workshop(recipe.title, output, scratch, self._new_log(recipe), progress, processes)
            workshop.parts = {part.kind: self.root / part.kind / part.key for part in recipe.parts}
            recipe.build(workshop)
            if processes.cancelled.is_set():
                raise Cancelled
            absent = [name for name in recipe.products if not (output / name).exists()]
            if absent:
                raise workshop.failure(f"{', '.join(absent)} did not come out of it")
            return self._publish(recipe, output, home / recipe.key)
        finally:
            remove_tree(scratch)
            remove_tree(output)

    def _publish(self, recipe: Recipe, output: Path, final: Path) -> Path:
        """Make the output durable, then give it its name in one step."""
        output.chmod(0o755)
        sizes = {name: (output / name).stat().st_size for name in recipe.products}
        made = datetime.now(UTC).isoformat()
        record = {"kind": recipe.kind, "key": recipe.key, "made": made, "products": sizes}
        (output / MARKER).write_text(json.dumps(record, indent=2) + "\n")
        for path in [*output.iterdir(), output]:
            _flush(path)
        remove_tree(final)
        output.rename(final)
        _flush(final.parent)
        self._prune(final)
        return final

    def _sweep(self, home: Path, recipe: Recipe) -> None:
        """Remove what dead builders left: this builder holds the lock, so nothing of it is in use."""
        for leftover in home.glob("building-*"):
            remove_tree(leftover)
        remove_tree(home / recipe.key)
        named = os.environ.get("TMPDIR", "/tmp")  # noqa: S108  only names of this cache's own are touched
        for base in {home, Path(named), Path("/var/tmp"), Path("/tmp")}:  # noqa: S108  likewise
            for leftover in base.glob(self._scratch_prefix(recipe) + "*"):
                remove_tree(leftover)

    def _prune(self, newest: Path) -> None:
        """Remove the artifacts of this kind that were not used for longest."""
        markers = list(newest.parent.glob(f"*/{MARKER}"))
        markers.sort(key=lambda marker: marker.stat().st_mtime, reverse=True)
        for marker in markers[KEPT:]:
            if marker.parent != newest:
                remove_tree(marker.parent)

    def _scratch_prefix(self, recipe: Recipe) -> str:
        """Names of scratch folders tell user, cache and kind apart: each is swept under its own lock only."""
        owner = hashlib.sha256(f"{os.geteuid()} {self.root.absolute()}".encode()).hexdigest()[:12]
        return f"offnet-{recipe.kind}-{owner}-"

    def _new_log(self, recipe: Recipe) -> Path:
        logs = self.root / "logs"
        machine.make_writable(logs)
        for old in sorted(logs.glob(f"{recipe.kind}-*.log"))[: -KEPT_LOGS + 1]:
            old.unlink(missing_ok=True)
        return logs / f"{recipe.kind}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.log"


@contextlib.contextmanager
def _locked(path: Path, recipe: Recipe, progress: Progress, processes: Processes) -> Iterator[None]:
    """Hold the lock of a kind; it ends with the process, however that dies."""
    with path.open("a+") as file:
        waiting = False
        while not _try_lock(file.fileno()):
            if not waiting:
                waiting = True
                file.seek(0)
                progress.step(
                    f"{recipe.title}: waiting for another offnet ({file.read().strip()}) that is building it",
                    recipe.estimate_seconds,
                )
            if processes.cancelled.wait(LOCK_POLL_SECONDS):
                raise Cancelled
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
