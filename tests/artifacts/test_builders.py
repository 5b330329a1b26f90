"""Building side by side, and ending it."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from offnet.artifacts.builders import make_all
from offnet.artifacts.progress import Remembered
from offnet.artifacts.store import Recipe, Store
from offnet.artifacts.workshop import Workshop
from offnet.errors import ArtifactError, HostError

Variant = Callable[..., Recipe]

# A program that builds something endless; what it prints says that the build has begun.
ENDLESS = """
import sys
from pathlib import Path
from offnet.artifacts.builders import make_all
from offnet.artifacts.progress import Silent
from offnet.artifacts.progress import Remembered
from offnet.artifacts.store import Recipe, Store

class Telling(Silent):
    def tick(self, message):
        print(message, flush=True)

def build(workshop):
    workshop.run(["sh", "-c", "echo $$; tail -f /dev/null & wait"])

recipe = Recipe("thing", "thing", {}, ("product",), 1, 1, 1, lambda: None, build)
make_all(Store(Path(sys.argv[1])), [recipe], Telling())
"""


def test_all_that_is_missing_is_built_side_by_side(store: Store, recipe: Variant, heard: Remembered) -> None:
    both_run = threading.Barrier(2)

    def meet(workshop: Workshop) -> None:
        both_run.wait(10)
        recipe().build(workshop)

    found = make_all(store, [recipe(kind="a", build=meet), recipe(kind="b", build=meet)], heard)
    assert set(found) == {"a", "b"}
    assert all((folder / "product").exists() for folder in found.values())


def test_what_this_machine_cannot_do_is_said_before_anything_starts(
    store: Store, recipe: Variant, heard: Remembered
) -> None:
    def refuse() -> None:
        message = "not here"
        raise HostError(message)

    with pytest.raises(HostError, match="not here"):
        make_all(store, [recipe(kind="a"), recipe(kind="b", require=refuse)], heard)
    assert heard.steps == []
    assert not store.root.exists()


def test_one_failure_ends_the_other_build_and_is_what_is_told(
    store: Store, recipe: Variant, heard: Remembered
) -> None:
    other_runs = threading.Event()

    def endless(workshop: Workshop) -> None:
        workshop.run(["sh", "-c", "echo begun; tail -f /dev/null & wait"], on_line=lambda _: other_runs.set())

    def fail(workshop: Workshop) -> None:
        assert other_runs.wait(10)
        workshop.run(["false"])

    with pytest.raises(ArtifactError, match="false ended with status 1"):
        make_all(store, [recipe(kind="a", build=endless), recipe(kind="b", build=fail)], heard)


def start_endless(cache: Path) -> tuple[subprocess.Popen[str], int]:
    """Start a program that builds without end; return it and the process of its build."""
    program = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(cache)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert program.stdout is not None
    with program.stdout:
        builder = int(program.stdout.readline().split()[-1])
    return program, builder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_build_and_leaves_nothing(
    tmp_path: Path, scratch: Path, number: signal.Signals
) -> None:
    program, builder = start_endless(tmp_path / "cache")
    program.send_signal(number)
    assert program.wait(30) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(builder, 0)
    assert [path.name for path in (tmp_path / "cache" / "thing").iterdir()] == ["lock"]
    assert list(scratch.iterdir()) == []


def test_a_killed_builder_takes_its_commands_with_it(tmp_path: Path) -> None:
    program, builder = start_endless(tmp_path / "cache")
    watch = os.pidfd_open(builder)
    try:
        program.kill()
        program.wait(10)
        ended, _, _ = select.select([watch], [], [], 10)  # a pidfd is readable when its process has ended
        assert ended, f"process {builder} outlives what started it"
    finally:
        os.close(watch)


def test_a_part_is_built_before_what_is_made_from_it(
    store: Store, recipe: Variant, heard: Remembered
) -> None:
    part = recipe(kind="part")

    def from_part(workshop: Workshop) -> None:
        content = (workshop.parts["part"] / "product").read_text()
        workshop.run(["sh", "-c", f"printf 'from {content}' >'{workshop.output}/product'"])

    made = make_all(store, [recipe(kind="whole", build=from_part, parts=(part,))], heard)
    assert set(made) == {"whole"}
    assert (made["whole"] / "product").read_text() == "from content\n"
    assert store.find(part) is not None


def test_a_part_is_not_built_for_what_is_there(store: Store, recipe: Variant, heard: Remembered) -> None:
    whole = recipe(kind="whole", parts=(recipe(kind="part"),))
    made = make_all(store, [whole], heard)
    shutil.rmtree(store.root / "part")
    assert make_all(store, [whole], heard) == made
    assert not (store.root / "part").exists()


def test_a_part_of_two_is_built_once(store: Store, recipe: Variant, heard: Remembered) -> None:
    part = recipe(kind="part")
    make_all(store, [recipe(kind=kind, parts=(part,)) for kind in ("one", "two")], heard)
    assert len(heard.steps) == 3


def test_what_a_part_lacks_is_what_is_told(store: Store, recipe: Variant, heard: Remembered) -> None:
    def fail(workshop: Workshop) -> None:
        workshop.run(["sh", "-c", "exit 7"])

    part = recipe(kind="part", title="part", build=fail)
    with pytest.raises(ArtifactError, match="The part could not be built"):
        make_all(store, [recipe(kind="whole", parts=(part,))], heard)
    assert not (store.root / "whole").exists()
