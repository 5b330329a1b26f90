"""How many telecommuters log in a second, when many come at once.

    python benchmarks/logins.py [--clients N] [--crypto VARIANT]

The lab remote-access with N more users in RADIUS. One node plays all of them: N connections, each with a
user and an inner address of its own. Timed by the gateway's log: first message to last CHILD_SA.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import yaml
from rich.console import Console

from offnet import resources
from offnet.experiments.accounting import access
from offnet.experiments.bench import Bench
from offnet.experiments.logins import clients
from offnet.experiments.logs import mark, since
from offnet.experiments.subjects import Subject
from offnet.intent.loader import plain_data
from offnet.network.model import Crypto, IkeConnection, SharedSecret
from offnet.observe import kernel
from offnet.observe.question import ask
from offnet.observe.radius import ACCOUNTING, START
from offnet.session import Session, bring_up
from offnet.wait import until

LAB = "remote-access"
CLIENTS = 50
DEADLINE = 120.0
STAMP = r"^(\d\d:\d\d:\d\d\.\d+) "


def user(number: int) -> str:
    """The name of one of the many."""
    return f"user-{number}"


@contextmanager
def crowded(count: int, crypto: Crypto) -> Iterator[Session]:
    """The lab, with that many users more."""
    data = plain_data(resources.labs() / LAB) | {"name": "logins"}
    group = next(iter(data["groups"]))
    data["users"] |= {user(n): {"password": f"password-{n}", "group": group} for n in range(count)}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "lab.yml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        with bring_up(Path(folder), crypto) as session:
            yield session


def connection(own: IkeConnection, number: int) -> IkeConnection:
    """A client's connection as that of another user, which begins as soon as it is loaded."""
    name = user(number)
    child = replace(own.children[0], name=name, close_action="none", dpd_action="clear")
    # One node, one gateway: for charon at the client they would all be one peer.
    mine = replace(own, name=name, children=(child,), unique="never")
    if own.local_xauth:
        return replace(mine, local_xauth=replace(own.local_xauth, user=name))
    return replace(mine, local=replace(own.local, user=name))


def log_in(bench: Bench, subject: Subject, count: int) -> str:
    """All of them at once; what the gateway has logged when each has its SA, its route and its record."""
    gateway, spoke = subject.tunnel.gateway, bench.vici(subject.site.node)
    kind = "xauth" if subject.connection.local_xauth else "eap"
    for number in range(count):
        name = user(number)
        spoke.load_shared(SharedSecret(name, (name,), f"password-{number}", kind=kind))  # type: ignore[arg-type]
    start = mark(bench.lab, gateway)
    for number in range(count):
        spoke.load_conn(connection(subject.connection, number))
    until(lambda: complete(bench, subject, count), what=f"{count} sessions", deadline=DEADLINE, interval=0.5)
    return since(bench.lab, gateway, start)


def complete(bench: Bench, subject: Subject, count: int) -> bool:
    """Whether all are logged in, routed and accounted."""
    gateway = subject.tunnel.gateway
    found = [sa for sa in bench.vici(gateway).list_sas() if sa.user.startswith(user(0)[:-1])]
    inner = {address for sa in found if sa.current_children for address in sa.remote_inner}
    if len(inner) < count:
        return False
    table = bench.network.node(gateway).default.vrf(subject.tunnel.vrf).table
    routes = {
        str(route.prefix.network_address) for route in ask(bench.lab, gateway, kernel.vrf_routes(table))
    }
    records = ask(bench.lab, access(bench.network, gateway).node, ACCOUNTING)
    started = {record.user for record in records if record.status == START}
    return inner <= routes and {user(number) for number in range(count)} <= started


def seconds(log: str) -> float:
    """From the first message that begins a negotiation to the last CHILD_SA."""
    begun = re.findall(rf"{STAMP}.* is initiating ", log, re.MULTILINE)
    done = re.findall(rf"{STAMP}.*CHILD_SA .* established", log, re.MULTILINE)
    first, last = (datetime.strptime(text, "%H:%M:%S.%f") for text in (begun[0], done[-1]))  # noqa: DTZ007
    return (last - first).total_seconds()


def main() -> None:
    """Prints one line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--crypto", type=Crypto, default=Crypto.AS_PRINTED)
    asked = parser.parse_args()
    with crowded(asked.clients, asked.crypto) as session:
        bench = Bench(session.network, session.running)
        try:
            took = seconds(log_in(bench, clients(session.network)[0], asked.clients))
        finally:
            bench.close()
    rate = asked.clients / took
    Console().print(f"{asked.clients} logins, {asked.crypto}: {took:.1f} s, {rate:.0f} a second")


if __name__ == "__main__":
    main()
