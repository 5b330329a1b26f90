"""How long after an SA its route is in the VRF and in the remote PE's kernel; and the memory it all takes.

    python benchmarks/reverse_route.py [--runs N] [LAB]

One running lab; an SA (a client's, where there is one) is taken down and set up again N times. charon,
and `ip monitor` on both PEs, write down the time themselves, by the one clock of the machine that they share.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from offnet import resources
from offnet.experiments.logs import mark, since
from offnet.experiments.presence import await_presence
from offnet.experiments.subjects import Subject, subjects
from offnet.observe.vici import Vici
from offnet.runtime.base import RunningLab
from offnet.session import Session, bring_up

RUNS = 10
DEADLINE = 10.0
MONITOR = "/tmp/offnet-monitor"  # noqa: S108 - in the node
ESTABLISHED = re.compile(r"^(\d\d:\d\d:\d\d\.\d+) .*CHILD_SA .* established", re.MULTILINE)
STAMP = r"^\[\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d\.\d+)\]"


@contextmanager
def monitored(lab: RunningLab, nodes: list[str]) -> Iterator[None]:
    """Route changes of these nodes are written down with their time."""
    streams = [
        lab.stream(node, ["sh", "-c", f"ip -ts monitor route >{MONITOR} & read -r _; kill $!"])
        for node in nodes
    ]
    try:
        yield
    finally:
        for stream in streams:
            stream.close()


def latencies(session: Session, subject: Subject) -> dict[str, float]:
    """Milliseconds from the SA to its route, by PE."""
    lab, tunnel = session.running, subject.tunnel
    nodes = [node for node, _ in subject.tables]
    with Vici(lab, subject.site.node) as spoke, monitored(lab, nodes):
        spoke.terminate(ike=tunnel.site_connection)
        await_presence(lab, subject.tables, subject.site.lan, wanted=False, seconds=DEADLINE)
        start = mark(lab, tunnel.gateway)
        spoke.initiate(subject.connection.children[0].name, tunnel.site_connection, timeout=DEADLINE)
        await_presence(lab, subject.tables, subject.site.lan, wanted=True, seconds=DEADLINE)
        log = since(lab, tunnel.gateway, start)
        established = clock(ESTABLISHED.findall(log)[-1])
        prefix = re.escape(str(subject.site.lan).removesuffix("/32"))  # as `ip` writes a host route
        added = re.compile(rf"{STAMP}\s*{prefix} ", re.MULTILINE)
        seen = {node: added.findall(lab.read(node, MONITOR).decode()) for node in nodes}
    return {node: (clock(times[-1]) - established) * 1000 for node, times in seen.items()}


def clock(text: str) -> float:
    """Seconds of the day."""
    moment = datetime.strptime(text, "%H:%M:%S.%f")  # noqa: DTZ007 - a time of day, compared with another
    return moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6


def resident(kernel: str = "linux") -> float:
    """Megabytes that the sandbox's processes hold, shared pages counted once."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words and Path(words[0].decode(errors="replace")).name == kernel and b"uml_dir=." in words:
                rollup = (process / "smaps_rollup").read_text()
                total += int(re.findall(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[0])
        except (OSError, IndexError):
            continue
    return total / 1024


def main() -> None:
    """Prints one table and one line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lab", nargs="?", default="single-ip")
    parser.add_argument("--runs", type=int, default=RUNS)
    asked = parser.parse_args()
    with bring_up(resources.labs() / asked.lab) as session:
        chosen = subjects(session.network)
        subject = next((one for one in chosen if one.tunnel.user), chosen[0])
        runs = [latencies(session, subject) for _ in range(asked.runs)]
        memory = resident()
    table = Table(title=f"{asked.lab}: milliseconds from SA to route, {asked.runs} runs")
    for column in ("at", "median", "least", "most"):
        table.add_column(column, justify="left" if column == "at" else "right")
    for node in runs[0]:
        values = [run[node] for run in runs]
        table.add_row(node, *(f"{value:.1f}" for value in (median(values), min(values), max(values))))
    Console().print(table)
    Console().print(f"memory of the sandbox: {memory:.0f} MB resident")


if __name__ == "__main__":
    main()
