from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from offnet.design.allocate import MAX_INTERFACE_NAME, collisions, interface_name, slot

names = st.from_regex(r"[a-z][a-z0-9-]{0,61}[a-z0-9]", fullmatch=True)


@settings(deadline=None)
@given(names, st.integers(min_value=1, max_value=1 << 32))
def test_a_slot_is_in_its_pool(name: str, size: int) -> None:
    assert 0 <= slot(name, size) < size


@settings(deadline=None)
@given(st.dictionaries(names, st.integers(0, 5)))
def test_every_name_but_the_first_of_a_slot_is_told_with_that_first(taken: dict[str, int]) -> None:
    first = {number: name for name, number in reversed(taken.items())}
    expected = [(name, first[number]) for name, number in taken.items() if first[number] != name]
    assert list(collisions(taken.items())) == expected


@settings(deadline=None)
@given(names)
def test_an_interface_name_fits_into_the_kernel(name: str) -> None:
    assert 0 < len(interface_name(name)) <= MAX_INTERFACE_NAME


@settings(deadline=None)
@given(names.filter(lambda name: len(name) <= MAX_INTERFACE_NAME))
def test_a_name_that_fits_is_not_changed(name: str) -> None:
    assert interface_name(name) == name


def test_long_names_that_begin_alike_are_told_apart() -> None:
    peers = [f"spoke-of-a-customer-{number}" for number in range(1000)]
    assert len({interface_name(peer) for peer in peers}) == len(peers)
