"""The reference runtime: containerlab deploys and destroys, the Docker API does all the rest."""

from __future__ import annotations

import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread

from offnet.errors import DeadlineExpired, LabRunError, NodeFailed, OffnetError, UsageError
from offnet.host.base import Host, Stream
from offnet.runtime import clab_plan, plan
from offnet.runtime.base import Report
from offnet.runtime.clab_errors import deploy_error, require_version
from offnet.runtime.container_door import ContainerDoor
from offnet.runtime.docker_engine import Container, Engine, Starts
from offnet.runtime.lab import HostedLab, Started
from offnet.runtime.listening import lines
from offnet.wait import Deadline

NAME = "containerlab"
DEADLINE = 240.0
"""Seconds that a lab may take to come up, unless said otherwise."""

_LOG_LINES = 12
_QUICK = 10.0

# The FIFO tells when the entrypoint has left its word. It is opened for writing as well: so neither
# side ever waits for the other to open it, whichever comes first.
_AWAIT_WORD = """
run=/run/offnet
mkdir -p $run
mkfifo $run/events
exec 9<>$run/events
until [ -e $run/ready ] || [ -e $run/failed ]; do read -r _ <&9; done
rm -f $run/events
[ ! -e $run/failed ] || cat $run/failed
"""


def up(lab: plan.Plan, host: Host, *, deadline: float = DEADLINE, report: Report = lambda _: None) -> Started:
    """Deploy a plan whose files are on the host, and return once every node says that it is ready.

    Nodes are entered while containerlab is still busy with the next ones. Raises what
    ``clab_errors`` makes of containerlab's words, NodeFailed with the last log lines of every
    daemon that died, DeadlineExpired with the nodes that were still awaited.
    """
    limit = Deadline(deadline)
    engine = Engine.connect(host)
    door = ContainerDoor(host, engine)
    running = HostedLab(lab.lab, NAME, host, lab.nodes, door)
    try:
        begun = time.monotonic()
        with _Ready(running, door, engine.starts(lab.lab), limit) as ready:
            _deploy(lab, host, limit, report)
            deployed = time.monotonic()
            failed = ready.await_all(report)
        if failed:
            raise NodeFailed("\n".join(_diagnosis(running, node, words) for node, words in failed.items()))
    except BaseException:
        running.leave()
        raise
    return Started(running, {"begin": begun, "deploy": deployed, "ready": time.monotonic()})


def require(lab: plan.Plan, host: Host) -> None:
    """HostError or UsageError, before anything is put there, if a host cannot deploy a lab."""
    require_version(host)
    engine = Engine.connect(host)
    try:
        foreign = [found.topology for found in engine.containers(lab.lab) if not _ours(found)]
    finally:
        engine.close()
    if foreign:
        raise UsageError(
            f"{host.name} has a lab {lab.lab} already, which offnet did not start ({foreign[0]}): "
            f"it is left alone; destroy it with: containerlab destroy --topo {foreign[0]}"
        )


def attach(name: str, nodes: tuple[str, ...], host: Host) -> HostedLab:
    """The running lab of that name on a host. LabRunError if no container of it is there."""
    engine = Engine.connect(host)
    try:
        containers = [found for found in engine.containers(name) if _ours(found)]
        if not containers:
            raise LabRunError(
                f"{name} has ended: no container of it on {host.name}; clear it away with: offnet down {name}"
            )
    except BaseException:
        engine.close()
        raise
    return HostedLab(name, NAME, host, nodes, ContainerDoor(host, engine, containers))


def remove_left(name: str, host: Host) -> None:
    """Remove containers of ours that ``down.sh`` could not know of: it was gone, as after a reboot."""
    engine = Engine.connect(host)
    try:
        for container in engine.containers(name):
            if _ours(container):
                engine.remove(container)
    finally:
        engine.close()


def _ours(container: Container) -> bool:
    """Whether this program has deployed it: from a file in the place that is for that."""
    return container.topology.startswith(f"{plan.BASE}/")


def _deploy(lab: plan.Plan, host: Host, limit: Deadline, report: Report) -> None:
    said: list[str] = []

    def expired() -> DeadlineExpired:
        return limit.error(f"{lab.lab}: deployed by containerlab", said[-1] if said else "nothing")

    stream: Stream = host.stream(("/bin/sh", f"{lab.directory}/{clab_plan.UP}"))
    try:
        for line in lines(stream, limit, expired):
            word, _, status = line.partition(" ")
            if word == "done" and status == "0":
                return
            if word != "done":
                said.append(line)
                report(line)
    finally:
        stream.close()
    raise deploy_error(lab.lab, host, said)


class _Ready:
    """Enters each node as soon as its container has started, and waits there for its word."""

    def __init__(self, lab: HostedLab, door: ContainerDoor, starts: Starts, limit: Deadline) -> None:
        self._lab = lab
        self._door = door
        self._starts = starts
        self._limit = limit
        self._pool = ThreadPoolExecutor(len(lab.nodes), "node")
        self._words: dict[str, Future[str]] = {node: Future() for node in lab.nodes}
        self._listener = Thread(target=self._listen, name="docker events", daemon=True)
        self._listener.start()

    def await_all(self, report: Report) -> dict[str, str]:
        """What went wrong, by node, once each has left its word; DeadlineExpired with those that have not."""
        words: dict[str, str] = {}
        for node, word in self._words.items():
            try:
                words[node] = word.result(self._limit.left())
            except TimeoutError:
                waiting = [name for name, other in self._words.items() if not other.done()]
                what = f"{self._lab.name}: every node ready"
                raise self._limit.error(what, f"waiting for {', '.join(waiting)}") from None
            report(f"ready {node}")
        return {node: word for node, word in words.items() if word}

    def __enter__(self) -> _Ready:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._starts.close()
        self._listener.join()
        if kind is not None:
            self._lab.leave()  # which ends those who still wait
        self._pool.shutdown(cancel_futures=True)

    def _listen(self) -> None:
        for container in self._starts:
            word = self._words.get(container.node)
            if word is not None:
                self._door.add(container)
                self._pool.submit(self._ask, container.node, word)

    def _ask(self, node: str, word: Future[str]) -> None:
        """The word is nothing if the node is ready, else the daemon that died and its status."""
        try:
            word.set_result(self._lab.run(node, _AWAIT_WORD, timeout=self._limit.left()).stdout.strip())
        except OffnetError as error:
            word.set_result(str(error))


def _diagnosis(lab: HostedLab, node: str, words: str) -> str:
    """Node, daemon and its last log lines, if the node can still be asked for them."""
    daemon = re.sub(r"[^a-z0-9-].*", "", words.partition(" ")[0])
    logs = [f"/var/log/offnet/{name}" for name in (f"{daemon}.log", f"{daemon}.out", "entrypoint.log")]
    try:
        done = lab.run(node, ["tail", "-q", "-n", str(_LOG_LINES), *logs], timeout=_QUICK, check=False)
    except LabRunError:
        return f"{node}: {words}"
    return "\n".join(
        [f"{node}: {words}", *(f"    {line}" for line in done.stdout.splitlines() if line.strip())]
    )
