"""Clients that log out, log in as somebody they are not, and come back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from offnet.errors import DeadlineExpired
from offnet.experiments.bench import Bench, gather
from offnet.experiments.logs import mark, since
from offnet.experiments.presence import POLL, await_presence
from offnet.experiments.subjects import Subject, subjects
from offnet.network.model import Identity, IdentityKind, IkeConnection, Network, SharedSecret
from offnet.observe.errors import CommandRefused
from offnet.observe.vici_model import IkeSa, sas_of
from offnet.wait import until

DEADLINE = 15.0
IMPOSTOR = "offnet-impostor"
# With IKEv1 the class is compared with the group that was claimed; with IKEv2 it decides.
NOT_MEMBER = r"constraint check failed: group membership to '{group}' required"
# Only the client can know that the gateway has another group key, and it says so.
WRONG_GROUP_KEY = {
    1: r"calculated HASH does not match HASH payload",
    2: r"tried \d+ shared keys? for .* but MAC mismatched",
}


@dataclass(frozen=True, slots=True)
class Impostor:
    """A user who claimed a group of another VPN, with that group's own key.

    ``reason`` is why the gateway did not let the user in there, ``profiles`` are the connections and
    ``if_ids`` the VRFs that the user had SAs of meanwhile; ``back`` is the login to the own group after it.
    """

    reason: str
    profiles: tuple[str, ...]
    if_ids: tuple[int, ...]
    back: bool = True


@dataclass(frozen=True, slots=True)
class Mistrust:
    """A client whose gateway has a wrong proof: what it says, its user's SAs then, and the login after it."""

    reason: str
    sas: tuple[str, ...]
    back: bool = True


def clients(network: Network) -> tuple[Subject, ...]:
    """One client of every VPN that has any."""
    return tuple(subject for subject in subjects(network) if subject.tunnel.user)


def grouped(network: Network) -> tuple[Subject, ...]:
    """Those of them that name their group themselves."""
    return tuple(subject for subject in clients(network) if not subject.connection.signs)


def keyed(network: Network) -> tuple[Subject, ...]:
    """Those to which their gateway proves itself by the group's key."""
    return tuple(subject for subject in grouped(network) if not subject.connection.certified)


def sessions(bench: Bench, subject: Subject) -> tuple[IkeSa, ...]:
    """The sessions of a client's user that the gateway has, whichever profile they are of."""
    sas = bench.vici(subject.tunnel.gateway, subject.site.node).list_sas()
    return tuple(sa for sa in sas if sa.current and sa.user == subject.tunnel.user)


def come_back(bench: Bench, subject: Subject) -> bool:
    """Logs in; whether that succeeded, and the route came everywhere."""
    try:
        log_in(bench, subject)
        await_presence(bench.lab, subject.tables, subject.site.lan, wanted=True, seconds=DEADLINE)
    except (CommandRefused, DeadlineExpired):
        return False
    return True


def log_out(bench: Bench, subject: Subject) -> None:
    """Ends the session from the client's side; returns when the gateway has none of the user.

    The route is gone everywhere by then, too. Remote PEs lose it after the session: a route that the next
    login would find there is the old one, and is withdrawn while that session's first packets are answered.
    """
    with suppress(CommandRefused):  # nothing to end
        bench.vici(subject.site.node).terminate(ike=subject.tunnel.site_connection)
    until(
        lambda: not sessions(bench, subject),
        what=f"{subject.tunnel.gateway} has no session of {subject.tunnel.user}",
        deadline=DEADLINE,
        interval=POLL,
    )
    await_presence(bench.lab, subject.tables, subject.site.lan, wanted=False, seconds=DEADLINE)


def log_in(bench: Bench, subject: Subject) -> IkeSa:
    """The session that begins when the client logs in; CommandRefused tells why it could not."""
    own, tunnel = subject.connection, subject.tunnel
    bench.vici(subject.site.node).initiate(own.children[0].name, own.name, timeout=DEADLINE)
    gateway = bench.vici(tunnel.gateway, subject.site.node)
    return until(
        lambda: next((sa for sa in sas_of(tunnel, gateway.list_sas()) if sa.current_children), None),
        what=f"{tunnel.gateway} has a session of {tunnel.user} with a CHILD_SA",
        deadline=DEADLINE,
        interval=POLL,
    )


def other_group(network: Network, subject: Subject) -> str | None:
    """A group whose clients are in another VRF than the client's, None where there is none."""
    gateway = network.node(subject.tunnel.gateway)
    groups = [one for one in gateway.ike.every_connection() if one.pools] if gateway.ike else []
    own = subject.tunnel.if_id
    return next((one.name for one in groups if one.children[0].if_id != own), None)


def group_key(network: Network, gateway: str, group: str) -> str:
    """The key of a group, which the gateway has or AAA has for it; KeyError where nobody has one."""
    ike = network.node(gateway).ike
    local = {secret.name: secret.secret for secret in ike.secrets} if ike else {}
    told = {one.name: one.key for node in network.nodes if node.radius for one in node.radius.groups}
    return (local | told)[group]


