"""The cache: what is found, what is built again, what is waited for, and that nothing is left behind."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from offnet.artifacts.progress import Remembered
from offnet.artifacts.store import MARKER, Recipe, Store
from offnet.artifacts.workshop import Cancelled, Processes, Workshop
from offnet.errors import ArtifactError, HostError

Variant = Callable[..., Recipe]


def test_a_missing_artifact_is_built_and_then_found(
    store: Store, recipe: Variant, heard: Remembered, processes: Processes
) -> None:
    assert store.find(recipe()) is None
    made = store.make(recipe(), heard, processes)
    assert (made / "product").read_text() == "content\n"
    assert store.find(recipe()) == made
    assert heard.steps == ["test thing: writing"]
    assert heard.ticks == ["test thing: made"]


def test_what_is_found_is_not_built_again(
    store: Store, recipe: Variant, heard: Remembered, processes: Processes
) -> None:
    store.make(recipe(), heard, processes)
    store.make(recipe(), heard, processes)
    assert len(heard.steps) == 1


@pytest.mark.parametrize(
    "inputs",
    [{"source": b"two"}, {"renamed": b"one"}, {"source": b"one", "more": b""}, {"source": b"", "e": b"one"}],
    ids=["content", "name", "one-more", "moved"],
)
def test_any_change_of_the_inputs_changes_the_key(recipe: Variant, inputs: dict[str, bytes]) -> None:
    assert recipe(inputs=inputs).key != recipe().key


def test_the_order_of_inputs_does_not_change_the_key(recipe: Variant) -> None:
    one, other = {"a": b"1", "b": b"2"}, {"b": b"2", "a": b"1"}
    assert recipe(inputs=one).key == recipe(inputs=other).key


def cut_marker(folder: Path) -> None:
    (folder / MARKER).unlink()


def cut_product(folder: Path) -> None:
    (folder / "product").write_text("con")


def lose_product(folder: Path) -> None:
    (folder / "product").unlink()


def garble_marker(folder: Path) -> None:
    (folder / MARKER).write_text('{"products": ')


def empty_marker(folder: Path) -> None:
    (folder / MARKER).write_text(json.dumps({"products": {}}))


@pytest.mark.parametrize("damage", [cut_marker, cut_product, lose_product, garble_marker, empty_marker])
def test_a_half_written_artifact_is_built_again(
    store: Store, recipe: Variant, heard: Remembered, processes: Processes, damage: Callable[[Path], None]
) -> None:
    made = store.make(recipe(), heard, processes)
    damage(made)
    assert store.find(recipe()) is None
    assert store.make(recipe(), heard, processes) == made
    assert (made / "product").read_text() == "content\n"


def test_leftovers_of_a_killed_builder_are_removed(
    store: Store, recipe: Variant, heard: Remembered, processes: Processes, scratch: Path
) -> None:
    abandoned: list[Path] = []

    def keep_scratch(workshop: Workshop) -> None:
        recipe().build(workshop)
        abandoned.extend([workshop.output, workshop.scratch])

    store.make(recipe(build=keep_scratch), heard, processes)
    shutil.rmtree(store.root / "thing" / recipe().key)
    for folder in abandoned:  # as SIGKILL would leave them
        (folder / "inside").mkdir(parents=True)
    unrelated = scratch / "offnet-other-0123"
    unrelated.mkdir()

    store.make(recipe(), heard, processes)

    assert [folder for folder in abandoned if folder.exists()] == []
    assert unrelated.exists()


def build_nothing(workshop: Workshop) -> None:
    workshop.step("doing nothing", 1)


def build_half(workshop: Workshop) -> None:
    workshop.step("breaking", 1)
    workshop.run(["sh", "-c", f"echo half >'{workshop.output}/product'; echo offnet: no luck; exit 7"])


@pytest.mark.parametrize(
    ("build", "said"),
    [(build_nothing, "product did not come out of it"), (build_half, "ended with status 7 while breaking")],
)
def test_a_failed_build_says_what_happened(
    store: Store, recipe: Variant, processes: Processes, build: Callable[[Workshop], None], said: str
) -> None:
    with pytest.raises(ArtifactError, match=said):
        store.make(recipe(build=build), Remembered(), processes)


def test_a_failed_build_says_where_its_log_is_and_leaves_nothing(
    store: Store, recipe: Variant, heard: Remembered, processes: Processes, scratch: Path
) -> None:
    with pytest.raises(ArtifactError) as raised:
        store.make(recipe(build=build_half), heard, processes)
    message = str(raised.value)
    assert Path(message.rpartition("Log: ")[2]).parent == store.root / "logs"
    assert [path.name for path in (store.root / "thing").iterdir()] == ["lock"]
    assert list(scratch.iterdir()) == []


def test_the_log_and_the_message_hold_what_the_build_said(
    store: Store, recipe: Variant, heard: Remembered, processes: Processes
) -> None:
    with pytest.raises(ArtifactError) as raised:
        store.make(recipe(build=build_half), heard, processes)
    message = str(raised.value)
    assert "\nno luck\n" in message
    assert "    offnet: no luck\n" in message
    assert "offnet: no luck\n" in Path(message.rpartition("Log: ")[2]).read_text()


def test_two_builders_build_once(
    store: Store, recipe: Variant, heard: Remembered, processes: Processes
) -> None:
    builds: list[str] = []
    started, go_on = threading.Event(), threading.Event()

    def slow(workshop: Workshop) -> None:
        builds.append(threading.current_thread().name)
        started.set()
        assert go_on.wait(10)
        recipe().build(workshop)

    threads = [
        threading.Thread(target=store.make, args=(recipe(build=slow), heard, processes)) for _ in range(2)
    ]
    threads[0].start()
    assert started.wait(10)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(builds) == 1
    assert store.find(recipe()) is not None


def test_who_waits_is_told_for_whom_and_can_be_interrupted(
    store: Store, recipe: Variant, heard: Remembered, processes: Processes
) -> None:
    lock = store.root / "thing" / "lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        holder.write("process 4711")
        holder.flush()
        processes.cancelled.set()
        with pytest.raises(Cancelled):
            store.make(recipe(), heard, processes)
    assert heard.steps == ["test thing: waiting for another offnet (process 4711) that is building it"]


def test_no_space_is_said_before_anything_is_started(
    store: Store, recipe: Variant, heard: Remembered, processes: Processes
) -> None:
    with pytest.raises(HostError, match=r"The test thing needs 1000000000\.0 GB in .*XDG_CACHE_HOME"):
        store.make(recipe(space=10**18), heard, processes)
    assert heard.steps == []


def test_no_space_to_work_in_names_tmpdir(
    store: Store, recipe: Variant, heard: Remembered, processes: Processes
) -> None:
    with pytest.raises(HostError, match="TMPDIR"):
        store.make(recipe(scratch_space=10**18), heard, processes)


def test_only_the_latest_artifacts_and_logs_are_kept(
    store: Store, recipe: Variant, heard: Remembered, processes: Processes
) -> None:
    made: list[Path] = []
    for number in range(5):
        made.append(store.make(recipe(inputs={"source": str(number).encode()}), heard, processes))
        os.utime(made[-1] / MARKER, (number, number))
    assert [folder.exists() for folder in made] == [False, False, True, True, True]


def test_a_complete_cache_that_cannot_be_written_still_serves(
    store: Store, recipe: Variant, heard: Remembered, processes: Processes
) -> None:
    made = store.make(recipe(), heard, processes)
    for folder in (made, made.parent, store.root):
        folder.chmod(0o555)
    try:
        assert store.find(recipe()) == made
    finally:
        for folder in (store.root, made.parent, made):
            folder.chmod(0o755)
