"""Breaking a running lab, mending it again, and seeing which claims fail meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

from offnet import resources
from offnet.checks.claim import Claim
from offnet.experiments.asking import ask_for_sa
from offnet.experiments.bench import Bench
from offnet.experiments.papers import TOOL, authority_node
from offnet.experiments.presence import await_presence
from offnet.experiments.probes import probe
from offnet.experiments.subjects import Subject
from offnet.network.model import IkeConnection, Network, SharedSecret
from offnet.network.pki import CREDENTIALS
from offnet.observe.errors import CommandRefused
from offnet.observe.vici import Vici
from offnet.render.agent import REVERSE_ROUTE_PROTOCOL
from offnet.wait import until

DEADLINE = 10.0
STATE = "/var/lib/offnet/ca"
# The experiments make impostors as well: one that a test has made stays what it is.
SAME_IMPOSTOR = "s/^rogue).*/rogue) : ;;/"
SETTLED = 60.0


def failing(lab: Bench, claims: Iterable[Claim[Any]], *first: Callable[[Bench], Any]) -> dict[str, str]:
    """What claims see that do not hold, by name, each look made anew; ``first`` are looked at before."""
    with closing(Bench(lab.network, lab.lab)) as bench:
        for experiment in first:
            bench.once(experiment)
        return {claim.name: verdict.seen for claim in claims if not (verdict := claim.prove(bench)).holds}


def assert_mended(lab: Bench, *topics: Callable[[Network], Iterable[Claim[Any]]]) -> None:
    """The last mending may still be on its way through OSPF, LDP and BGP; what stays broken is told."""
    left = [claim for claims in topics for claim in claims(lab.network)]
    until(
        lambda: not failing(lab, left),
        what="the lab as it was before the tests broke it",
        deadline=SETTLED,
        seen=lambda: failing(lab, left),
        interval=1.0,
    )


def names(claims: Iterable[Claim[Any]], *texts: str) -> set[str]:
    """The names of claims that have all of these texts in them."""
    found = {claim.name for claim in claims if all(text in claim.name for text in texts)}
    assert found, f"no claim is about {texts}"
    return found


def looking_at(claims: Iterable[Claim[Any]], experiment: Callable[[Bench], Any]) -> list[Claim[Any]]:
    """The claims that judge one experiment."""
    return [claim for claim in claims if claim.look is experiment]


def gateway_connection(lab: Bench, victim: Subject) -> IkeConnection:
    """The victim's connection at its aggregator."""
    return lab.network.node(victim.tunnel.gateway).connection(victim.tunnel.gateway_connection)


def gateway_secret(lab: Bench, victim: Subject) -> SharedSecret:
    """The victim's key at its aggregator."""
    ike = lab.network.node(victim.tunnel.gateway).ike
    assert ike is not None
    return next(key for key in ike.secrets if str(victim.tunnel.address) in key.owners)


def renew(lab: Bench, victim: Subject) -> None:
    """Sets the victim's tunnel up anew and waits for its SA at both ends and its route everywhere."""
    name, ends = victim.tunnel.site_connection, victim.tunnel.gateway_connection
    with Vici(lab.lab, victim.site.node) as spoke, Vici(lab.lab, victim.tunnel.gateway) as gateway:
        with suppress(CommandRefused):  # there may be nothing to end
            spoke.terminate(ike=name, force=True)
        with suppress(CommandRefused):  # its trap may have been quicker
            ask_for_sa(spoke, victim, timeout=DEADLINE)
        for charon, connection in ((spoke, name), (gateway, ends)):
            until(
                lambda charon=charon, connection=connection: any(  # type: ignore[misc]  # bound early
                    sa.current_children for sa in charon.list_sas(connection)
                ),
                what=f"an SA {connection} at {charon.node}",
                deadline=DEADLINE,
            )
    await_presence(lab.lab, victim.tables, victim.site.lan, wanted=True, seconds=DEADLINE)


def injection_of(victim: Subject) -> str:
    """The command that puts the victim's reverse route back as the agent had put it there."""
    _, table = victim.tables[0]
    where = f"dev ipsec{victim.tunnel.if_id} table {table} proto {REVERSE_ROUTE_PROTOCOL}"
    return f"ip route replace {victim.site.lan} {where}"


def waiting(connection: IkeConnection, **changes: Any) -> IkeConnection:
    """A site's connection with its child changed, which does not start by itself when it is loaded."""
    return replace(connection, children=(replace(connection.children[0], start_action="trap", **changes),))


@contextmanager
def blind(lab: Bench, node: str, length: int) -> Iterator[None]:
    """A node that sends no packet of this length, so that nobody sees any."""
    breaking = (
        "nft add table ip blind; nft add chain ip blind out '{ type filter hook output priority 0; }'; "
        f"nft add rule ip blind out meta length {length} drop"
    )
    with broken(lab, node, breaking, "nft delete table ip blind"):
        yield


@contextmanager
def broken(lab: Bench, node: str, breaking: str, mending: str = "true") -> Iterator[None]:
    """A node while one command has broken it, until another one mends it."""
    lab.lab.run(node, ["sh", "-ec", breaking])
    try:
        yield
    finally:
        lab.lab.run(node, ["sh", "-ec", mending])


@contextmanager
def reconfigured(lab: Bench, victim: Subject, **changes: Any) -> Iterator[None]:
    """The aggregator with another child configuration for the victim, and the tunnel as before afterwards."""
    own = gateway_connection(lab, victim)
    gateway = lab.vici(victim.tunnel.gateway)
    gateway.load_conn(replace(own, children=(replace(own.children[0], **changes),)))
    try:
        yield
    finally:
        gateway.load_conn(own)
        renew(lab, victim)


@contextmanager
def renewed(lab: Bench, victim: Subject) -> Iterator[None]:
    """Whatever happens to the victim's tunnel in the block, it is set up anew after it."""
    try:
        yield
    finally:
        renew(lab, victim)


def leak(lab: Bench, victim: Subject) -> None:
    """The victim sends to its partner."""
    probe(
        lab.lab,
        victim.site.node,
        victim.site.host,
        (victim.partner.host,),
        count=2,
        length=111,
        wait_ms=50,
    )


@contextmanager
def edited(lab: Bench, ca: str, edit: str) -> Iterator[None]:
    """The authority with its tool edited by sed."""
    lab.lab.run(ca, f"sed '{edit}' {TOOL} >/run/ca.sh && ! cmp -s {TOOL} /run/ca.sh && chmod 755 /run/ca.sh")
    lab.lab.run(ca, f"mount --bind /run/ca.sh {TOOL}")
    try:
        yield
    finally:
        lab.lab.run(ca, f"umount {TOOL}")


def trusted_impostor(lab: Bench, authority: str, node: str) -> str:
    """Makes an impostor of an authority; returns where a node has its certificate."""
    ca = authority_node(lab.network).name
    lab.lab.run(ca, (TOOL, "rogue", authority))
    rogue = lab.lab.run(ca, ("cat", f"{STATE}/x509ca/rogue-{authority}.pem")).stdout
    file = f"{CREDENTIALS}/impostor.pem"
    lab.lab.run(node, ("tee", file), input=rogue.encode())
    return file


def points(lab: str) -> Any:
    """The module with a lab's own tests, to be called on a lab that is broken."""
    file = resources.labs() / lab / f"test_{lab.replace('-', '_')}.py"
    spec = spec_from_file_location(f"points_of_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def untold(_seen: str) -> None:
    """What a lab's own test tells of what it saw, where nobody reads it."""
