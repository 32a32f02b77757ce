import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.core._jax_internals import identity_of, known_constant, producer
from tenon.core.tensors import constant_value, is_symbol, known_difference, known_integers, known_shape


def seen_while_tracing(look, *arguments):
    """Return what a function sees of its arguments while JAX traces it."""
    found = []
    jax.make_jaxpr(lambda *arrays: found.append(look(*arrays)) or arrays)(*arguments)
    return found[0]


def seen_with_symbols(look, shape):
    """Return what a function sees of an array of which sizes are symbols."""
    found = []
    sizes = jax.export.symbolic_shape(shape)
    program = jax.jit(lambda array: found.append(look(array)) or array)
    jax.export.export(program)(jax.ShapeDtypeStruct(sizes, np.float32))
    return str(found[0])


@pytest.mark.parametrize(
    ("stop", "difference"),
    [
        (lambda i: i + 3, 3),
        (lambda i: 3 + i - 5, -2),
        (lambda i: (i + 1) * 4 - 3 * i, 4),
        (lambda i: -(1 - i), -1),
        (lambda i: jnp.stack([i, i + 2])[1], 2),
        (lambda i: jnp.concatenate([i[None], (i * 2)[None]])[::-1][1], 0),
        (lambda i: jnp.sum(jnp.stack([i, jnp.int32(7)])), 7),
        (lambda i: (i + 2).astype(jnp.int16).astype(jnp.int32), 2),
        (lambda i: i + jnp.prod(jnp.array([2, 5])), 10),
        (lambda i: jax.lax.optimization_barrier((1 + i, i))[0], 1),
        (lambda i: jnp.broadcast_to(i, (2, 2)).reshape(4)[3] + 7 // 2, 3),
        (lambda i: i + jnp.remainder(jnp.int32(7), 4), 3),
    ],
)
def test_a_difference_is_known_though_its_ends_are_not(stop, difference):
    assert seen_while_tracing(lambda i: known_difference(stop(i) + 0 * i, i), jnp.int32(5)) == difference


@pytest.mark.parametrize("stop", [lambda i: 2 * i, lambda i: i * i, lambda i: jnp.maximum(i, 3), lambda i: i // 2 + 3])
def test_a_difference_that_depends_on_values_is_not_known(stop):
    assert seen_while_tracing(lambda i: known_difference(stop(i), i), jnp.int32(5)) is None


def test_arguments_are_unknowns_of_their_own():
    assert seen_while_tracing(lambda i, j: known_difference(i, j), jnp.int32(1), jnp.int32(2)) is None
    assert seen_while_tracing(lambda i, j: known_difference(i + j + 1, j + i), jnp.int32(1), jnp.int32(2)) == 1
    assert seen_while_tracing(lambda v: known_difference(v[1] + 1, v[1]), jnp.arange(3)) == 1
    assert seen_while_tracing(lambda v: known_difference(v[1], v[0]), jnp.arange(3)) is None


@given(st.lists(st.tuples(st.sampled_from("+-*"), st.integers(-4, 4)), max_size=6))
@settings(max_examples=20)
def test_sums_are_followed_through_any_arithmetic(steps):
    def stop(i):
        scale, offset, value = 1, 0, i
        for sign, number in steps:
            value = value + number if sign == "+" else value - number if sign == "-" else value * number
            scale = scale * number if sign == "*" else scale
            offset = offset + number if sign == "+" else offset - number if sign == "-" else offset * number
        return value - scale * i, offset

    difference, offset = seen_while_tracing(lambda i: (known_shape(stop(i)[0]), stop(i)[1]), jnp.int32(3))
    assert difference == offset


@pytest.mark.parametrize(
    ("look", "found"),
    [
        (lambda x: known_shape(jnp.asarray(x.shape)), "[b, 3]"),
        (lambda x: known_shape(jnp.asarray(x.shape)[0] * 2 + 1), "2*b + 1"),
        (lambda x: known_shape(jnp.prod(jnp.asarray(x.shape))), "3*b"),
        (lambda x: known_shape(jnp.asarray(x.shape)[0] // 2), "floordiv(b, 2)"),
        (lambda x: constant_value([jnp.asarray(x.shape)[0], 12]), "[b, 12]"),
        (lambda x: known_shape(x[0, 0].astype(jnp.int32) + jnp.asarray(x.shape)[0]), "None"),
    ],
)
def test_sizes_that_are_symbols_are_followed(look, found):
    assert seen_with_symbols(look, "b, 3") == found


def test_what_is_large_or_no_integer_is_not_looked_into():
    assert seen_while_tracing(lambda x: known_integers(x), jnp.arange(65)) is None
    assert seen_while_tracing(lambda x: known_integers(x), jnp.ones(2)) is None
    assert [item.terms for item in seen_while_tracing(lambda x: known_integers(x), jnp.arange(1))[0]] != [{}]


def test_a_long_way_back_ends_somewhere():
    def far(i):
        stop = i
        for _ in range(500):
            stop = stop + 1
        return known_difference(stop, stop - 1), known_difference(stop, i)

    assert seen_while_tracing(far, jnp.int32(1)) == (1, None)


def test_symbols_are_told_from_numbers():
    assert is_symbol(jax.export.symbolic_shape("n")[0])
    assert not is_symbol(3)


def test_the_producer_of_a_value_is_known():
    def look(i):
        total = jnp.add(i, 2)
        step = producer(total)
        return step.name, len(step.inputs), step.place, producer(i), identity_of(total) == identity_of(i)

    assert seen_while_tracing(look, jnp.int32(1)) == ("add", 2, 0, None, False)
    assert known_constant(np.arange(2)).tolist() == [0, 1]
    assert seen_while_tracing(lambda i: known_constant(i), 1) is None
