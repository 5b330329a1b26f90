"""YAML text to plain data: what is read, and how; refusals are in the error goldens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offnet.intent.document import Document, read

SCALARS = {
    "off": "off",
    "yes": "yes",
    "200:1": "200:1",
    "true": True,
    "False": False,
    "~": None,
    "12": 12,
    "-3": -3,
    "1.5": 1.5,
    "1e3": 1000.0,
    "198.51.100.2": "198.51.100.2",
    "'12'": "12",
    '""': "",
    "0x10": "0x10",
    "1_000": "1_000",
    "2026-01-01": "2026-01-01",
    ".inf": ".inf",
    "9" * 40: "9" * 40,
}


@pytest.mark.parametrize(("written", "meant"), SCALARS.items())
def test_plain_scalars_are_those_of_yaml_1_2(written: str, meant: object) -> None:
    data = read(f"key: {written}\n").data
    assert data == {"key": meant}
    assert type(data["key"]) is type(meant)


def test_keys_are_always_text() -> None:
    assert read("198.51.100.2: a\n12: b\ntrue: c\n").data == {"198.51.100.2": "a", "12": "b", "true": "c"}


def test_first_of_two_equal_keys_stays_and_the_rest_is_still_read() -> None:
    document = read("a: 1\na: {b: 2}\nc: 3\n")
    assert document.data == {"a": 1, "c": 3}
    assert document.usable
    assert [(flaw.line, flaw.path) for flaw in document.flaws] == [(2, ("a",))]


def test_a_bomb_is_one_flaw_a_name_and_no_data_grows() -> None:
    rows = "\n".join(f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 9)}]" for i in range(1, 40))
    document = read(f"x0: &x0 [y]\n{rows}\n")
    assert not document.usable
    assert len(document.flaws) == 40


plain = st.text(st.characters(min_codepoint=32, max_codepoint=126))
json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | plain,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(plain.map(lambda key: key[:9]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(json_like)
def test_json_is_read_as_it_is(data: Any) -> None:
    document = read(json.dumps(data))
    assert not document.flaws
    assert document.data == data


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert isinstance(read(text), Document)
