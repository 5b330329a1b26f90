"""Remote access: sessions, accounting, groups that a user does not belong to, and a silent AAA server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from offnet.checks.accounting import claims as accounting
from offnet.checks.claim import Claim, Verdict, verdict
from offnet.experiments import aaa
from offnet.experiments.aaa import Disconnect, Outage, disconnect, outage
from offnet.experiments.accounting import access
from offnet.experiments.logins import (
    WRONG_GROUP_KEY,
    Impostor,
    Mistrust,
    clients,
    grouped,
    impostors,
    keyed,
    other_group,
    wrong_group_keys,
)
from offnet.experiments.refusal import NO_ISSUER
from offnet.experiments.rogue import checking, rogue_gateways
from offnet.experiments.state import Sas, sas
from offnet.experiments.subjects import Subject
from offnet.network.model import Network, Site, Tunnel
from offnet.observe.vici_model import sas_of


def passive(network: Network) -> Iterator[Claim[Any]]:
    """For each client: who is logged in, with which inner address."""
    for site, tunnel in network.tunnels():
        if tunnel.user:
            yield _session(site, tunnel)


def claims(network: Network) -> Iterator[Claim[Any]]:
    """Per VPN with clients: a false group, a false proof of the gateway, accounting; then what AAA does."""
    chosen = clients(network)
    for subject in grouped(network):
        group = other_group(network, subject)
        if group:
            yield _impostor(subject, group)
    for subject in keyed(network):
        yield _wrong_group_key(subject)
    for subject in checking(network):
        yield _rogue_gateway(subject)
    yield from accounting(network)
    if chosen:
        yield _refused_meanwhile(chosen)
        if chosen[1:]:
            yield _stay(chosen)
        if access(network, chosen[-1].tunnel.gateway).dae_secret:
            yield _disconnected(chosen[-1])


def _session(site: Site, tunnel: Tunnel) -> Claim[Sas]:
    def judge(state: Sas) -> Verdict:
        found = [sa for sa in sas_of(tunnel, state.ike[tunnel.gateway]) if sa.current]
        given = [address for sa in found for address in sa.remote_inner]
        return Verdict(
            given == [str(site.host)], f"{len(found)} sessions, inner address {', '.join(given) or 'none'}"
        )

    return Claim(
        5,
        f"{site.name}: {tunnel.user} is logged in to {tunnel.gateway_connection} with {site.host}",
        f"one session of {tunnel.user}, which has the inner address {site.host}",
        sas,
        judge,
    )


def _impostor(subject: Subject, group: str) -> Claim[dict[str, Impostor]]:
    name, user = subject.site.name, subject.tunnel.user
    decides = subject.connection.version != 1
    key = "" if subject.connection.certified else " with its key"
    where = f"is in {subject.tunnel.vrf} all the same" if decides else "is in no VRF"
    return Claim(
        6,
        f"{name}: {user} claims {group}{key}, and {where}",
        f"the class of {user} decides: a session of {subject.tunnel.gateway_connection}"
        if decides
        else f"{subject.tunnel.gateway} tells that {user} is no member of {group}",
        impostors,
        lambda seen: judge_impostor(subject, seen[name]),
    )


def judge_impostor(subject: Subject, seen: Impostor) -> Verdict:
    """Refused as no member; with IKEv2 let in where the class that RADIUS returned leads to."""
    own = subject.tunnel
    decides = subject.connection.version != 1
    mistakes = [] if seen.reason or decides else ["no word of a membership that is required"]
    mistakes += [f"SA with if_id {if_id}" for if_id in seen.if_ids if if_id != own.if_id]
    mistakes += [f"session of {name}" for name in seen.profiles if name != own.gateway_connection]
    mistakes += [] if seen.back else ["not back in its own group"]
    if bool(seen.profiles) is not decides:
        mistakes.append(f"{len(seen.profiles)} sessions of {own.user}")
    return verdict(mistakes, f"{seen.reason or 'let in'}; sessions: {', '.join(seen.profiles) or 'none'}")


def _wrong_group_key(subject: Subject) -> Claim[dict[str, Mistrust]]:
    name = subject.site.name
    return Claim(
        6,
        f"{name}: wrong group key, and the client leaves",
        f"{name} logs {WRONG_GROUP_KEY[subject.connection.version]!r}; no session of {subject.tunnel.user}",
        wrong_group_keys,
        lambda seen: judge_mistrust(name, seen[name]),
    )


def _rogue_gateway(subject: Subject) -> Claim[dict[str, Mistrust]]:
    name = subject.site.name
    return Claim(
        6,
        f"{name}: gateway with a certificate by an impostor of its authority, and the client leaves",
        f"{name} logs {NO_ISSUER!r}; no session of {subject.tunnel.user}",
        rogue_gateways,
        lambda seen: judge_mistrust(name, seen[name]),
    )


def judge_mistrust(name: str, seen: Mistrust) -> Verdict:
    """The client told the reason, its user had no session, and has one with the gateway's own proof."""
    mistakes = [f"SA left: {sa}" for sa in seen.sas]
    mistakes += [] if seen.reason else [f"{name} tells no such reason"]
    mistakes += [] if seen.back else ["not back with the right proof"]
    return verdict(mistakes, seen.reason)


def _refused_meanwhile(chosen: tuple[Subject, ...]) -> Claim[Outage]:
    return Claim(
        6,
        f"{chosen[0].site.name}: AAA silent, login refused for that reason; then it succeeds again",
        f"{chosen[0].tunnel.gateway} logs {aaa.SILENT!r}",
        outage,
        judge_refused,
    )


def judge_refused(seen: Outage) -> Verdict:
    """No login without AAA, a reason that names it, and a login as soon as it answers."""
    mistakes = [] if seen.refused else ["logged in"]
    mistakes += [] if seen.reason else ["no such reason told"]
    mistakes += [] if seen.back else ["not logged in afterwards"]
    return verdict(mistakes, seen.reason)


def _stay(chosen: tuple[Subject, ...]) -> Claim[Outage]:
    names = ", ".join(subject.site.name for subject in chosen[1:])
    return Claim(
        5,
        f"{names}: AAA silent, sessions stay",
        f"the same sessions with {aaa.PROBES} of {aaa.PROBES} replies after accounting has failed",
        outage,
        judge_stay,
    )


def judge_stay(seen: Outage) -> Verdict:
    """Accounting had failed, and all sessions were those of before, with all their traffic."""
    mistakes = [] if seen.untold else ["accounting had not failed"]
    mistakes += [f"the session of {name} ended" for name, stayed in seen.stayed.items() if not stayed]
    mistakes += [f"{got} replies to {name}" for name, got in seen.answered.items() if got != aaa.PROBES]
    return verdict(mistakes, f"{len(seen.stayed)} sessions stayed, all probes answered")


def _disconnected(subject: Subject) -> Claim[Disconnect]:
    return Claim(
        5,
        f"{subject.site.name}: AAA ends the session of {subject.tunnel.user} (Disconnect-Request)",
        f"{aaa.ACK}, another session afterwards; no answer under a wrong secret",
        disconnect,
        judge_disconnect,
    )


def judge_disconnect(seen: Disconnect) -> Verdict:
    """Acknowledged and carried out; what is not authentic is not answered."""
    mistakes = [] if seen.answer == aaa.ACK else [f"answer: {seen.answer or 'none'}"]
    mistakes += [f"answer under a wrong secret: {seen.forged}"] if seen.forged else []
    mistakes += [] if seen.ended else ["the session goes on"]
    mistakes += [] if seen.back else ["no new session"]
    return verdict(mistakes, f"{seen.answer}, then logged in anew")
