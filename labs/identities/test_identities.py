"""Examples 9-3 and 9-4: what selects a profile, in whatever order the profiles came, and whose key counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from offnet.design.identities import patterns
from offnet.experiments.bench import Bench
from offnet.experiments.guests import selected
from offnet.experiments.keyrings import remove_keyring
from offnet.experiments.keys import refused
from offnet.experiments.precedence import load_in_place
from offnet.experiments.subjects import Subject, subject_of
from offnet.intent import LabIntent, load
from offnet.intent.selection import Selection, identity_of
from offnet.network.model import Identity, IdentityKind, IkeConnection, IkeDaemon
from offnet.network.precedence import precedence
from offnet.observe.errors import CommandRefused
from offnet.pytest_plugin import Tell


@pytest.fixture(scope="module")
def intent() -> LabIntent:
    """The lab as it is written."""
    return load(Path(__file__).parent)


# ---- what the intent says --------------------------------------------------------------------


def guest_host(bench: Bench) -> Subject:
    """The site whose charon plays peers of other identities: the first that is known by its name."""
    site = next(site for site, tunnel in bench.network.tunnels() if tunnel.identity.endswith(".example"))
    return subject_of(bench.network, site)


def aggregator(bench: Bench) -> IkeDaemon:
    """What the aggregator's charon holds."""
    ike = bench.network.node(guest_host(bench).tunnel.gateway).ike
    assert ike is not None
    return ike


def nested(bench: Bench) -> tuple[IkeConnection, ...]:
    """The connections of the domains that lie in each other, the longest one first."""
    chosen = [c for c in aggregator(bench).connections if c.remote.id.kind is IdentityKind.FQDN]
    return tuple(sorted((c for c in chosen if c.remote.id.pattern), key=lambda c: precedence(c.remote.id)))


def guest_of(pattern: Identity) -> Identity:
    """A peer that no site is, and that fits a pattern."""
    name = pattern.text.removeprefix("*")
    user = pattern.kind is IdentityKind.USER_FQDN and not name.startswith("@")
    return replace(pattern, text=f"{'guest@' if user else ''}guest{name}")


# ---- Example 9-3: match identity -------------------------------------------------------------


def test_9_3_every_site_is_under_the_profile_of_its_identity(
    bench: Bench, intent: LabIntent, tell: Tell
) -> None:
    """Example 9-3: address, domain, user domain and group each select the profile that names them."""
    selection, told = Selection(intent.profiles), []
    for site, tunnel in bench.network.tunnels():
        kind, value = identity_of(intent.sites[site.name])  # type: ignore[arg-type]  # it has a tunnel
        selector = selection.select(kind, value)
        assert selector is not None
        held = [sa for sa in bench.vici(tunnel.gateway).list_sas() if sa.current and sa.remote_id == value]
        assert {sa.name for sa in held} == {tunnel.gateway_connection}
        connection = bench.network.node(tunnel.gateway).connection(held[0].name)
        assert connection.profile == selector.profile
        told.append(f"{value} > {selector.kind} {selector.value} > {selector.profile} > {tunnel.vrf}")
    tell("; ".join(told))


def test_9_3_a_stranger_of_a_domain_gets_its_profile(bench: Bench, intent: LabIntent, tell: Tell) -> None:
    """Example 9-3: a peer that lab.yml does not know gets the profile of the longest match it fits."""
    selection, told = Selection(intent.profiles), []
    for selector in selection.partial():
        for pattern in patterns(selector):
            guest = guest_of(pattern)
            name = selected(bench, guest_host(bench), guest)
            assert name is not None, f"{guest.text} was refused"
            wanted = selection.select(guest.kind.value, guest.text)
            assert wanted is not None
            assert (
                bench.network.node(guest_host(bench).tunnel.gateway).connection(name).profile
                == wanted.profile
            )
            told.append(f"{guest.text} > {wanted.profile}")
    tell("; ".join(told))


# ---- the longest match ------------------------------------------------------------------------


