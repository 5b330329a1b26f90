"""Strangers are derived for every kind of identity, and judged by what the aggregator said and gave."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from offnet import resources
from offnet.checks.certificates import claims, judge_believed, judge_refused
from offnet.design import design
from offnet.design.identities import fits
from offnet.experiments.papers import IMPOSTOR, certificate_of, signing
from offnet.experiments.strangers import Reception, Stranger, strangers
from offnet.experiments.subjects import Subject
from offnet.intent import load
from offnet.network.model import Crypto, IdentityKind, Network


@pytest.fixture(scope="module", params=list(Crypto))
def signed(request: pytest.FixtureRequest) -> Network:
    return design(load(resources.labs() / "certificates"), request.param)


def by_kind(network: Network, kind: IdentityKind) -> tuple[Subject, dict[str, Stranger]]:
    subject = next(one for one in signing(network) if one.connection.local.id.kind is kind)
    return subject, {stranger.what: stranger for stranger in strangers(network, subject)}


def test_labs_without_certificates_owe_nothing(network: Network) -> None:
    assert list(claims(network)) == []


def test_every_field_that_the_map_names_is_tried_otherwise_and_longer(signed: Network) -> None:
    subject, cast = by_kind(signed, IdentityKind.DN)
    wanted = signed.node(subject.tunnel.gateway).connection(subject.tunnel.gateway_connection).remote.id
    fields = [what for what in cast if "in place of" in what]
    assert fields == [
        "O=Not-VPN1 in place of O=VPN1",
        "O=VPN10 in place of O=VPN1",
        "OU=Not-EAST in place of OU=EAST",
        "OU=EAST0 in place of OU=EAST",
    ]
    assert not any(fits(cast[what].identity, wanted) for what in fields)
    others = [stranger for what, stranger in cast.items() if what not in fields]
    assert all(fits(stranger.identity, wanted) for stranger in others)


@pytest.mark.parametrize("kind", [IdentityKind.DN, IdentityKind.FQDN])
def test_no_stranger_has_a_name_that_anybody_has(signed: Network, kind: IdentityKind) -> None:
    """charon believes a key once it has believed it under that name."""
    _, cast = by_kind(signed, kind)
    taken = [tunnel.identity for _, tunnel in signed.tunnels()]
    names = [stranger.identity.text for stranger in cast.values()]
    assert len({*names, *taken}) == len(names) + len(taken)


def test_the_claimed_name_is_not_in_the_certificate(signed: Network) -> None:
    """With IKEv1 charon does not begin with a name for which it has no certificate."""
    _, cast = by_kind(signed, IdentityKind.FQDN)
    claimed = cast["name that is not in its certificate"]
    assert claimed.identity.text not in claimed.certificate.names
    assert (claimed.own is not None) == (signed.crypto is Crypto.AS_PRINTED)
    if claimed.own:
        assert claimed.own.names == (claimed.identity.text,)
        assert claimed.own.authority == IMPOSTOR.format(claimed.certificate.authority)


def test_a_certificate_by_another_authority_gets_at_most_that_authority_s_profile(signed: Network) -> None:
    subject, cast = by_kind(signed, IdentityKind.DN)
    own = certificate_of(signed, subject).authority
    taking = {one.certificate.authority: one.may for one in cast.values()}
    others = {name: may for name, may in taking.items() if name not in (own, IMPOSTOR.format(own))}
    assert taking[IMPOSTOR.format(own)] == ()
    assert others == {"vpn1-ca": ("vpn1-own-any",), "vpn2-ca": ("vpn2-own-any",)}


def test_refusals_are_judged_by_the_reason_and_by_what_was_given(signed: Network) -> None:
    _, cast = by_kind(signed, IdentityKind.DN)
    refused = cast["expired certificate"]
    line = "18:00 06[CFG] <vpn1|3> subject certificate invalid (valid from Jan 2001 to Jan 2002)"
    assert re.search(refused.told, line)
    assert judge_refused("gw", refused, Reception(line, ())).holds
    silent = judge_refused("gw", refused, Reception("", ()))
    assert (silent.holds, silent.seen) == (False, "gw tells no such reason")
    taken = judge_refused("gw", refused, Reception(line, ("vpn1",)))
    assert (taken.holds, taken.seen) == (False, "SA by vpn1")
    elsewhere = replace(refused, may=("own",))
    assert judge_refused("gw", elsewhere, Reception(line, ("own",))).holds


def test_the_control_must_be_accepted_where_it_belongs(signed: Network) -> None:
    _, cast = by_kind(signed, IdentityKind.DN)
    (control,) = (stranger for stranger in cast.values() if stranger.control)
    (own,) = control.may
    line = f"06[IKE] <{own}|3> IKE_SA {own}[3] established between 192.0.2.1[x]...198.51.100.2[y]"
    assert re.search(control.told, line)
    assert judge_believed(control, Reception(line, (own,))).holds
    assert not judge_believed(control, Reception("", ())).holds
    assert not judge_believed(control, Reception(line, ("other",))).holds
