"""The quick spelling is the reference's, byte for byte, or the reference itself."""

import math
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.canonical import dumps

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None)
@given(values)
@example({"a": '\x00\x1f\x7f\u2028"\\\b/\U0001f600\r\t'})
@example({"\U0001f600": 1, "\uffee": 2, "a": 3, "A": 4})
@example({"b": {"a": [], "": {}}, "a": [True, None, -1, 2**53 - 1]})
def test_it_is_what_the_reference_writes_or_refuses(value: Any) -> None:
    try:
        expected = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        with pytest.raises((rfc8785.CanonicalizationError, UnicodeEncodeError)):
            dumps(value)
    else:
        assert dumps(value) == expected


@pytest.mark.parametrize("value", [2**53, -(2**53), math.nan, math.inf, {1: 2}, {"a": {1}}])
def test_what_has_no_spelling_gets_none(value: Any) -> None:
    with pytest.raises(rfc8785.CanonicalizationError):
        dumps(value)
