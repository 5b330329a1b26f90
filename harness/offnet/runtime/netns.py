"""The embedded runtime: nodes are namespaces over overlays of the node root filesystem."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from offnet.errors import DeadlineExpired, LabRunError, NodeFailed
from offnet.host.base import Host, Stream
from offnet.runtime import clab, plan
from offnet.runtime.base import Report
from offnet.runtime.door import NamespaceDoor
from offnet.runtime.lab import HostedLab, Started
from offnet.runtime.listening import lines
from offnet.wait import Deadline

NAME = "netns"
DEADLINE = 60.0
"""Seconds that a lab may take to come up, unless said otherwise."""

_LOG_LINES = 12
_QUICK = 10.0


def up(
    lab: plan.Plan,
    host: Host,
    *,
    delivered: bool = False,
    image: str = "",
    deadline: float = DEADLINE,
    report: Report = lambda _: None,
) -> Started:
    """Start all nodes of a plan on a host and return once every node says that it is ready.

    ``delivered`` says that the plan's files are there already; ``image`` is the node image on the
    host, where the plan was made without a ``rootfs``. Raises NodeFailed with the last log lines
    of every daemon that died, DeadlineExpired with the nodes that were still awaited.
    """
    limit = Deadline(deadline)
    if not delivered:
        host.put(lab.files, lab.directory)
    argv = ["/bin/sh", f"{lab.directory}/netns-up.sh", *([image] if image else [])]
    stream = host.stream(argv, stderr=True)
    try:
        heard = _listen(stream, lab, limit, report)
    finally:
        stream.close()
    if heard.failed:
        raise NodeFailed(
            "\n".join(_diagnosis(host, lab, node, words) for node, words in heard.failed.items())
        )
    pids = [heard.pids[node] for node in lab.nodes]
    return Started(_entered(lab.lab, lab.nodes, pids, host), heard.phases)


def attach(name: str, nodes: tuple[str, ...], host: Host) -> HostedLab:
    """The running lab of that name on a host, entered by the process ids that its nodes left there."""
    live = f"{plan.directory(name)}/live"
    files = [f"{live}/{node}/state" for node in nodes]
    pids = host.run(("head", "-q", "-n", "1", "--", *files), timeout=_QUICK).stdout.split()
    if len(pids) != len(nodes):
        raise LabRunError(f"{name}: not all nodes have been started on {host.name}")
    return _entered(name, nodes, pids, host)


def load(folder: Path, *, rootfs: str | None = None) -> plan.Plan:
    """The plan for the topology in a folder."""
    return plan.make(clab.load(folder), rootfs=rootfs)


def _entered(name: str, nodes: tuple[str, ...], pids: Sequence[str], host: Host) -> HostedLab:
    holders = dict(zip(nodes, pids, strict=True))
    return HostedLab(name, NAME, host, nodes, NamespaceDoor(host, holders))


@dataclass(slots=True)
class _Heard:
    """What the bring-up script has said so far."""

    waiting: list[str]
    phases: dict[str, float] = field(default_factory=dict)
    pids: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def line(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        subject, _, words = rest.partition(" ")
        if word == "phase":
            self.phases[subject] = float(words)
        elif word in {"ready", "failed"} and subject in self.waiting:
            self.waiting.remove(subject)
            (self.pids if word == "ready" else self.failed)[subject] = words


def _listen(stream: Stream, lab: plan.Plan, limit: Deadline, report: Report) -> _Heard:
    heard = _Heard(list(lab.nodes))

    def expired() -> DeadlineExpired:
        return limit.error(f"{lab.lab}: every node ready", f"waiting for {', '.join(heard.waiting)}")

    for line in lines(stream, limit, expired):
        heard.line(line)
        report(line)
        if heard.failed or "ready" in heard.phases:
            return heard
    complaint = stream.stderr.read().decode(errors="replace").strip() if stream.stderr else ""
    raise LabRunError(f"{lab.lab}: the bring-up ended early: {complaint[-2000:] or 'no message'}")


def _diagnosis(host: Host, lab: plan.Plan, node: str, words: str) -> str:
    """Node, daemon and its last log lines, read in the node's own upper layer."""
    live = f"{lab.directory}/live/{node}"
    daemon = re.sub(r"[^a-z0-9-].*", "", words.partition(" ")[0])
    logs = f"{live}/upper/var/log/offnet"
    names = [f"{logs}/{daemon}.log", f"{logs}/{daemon}.out", f"{logs}/entrypoint.log", f"{live}/start.log"]
    done = host.run(("tail", "-q", "-n", str(_LOG_LINES), *names), timeout=_QUICK, check=False)
    lines = [f"    {line}" for line in done.stdout.splitlines() if line.strip()]
    return "\n".join([f"{node}: {words}", *lines])
