"""Products of int8 matrices are the plain ones, bit by bit."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.xla.lowering.products._int8 import CACHED_WEIGHTS, part_of_sum
from tests.xla.lowering.comparison import lowered_by
from tests.xla.lowering.products.whole_numbers import (
    KINDS,
    assert_same,
    integers,
    product,
    row_shapes,
    weight_shapes,
)

RULE = "int8_product/"


def forward(left, right):
    return product(((left.ndim - 1,), (0,)))(left, right)


@given(row_shapes, weight_shapes(), st.sampled_from(KINDS))
@settings(max_examples=7, deadline=None)
def test_products_are_the_plain_ones(rows, weights, kind):
    operands = integers(kind, *rows, weights[0]), integers(kind, *weights)
    assert_same(forward, *operands)
    evenly = weights[1] % 32 == 0 and (len(rows) < 2 or set(rows) == {1})
    assert lowered_by(RULE, forward, *operands) == (evenly or (weights[1] > 64 and weights[1] % 32 > 0))


@given(st.sampled_from([(), (1,), (2,)]), weight_shapes(), st.sampled_from(KINDS))
@settings(max_examples=4, deadline=None)
def test_products_with_transposed_weights_are_the_plain_ones(rows, weights, kind):
    assert_same(
        lambda left, right: forward(left, right.T), integers(kind, *rows, weights[0]), integers(kind, *weights[::-1])
    )


def test_transposed_weights_are_read_where_they_are():
    text = (
        jax.jit(lambda left, right: forward(left, right.T))
        .lower(integers("any", 4, 600), integers("any", 128, 600))
        .compile()
        .as_text()
    )
    assert "s8[600,128]" not in text.partition("ENTRY")[2]


@given(
    st.sampled_from([(), (1,), (2, 3)]),
    st.sampled_from([((8, 64), (4, 33)), ((2, 4, 64), (160,)), ((2, 4, 64), (130,))]),
)
@settings(max_examples=4, deadline=None)
def test_sums_over_several_dimensions_and_columns_of_several(rows, weights):
    summed, columns = weights
    count = len(summed)
    function = product((tuple(range(len(rows), len(rows) + count)), tuple(range(count))))
    operands = integers("any", *rows, *summed), integers("any", *summed, *columns)
    assert_same(function, *operands)
    assert lowered_by(RULE, function, *operands) == (len(rows) < 2 or np.prod(columns) % 32 > 0)


def test_sums_wrap_around():
    operands = integers("least", 1, 140_000), integers("least", 140_000, 32)
    assert_same(forward, *operands)
    assert lowered_by(RULE, forward, *operands)
    assert int(jax.jit(forward)(*operands)[0, 0]) == 140_000 * 2**14 - 2**32


def test_large_weights_are_multiplied_in_parts():
    operands = integers("any", 1, 2304), integers("any", 2304, 1001)
    assert 0 < part_of_sum(*operands[1].shape) < 2304
    assert_same(forward, *operands)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_a_part_divides_the_sum_and_stays_in_the_cache(size, columns):
    part = part_of_sum(size, columns)
    assert size % part == 0
    assert part == size or part * columns <= CACHED_WEIGHTS


def test_it_works_under_vmap_and_in_scans():
    left, right = integers("any", 3, 1, 600), integers("any", 600, 110)
    assert_same(jax.vmap(forward, (0, None)), left, right)

    def sums(rows, weights):
        start = jnp.zeros((1, 110), jnp.int32)
        return jax.lax.scan(lambda total, row: (total + forward(row, weights), None), start, rows)[0]

    assert_same(sums, left, right)
    assert lowered_by(RULE, sums, left, right)


def test_a_quantized_layer_has_its_gradient():
    @jax.custom_vjp
    def layer(given, weights):
        return forward(jnp.round(given).astype("int8"), weights).astype("float32")

    layer.defvjp(lambda given, weights: (layer(given, weights), weights), lambda weights, by: (by @ weights.T, None))
    given, weights = integers("any", 1, 600).astype("float32"), integers("any", 600, 110)
    function = jax.value_and_grad(lambda given: (layer(given, weights) ** 2).sum() / 1e6)
    assert lowered_by(RULE, function, given)
    assert_same(lambda given: function(given)[0], given)
    assert_same(lambda given: function(given)[1], given)


@pytest.mark.parametrize("weights", [(600, 110), (512, 128)])
def test_an_open_number_of_rows_is_exported_with_both_forms(weights):
    right = integers("any", *weights)
    rows = jax.ShapeDtypeStruct(jax.export.symbolic_shape(f"b, {weights[0]}"), jnp.int8)
    exported = jax.export.export(jax.jit(forward))(rows, right)
    assert RULE in exported.mlir_module()
    for count in (1, 2, 5):
        left = integers("any", count, weights[0])
        np.testing.assert_array_equal(exported.call(left, right), left.astype(int) @ right.astype(int))
        compiled = jax.jit(exported.call).lower(left, right).compile()
        assert "conditional" not in compiled.as_text(), "one form is left when the size is known"


def test_exported_for_other_platforms_too_they_keep_the_plain_form():
    operands = integers("any", 1, 600), integers("any", 600, 110)
    exported = jax.export.export(jax.jit(forward), platforms=("cpu", "tpu"))(*operands)
    text = exported.mlir_module()
    assert "tensor<1x600xi8>, tensor<600x110xi8>) -> tensor<1x110xi32>" in text
    assert RULE in text
    np.testing.assert_array_equal(exported.call(*operands), operands[0].astype(int) @ operands[1].astype(int))


@pytest.mark.parametrize(
    ("left", "right", "function"),
    [
        ((1, 64), (64, 64), forward),
        ((2, 3, 600), (600, 128), forward),
        ((1, 100), (100, 1001), forward),
        ((1, 65_536), (65_536, 1), forward),
        ((0, 600), (600, 110), forward),
        ((1, 600), (600, 110), product(((1,), (0,)), dtype=None)),
        ((1, 600), (110, 600), product(((1,), (1,)))),
        ((2, 1, 600), (2, 600, 110), product(((2,), (1,)), ((0,), (0,)))),
        ((1, 0), (0, 110), forward),
    ],
    ids=[
        "small",
        "rows in more dimensions",
        "much wider than long",
        "one column",
        "no rows",
        "narrow result",
        "over the last",
        "batched",
        "no sum",
    ],
)
def test_others_keep_the_plain_form(left, right, function):
    operands = integers("any", *left), integers("any", *right)
    assert not lowered_by(RULE, function, *operands)
    assert_same(function, *operands)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_other_dtypes_keep_the_plain_form(dtype):
    operands = np.ones((1, 600), dtype), np.ones((600, 110), dtype)
    assert not lowered_by(RULE, forward, *operands)


@pytest.mark.parametrize("precision", ["highest", "BF16_BF16_F32"])
def test_a_precision_that_is_asked_for_keeps_the_plain_form(precision):
    operands = integers("any", 1, 600), integers("any", 600, 110)
    with jax.default_matmul_precision(precision):
        assert not lowered_by(RULE, forward, *operands)
