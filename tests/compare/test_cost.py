"""What a site more costs: O(1) where the provider ends the tunnels, O(N) where the customer does."""

from __future__ import annotations

import time
from itertools import pairwise
from math import comb

import pytest

from offnet import resources
from offnet.compare.cost import Cost, costs, order, sample
from offnet.compare.growth import Growth
from offnet.network.model import Crypto

SIZES = (2, 4, 16, 33)
LIMIT = 2.0  # seconds of processor time for 64 sites


def cost_of(lab: str, crypto: Crypto | None = None) -> tuple[Cost, ...]:
    return costs(Growth(resources.labs() / lab), SIZES, crypto)


@pytest.mark.parametrize("crypto", list(Crypto))
def test_single_ip_costs_one_router_and_always_the_same(crypto: Crypto) -> None:
    series = cost_of("single-ip", crypto)
    assert len({(cost.routers, cost.files, cost.lines, cost.own_lines) for cost in series}) == 1
    assert series[0].routers == 1, "more than the aggregator was changed"
    assert [cost.tunnels for cost in series] == list(SIZES)
    assert {cost.tunnels_per_site for cost in series} == {1}
    assert [cost.tunnels_at_busiest for cost in series] == list(SIZES), "the aggregator holds them all"


@pytest.mark.parametrize("crypto", list(Crypto))
def test_ce_ce_costs_every_other_site(crypto: Crypto) -> None:
    series = cost_of("ce-ce", crypto)
    assert [cost.routers for cost in series] == [size + 1 for size in SIZES], "all sites and the PE"
    assert [cost.tunnels for cost in series] == [comb(size, 2) for size in SIZES]
    assert [cost.sas for cost in series] == [2 * comb(size, 2) for size in SIZES]
    assert [cost.tunnels_per_site for cost in series] == [size - 1 for size in SIZES]
    assert all(one.lines < other.lines and one.own_lines < other.own_lines for one, other in pairwise(series))


def test_growth_is_told_by_its_order() -> None:
    single, mesh = cost_of("single-ip"), cost_of("ce-ce")
    assert order([(cost.sites, cost.lines) for cost in single]) == "O(1)"
    assert order([(cost.sites, cost.tunnels) for cost in single]) == "O(N)"
    assert order([(cost.sites, cost.lines) for cost in mesh]) == "O(N)"
    assert order([(cost.sites, cost.tunnels) for cost in mesh]) == "O(N²)"


@pytest.mark.parametrize(
    ("points", "expected"), [([], ""), ([(2, 7)], ""), ([(2, 0), (4, 0)], "O(1)"), ([(2, 3), (4, 3)], "O(1)")]
)
def test_order_of_few_points(points: list[tuple[int, int]], expected: str) -> None:
    assert order(points) == expected


@pytest.mark.parametrize(
    ("first", "last", "sizes"),
    [
        (2, 64, (2, 4, 8, 16, 32, 64)),
        (3, 20, (3, 4, 8, 16, 20)),
        (5, 5, (5,)),
        (2, 3, (2, 3)),
        (4, 7, (4, 7)),
    ],
)
def test_sample_has_both_ends_and_the_powers_between(first: int, last: int, sizes: tuple[int, ...]) -> None:
    assert sample(first, last) == sizes


def test_sixty_four_sites_take_less_than_two_seconds_of_the_processor() -> None:
    before = time.process_time()
    for lab in ("single-ip", "ce-ce"):
        costs(Growth(resources.labs() / lab), sample(2, 64))
    assert time.process_time() - before < LIMIT
