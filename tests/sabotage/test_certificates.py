"""The proofs about certificates can fail: the aggregator is made to believe what it should not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest

from offnet.checks import certificates, reach, refusals, routes, sas
from offnet.experiments.bench import Bench
from offnet.experiments.papers import authority_node, certificate_of, signing
from offnet.experiments.refusal import wrong_keys
from offnet.experiments.subjects import Subject
from offnet.network.model import Crypto, Identity, IdentityKind, IkeConnection
from offnet.network.pki import authority_file
from tests.sabotage.breaking import (
    SAME_IMPOSTOR,
    assert_mended,
    edited,
    failing,
    gateway_connection,
    looking_at,
    names,
    renewed,
    trusted_impostor,
)

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def lab(running_variant: Callable[..., AbstractContextManager[Bench]]) -> Iterator[Bench]:
    """The lab that all tests here break and mend."""
    with running_variant("sabotage-pki", Crypto.MODERN, lab="certificates") as bench:
        yield bench
        assert_mended(bench, sas.claims, routes.claims, reach.claims)


def of_kind(lab: Bench, kind: IdentityKind) -> Subject:
    return next(one for one in signing(lab.network) if one.connection.local.id.kind is kind)


@pytest.fixture
def mapped(lab: Bench) -> Subject:
    """The site that a certificate map selects."""
    return of_kind(lab, IdentityKind.DN)


@pytest.fixture
def named(lab: Bench) -> Subject:
    """The site that its authority alone selects."""
    return of_kind(lab, IdentityKind.FQDN)


@contextmanager
def connection(lab: Bench, victim: Subject, changed: IkeConnection) -> Iterator[None]:
    """The aggregator with the victim's connection changed."""
    gateway, own = lab.vici(victim.tunnel.gateway), gateway_connection(lab, victim)
    gateway.load_conn(changed)
    try:
        with renewed(lab, victim):
            yield
            gateway.load_conn(own)
    finally:
        gateway.load_conn(own)


def strangers(lab: Bench, victim: Subject) -> dict[str, str]:
    """What fails of what is claimed about strangers in the place of the victim."""
    about = [one for one in certificates.claims(lab.network) if one.name.startswith(victim.site.name)]
    return {name.partition(": ")[2]: seen for name, seen in failing(lab, about).items()}


def test_a_map_that_names_less_lets_others_in(lab: Bench, mapped: Subject) -> None:
    own = gateway_connection(lab, mapped)
    field = own.remote.id.text.split(", ")[0]
    open_ = replace(own, remote=replace(own.remote, id=Identity(IdentityKind.DN, field)))
    with connection(lab, mapped, open_):
        seen = strangers(lab, mapped)
    other = own.remote.id.text.split(", ")[1]
    assert {name for name in seen if f"in place of {other}" in name} == seen.keys(), seen
    assert set(seen.values()) == {f"SA by {own.name}; {mapped.tunnel.gateway} tells no such reason"}


def test_a_profile_without_its_authority_takes_the_certificates_of_others(
    lab: Bench, mapped: Subject
) -> None:
    own = gateway_connection(lab, mapped)
    with connection(lab, mapped, replace(own, remote=replace(own.remote, authority=None))):
        seen = strangers(lab, mapped)
    certificate = certificate_of(lab.network, mapped)
    ca = authority_node(lab.network).authorities
    assert ca is not None
    others = [one.name for one in ca.authorities if one.name != certificate.authority]
    assert {f"certificate by {name} is refused for that reason" for name in others} <= seen.keys(), seen
    assert all(seen[name].startswith(f"SA by {own.name}") for name in seen if "certificate by" in name)


def test_the_control_fails_where_nobody_is_believed(lab: Bench, mapped: Subject) -> None:
    own = gateway_connection(lab, mapped)
    nobody = Identity(IdentityKind.DN, f"{own.remote.id.text}, L=Nowhere")
    with connection(lab, mapped, replace(own, remote=replace(own.remote, id=nobody))):
        seen = strangers(lab, mapped)
    (control,) = (name for name in seen if name.startswith("control"))
    assert seen[control] == "no IKE_SA was established"


def test_a_list_that_is_not_published_revokes_nothing(lab: Bench, named: Subject) -> None:
    """The authority keeps its list of what it revoked to itself."""
    ca = authority_node(lab.network).name
    with edited(lab, ca, r's/^    publish "$authority"$/    :/'):
        seen = strangers(lab, named)
    assert seen.keys() == {"revoked certificate is refused for that reason"}, seen
    assert f"SA by {gateway_connection(lab, named).name}" in next(iter(seen.values()))


@pytest.mark.parametrize(
    ("edit", "stranger"),
    [
        ("s/^    shift 3$/    set --/", "expired certificate"),  # without its options it has not expired
        ("s/names=$2/names=$(echo $2 | sed s,^not-,claimed.,)/", "name that is not in its certificate"),
    ],
    ids=["expired", "claimed"],
)
def test_a_certificate_that_is_right_after_all_gets_in(
    lab: Bench, named: Subject, edit: str, stranger: str
) -> None:
    with edited(lab, authority_node(lab.network).name, edit):
        seen = strangers(lab, named)
    assert seen.keys() == {f"{stranger} is refused for that reason"}, seen
    assert f"SA by {gateway_connection(lab, named).name}" in next(iter(seen.values()))


def test_an_impostor_that_is_trusted_gets_in(lab: Bench, named: Subject) -> None:
    """The aggregator takes the impostor's certificate for that of the authority."""
    claims = looking_at(refusals.claims(lab.network), wrong_keys)
    own, gateway = gateway_connection(lab, named), named.tunnel.gateway
    authority = certificate_of(lab.network, named).authority
    ca = authority_node(lab.network).name
    file = trusted_impostor(lab, authority, gateway)
    trusting = replace(own, remote=replace(own.remote, authority=file))
    with edited(lab, ca, SAME_IMPOSTOR), connection(lab, named, trusting):
        seen = failing(lab, claims)
    (refused,) = names(claims, f"{named.site.name}: certificate by an impostor")
    assert f"SA left: {own.name}" in seen[refused], seen
    assert authority_file(authority) == own.remote.authority
