"""What the canonical form of a payload promises: the hash says whether two payloads are the same, and nothing else."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.domain import canonical
from fbinfor_assets.domain.canonical import NotCanonical, canonical_json, payload_sha

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), values, min_size=2, max_size=6))
def test_the_order_of_keys_does_not_matter(payload):
    turned = dict(reversed(payload.items()))
    assert payload_sha(payload) == payload_sha(turned)


@given(values)
def test_writing_it_down_and_reading_it_back_keeps_the_hash(value):
    assert payload_sha(json.dumps({"value": value})) == payload_sha({"value": value})


def test_one_cent_changes_the_hash():
    assert payload_sha({"total": "12.00"}) != payload_sha({"total": "12.01"})


def test_a_decimal_keeps_its_scale():
    assert canonical_json({"amount": Decimal("12.00")}) == '{"amount":"12.00"}'


@pytest.mark.parametrize("value", [0.1, {"a": [1, 2.5]}, {"a": {1, 2}}, {"a": Decimal("NaN")}, {1: "a"}])
def test_what_has_no_fixed_form_is_refused_by_name(value):
    with pytest.raises(NotCanonical, match=r"\$"):
        canonical_json(value)


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["x:1.5", ",2e3", "[-7.0", "00:00.25", "\x00\x1f\x7f\u2028é😀", '"', "\\"])
)
_DOCUMENTS = st.recursive(
    _SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(_DOCUMENTS)
def test_the_fast_way_writes_what_the_plain_way_writes(document: object) -> None:
    plain = json.dumps(
        canonical._plain(document, "$"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert canonical_json(document) == plain


@given(_DOCUMENTS, st.floats())
def test_a_float_is_refused_however_deep_it_hides(document: object, hidden: float) -> None:
    with pytest.raises(NotCanonical, match="float"):
        canonical_json({"a": [document, {"b": hidden}]})
