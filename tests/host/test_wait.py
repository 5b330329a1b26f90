"""The one place that waits."""

from __future__ import annotations

from itertools import count

import pytest

from offnet.errors import DeadlineExpired
from offnet.wait import Deadline, until


def test_it_returns_what_the_probe_saw() -> None:
    numbers = count()
    assert until(lambda: next(numbers) >= 3 and "three", what="three", deadline=5) == "three"


def test_it_looks_at_least_once() -> None:
    assert until(lambda: 1, what="anything", deadline=0) == 1


def test_expiry_names_what_was_awaited_and_last_seen() -> None:
    with pytest.raises(
        DeadlineExpired, match=r"a route to 10\.0\.0\.0/8: not within 0\.02 s; last seen: \[\]"
    ):
        until(list, what="a route to 10.0.0.0/8", deadline=0.02)


def test_expiry_can_tell_more_than_the_probe() -> None:
    with pytest.raises(DeadlineExpired, match="last seen: Init/DROther"):
        until(lambda: None, what="adjacency", deadline=0.01, seen=lambda: "Init/DROther")


def test_steps_share_a_deadline() -> None:
    limit = Deadline(0.02)
    with pytest.raises(DeadlineExpired):
        until(lambda: None, what="first", deadline=limit)
    assert limit.expired()