@contextmanager
def without(bench: Bench, connections: tuple[IkeConnection, ...]) -> Iterator[None]:
    """The aggregator lacks these connections for a while, and then has all in their places again."""
    charon = bench.vici(guest_host(bench).tunnel.gateway)
    for connection in connections:
        charon.unload_conn(connection.name)
    try:
        yield
    finally:
        for connection in connections:
            load_in_place(charon, connection, aggregator(bench).connections)


def test_longest_match_wins_in_whatever_order_it_is_loaded(bench: Bench, tell: Tell) -> None:
    """The longest of three nested domains wins, in every order in which they come to a running charon."""
    chain, known = nested(bench), aggregator(bench).connections
    charon, guest = bench.vici(guest_host(bench).tunnel.gateway), guest_of(chain[0].remote.id)
    reloaded = []
    for order in permutations(chain):
        with without(bench, chain):
            reloaded.append(sum(len(load_in_place(charon, connection, known)) for connection in order))
            assert selected(bench, guest_host(bench), guest) == chain[0].name, [c.name for c in order]
    tell(f"{len(reloaded)} orders, {max(reloaded)} reloads at most: {guest.text} > {chain[0].profile}")


def test_a_longer_match_takes_over_as_soon_as_it_is_loaded(bench: Bench, tell: Tell) -> None:
    """A longer domain loaded into a running charon takes its peers from the shorter one."""
    (longest, shorter, *_), known = nested(bench), aggregator(bench).connections
    guest, charon = guest_of(longest.remote.id), bench.vici(guest_host(bench).tunnel.gateway)
    with without(bench, (longest,)):
        assert selected(bench, guest_host(bench), guest) == shorter.name
        load_in_place(charon, longest, known)
        assert selected(bench, guest_host(bench), guest) == longest.name
    tell(f"{guest.text}: {shorter.profile}, then {longest.profile}")


def test_charon_alone_takes_the_first_that_fits(bench: Bench, tell: Tell) -> None:
    """Positive control: without that care charon takes the domain that was loaded first, not the longest."""
    chain = nested(bench)
    guest, charon = guest_of(chain[0].remote.id), bench.vici(guest_host(bench).tunnel.gateway)
    with without(bench, chain):
        for connection in reversed(chain):
            charon.load_conn(connection)
        assert selected(bench, guest_host(bench), guest) == chain[-1].name
    tell(f"{guest.text} > {chain[-1].profile}, which is wrong")


# ---- keyrings -----------------------------------------------------------------------------------


def rival_keys(intent: LabIntent, bench: Bench) -> Iterator[tuple[Subject, str, str]]:
    """Sites for which another keyring than their profile's has a key, with that keyring and key."""
    for site, tunnel in bench.network.tunnels():
        own = intent.profiles[tunnel.profile].keyring
        for name, keyring in intent.keyrings.items():
            if name != own and (key := keyring.keys.get(str(tunnel.address))):
                yield subject_of(bench.network, site), name, key


def test_the_profile_chooses_the_keyring(bench: Bench, intent: LabIntent, tell: Tell) -> None:
    """The key for the same address in another keyring than the profile's does not open the door."""
    ((subject, keyring, key),) = rival_keys(intent, bench)
    line = refused(bench, subject, key)
    tell(f"{subject.tunnel.address} with the key of keyring {keyring}: {line.rpartition('] ')[2]}")


def test_a_keyring_in_use_cannot_be_removed(bench: Bench, tell: Tell) -> None:
    """A keyring that a loaded profile uses stays; when the profile is gone, its keys can go."""
    subject = guest_host(bench)
    charon, daemon = bench.vici(subject.tunnel.gateway), aggregator(bench)
    connection = bench.network.node(charon.node).connection(subject.tunnel.gateway_connection)
    assert connection.keyring is not None
    with pytest.raises(CommandRefused, match=f"in use by profile {connection.profile}") as refused:
        remove_keyring(bench.network, charon, connection.keyring)
    users = tuple(one for one in daemon.connections if one.keyring == connection.keyring)
    before = set(charon.shared())
    with without(bench, users):
        gone = remove_keyring(bench.network, charon, connection.keyring)
        assert gone
        assert set(charon.shared()) == before - set(gone)
        for secret in daemon.secrets:
            charon.load_shared(secret)
    assert set(charon.shared()) == before
    tell(str(refused.value))
