from __future__ import annotations

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from offnet.render.block_yaml import Value, block_yaml

text = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["no", "y", "~", "null", "1", "1.5", "0x1", "2001-01-01", "<<", "=", "", " ", "- a", "#"]
    ),
)
documents = st.recursive(
    st.one_of(text, st.integers()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(text, inner, max_size=4)),
    max_leaves=20,
)


@settings(deadline=None)
@given(documents)
def test_a_reader_gets_the_document_back(document: Value) -> None:
    assert yaml.safe_load(block_yaml(document)) == document


def test_it_is_written_in_blocks() -> None:
    assert block_yaml({"a": {"b": ["c", {"d": 1}]}, "no": "on"}) == (
        "a:\n  b:\n  - c\n  - d: 1\n'no': 'on'\n"
    )
