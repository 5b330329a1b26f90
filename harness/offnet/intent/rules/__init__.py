"""What the parts of a lab must be to each other. One small function a rule, all in :data:`RULES`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from offnet.intent.finding import Finding
from offnet.intent.rules import (
    addresses,
    certificates,
    front_doors,
    lans,
    names,
    peers,
    pools,
    profiles,
    provider,
    remote_access,
    tunnels,
    vpns,
)
from offnet.intent.salvage import Scope

Rule = Callable[[Scope], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    names.distinct_nodes,
    names.interface_names,
    names.gateway_is_pe,
    names.site_vpn,
    names.site_pe,
    names.site_gateway,
    names.site_nat,
    provider.distinct_loopbacks,
    provider.links_join_routers,
    provider.links_once,
    provider.link_subnets,
    provider.pool_suffices,
    provider.core_connected,
    vpns.distinct_rd,
    vpns.distinct_id,
    profiles.complete,
    profiles.one_profile_a_match,
    certificates.key_or_authority,
    certificates.authority_exists,
    certificates.map_exists,
    certificates.match_fits_authentication,
    certificates.gateway_has_name,
    certificates.one_node,
    certificates.distinct_subjects,
    certificates.one_map_fits_best,
    certificates.group_is_given,
    profiles.keyring_exists,
    profiles.keyring_has_keys,
    profiles.vrf_exists,
    profiles.static_peers_are_known,
    profiles.dead_after_probes,
    peers.one_identity,
    peers.distinct_identities,
    peers.selected,
    peers.movable,
    peers.has_key,
    peers.one_key_an_owner,
    peers.incomplete_by_name,
    front_doors.one_way_in,
    front_doors.vlan_once,
    front_doors.door_vrf,
    front_doors.site_door,
    front_doors.named_door,
    front_doors.one_wildcard_key,
    front_doors.one_door_a_vpn,
    lans.big_enough,
    lans.unicast,
    lans.apart_within_vpn,
    lans.marker_is_free,
    lans.marker_is_unique,
    remote_access.group_has_key,
    remote_access.group_is_matched,
    remote_access.profile_aaa,
    remote_access.group_has_door,
    remote_access.server_at_pe,
    remote_access.one_server_a_gateway,
    remote_access.user_group,
    remote_access.client_names,
    remote_access.client_belongs,
    remote_access.one_client_a_user,
    remote_access.certain_addresses,
    pools.within_prefix,
    pools.of_one_group,
    pools.inner_addresses_apart,
    addresses.usable,
    addresses.next_hop_beside_gateway,
    addresses.distinct_outer,
    addresses.outer_subnets_apart,
    tunnels.tunnel_has_two_ends,
    tunnels.tunnels_apart_from_lans,
    tunnels.mtu_that_fits,
    tunnels.whole_identity,
    tunnels.one_address,
    tunnels.own_as,
)


def judge(scope: Scope) -> Iterator[Finding]:
    """Every rule that the lab breaks."""
    for rule in RULES:
        yield from rule(scope)