def impostors(bench: Bench) -> dict[str, Impostor]:
    """One client of every VPN claims a group of another VPN, its user being who it is."""
    by_name = {subject.site.name: subject for subject in grouped(bench.network)}
    return gather(by_name, lambda name: _impostor(bench, by_name[name]))


def _impostor(bench: Bench, subject: Subject) -> Impostor:
    group = other_group(bench.network, subject)
    if group is None:
        return Impostor("", (), ())
    gateway, own = subject.tunnel.gateway, subject.connection
    claimed = replace(own.local, id=Identity(IdentityKind.KEY_ID, group))
    # Wherever it ends up, its transforms are right: only membership is in question.
    esp = bench.network.node(gateway).connection(group).children[0].esp_proposals
    child = replace(
        own.children[0], esp_proposals=tuple(dict.fromkeys((*esp, *own.children[0].esp_proposals)))
    )
    children = (replace(child, start_action="none", close_action="none"),)
    false = replace(own, name=IMPOSTOR, local=claimed, children=children)
    start, pattern = mark(bench.lab, gateway), NOT_MEMBER.format(group=re.escape(group))
    log_out(bench, subject)
    with _key_of(bench, subject, group):
        seen = _claim(bench, subject, false, lambda: since(bench.lab, gateway, start), pattern)
    return replace(seen, back=come_back(bench, subject))


def _claim(
    bench: Bench, subject: Subject, false: IkeConnection, log: Callable[[], str], pattern: str
) -> Impostor:
    """What the gateway says, and has of the user, once it has decided; then the attempt is undone."""
    spoke = bench.vici(subject.site.node)

    def decided() -> Impostor | None:
        reason = re.search(pattern, log())
        seen = sessions(bench, subject)
        children = [child for sa in seen for child in sa.current_children]
        if_ids = tuple(sorted({child.if_id for child in children}))
        found = Impostor(reason[0] if reason else "", tuple(sa.name for sa in seen), if_ids)
        return found if children or (reason and not seen) else None

    spoke.load_conn(false)
    try:
        with suppress(CommandRefused, DeadlineExpired):
            spoke.initiate(false.children[0].name, false.name, timeout=0.1)
        what = f"{subject.tunnel.gateway} decides on {subject.tunnel.user}"
        with suppress(DeadlineExpired):
            return until(decided, what=what, deadline=DEADLINE, interval=POLL)
        return Impostor("", tuple(sa.name for sa in sessions(bench, subject)), ())
    finally:
        with suppress(CommandRefused):
            spoke.terminate(ike=false.name, force=True, timeout=2)
        spoke.unload_conn(false.name)


@contextmanager
def _key_of(bench: Bench, subject: Subject, group: str) -> Iterator[None]:
    """A client that has the key of another group, where groups have keys."""
    if subject.connection.certified:
        yield
        return
    with _key(bench, subject, group_key(bench.network, subject.tunnel.gateway, group)):
        yield


@contextmanager
def _key(bench: Bench, subject: Subject, secret: str) -> Iterator[None]:
    """A client that has another group key for a while."""
    right = group_secret(bench.network, subject)
    spoke = bench.vici(subject.site.node)
    spoke.load_shared(replace(right, secret=secret))
    try:
        yield
    finally:
        spoke.load_shared(right)


def group_secret(network: Network, subject: Subject) -> SharedSecret:
    """What a client has of its group: the key that it expects the gateway to show."""
    ike = network.node(subject.site.node).ike
    assert ike is not None  # noqa: S101 - a tunnel's end has charon
    return next(secret for secret in ike.secrets if secret.kind == "ike")


def wrong_group_keys(bench: Bench) -> dict[str, Mistrust]:
    """One client of every VPN has a wrong key of its own group."""
    by_name = {subject.site.name: subject for subject in keyed(bench.network)}
    return gather(by_name, lambda name: _wrong_group_key(bench, by_name[name]))


def _wrong_group_key(bench: Bench, subject: Subject) -> Mistrust:
    node, own = subject.site.node, subject.connection
    wrong = f"not-{group_secret(bench.network, subject).secret}"
    log_out(bench, subject)
    with _key(bench, subject, wrong):
        start = mark(bench.lab, node)
        with suppress(CommandRefused, DeadlineExpired):
            bench.vici(node).initiate(own.children[0].name, own.name, timeout=2)
        reason = said(bench, subject, start, WRONG_GROUP_KEY[own.version])
        left = tuple(f"{sa.name} of {sa.user}" for sa in sessions(bench, subject))
        with suppress(CommandRefused):
            bench.vici(node).terminate(ike=own.name, force=True, timeout=2)
    return Mistrust(reason, left, come_back(bench, subject))


def said(bench: Bench, subject: Subject, start: int, pattern: str) -> str:
    """What a client says of its gateway, as soon as it does; nothing if its user is let in."""
    told = ""

    def decided() -> bool:
        nonlocal told
        found = re.search(pattern, since(bench.lab, subject.site.node, start))
        told = found[0] if found else ""
        return bool(told or sessions(bench, subject))

    with suppress(DeadlineExpired):  # the verdict on silence is for the judge
        until(decided, what=f"{subject.site.node} decides", deadline=DEADLINE, interval=POLL)
    return told
