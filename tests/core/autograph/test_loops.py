"""``while`` and ``for`` over tensors."""

# ruff: noqa: B905, PERF402, RET503, RUF005  # code as users write it

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.core.autograph import convert, set_loop_options
from tests.core.autograph.jax_staging import FAILURES, STAGING, compiled, last_line, outcomes, while_loop

COUNTS = [(0,), (1,), (2,), (6,)]


class Holder:
    """Something with attributes."""

    value = 0


def collatz(n):
    steps = 0
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def total(n):
    s = 0
    for i in range(n):
        s += i
    return s


def downwards(n):
    s = 0
    for i in range(10, n, -2):
        s = 2 * s + i
    return s


def breaks_and_continues(n):
    s = 0
    for i in range(n):
        if i == 1:
            continue
        if i == 4:
            break
        s += i
    return s


def nested(n):
    s = 0
    for i in range(n):
        j = 0
        while True:
            j += 1
            if j > i:
                break
            if j == 2:
                continue
            s += i * j
        else:
            s -= 1000
        if s > 20:
            break
    else:
        s += 500
    return s


def finds(n):
    for i in range(n):
        if i * i > 3:
            return i
    return -1


def finds_in_two_loops(n):
    for i in range(n):
        for j in range(i):
            if i * j == 6:
                return 10 * i + j
    return -1


def returns_from_an_endless_loop(n):
    i = 0
    while True:
        i += 2
        if i > n:
            return i


def first_iteration_in_python(n):
    i = 0
    while True:
        i += 1
        if i * i > n:
            break
    return i


def loop_else(n):
    while n > 3:
        n -= 1
        if n == 5:
            break
    else:
        n += 100
    return n


def attributes_and_items(n):
    holder, table = Holder(), {"k": 1}
    while n > 0:
        holder.value += n
        table["k"] *= 2
        n -= 1
    return holder.value + 100 * table["k"]


def containers(n):
    state = {"a": (0, 1), "b": [2]}
    for i in range(n):
        a, b = state["a"]
        state = {"a": (b, a + b), "b": [i]}
    return state["a"][0] + 100 * state["b"][0]


def variable_read_after_the_loop(n):
    i = 50
    for i in range(n):  # noqa: B007
        pass
    return i


@pytest.mark.parametrize(
    "function",
    [
        collatz,
        total,
        downwards,
        breaks_and_continues,
        nested,
        finds,
        finds_in_two_loops,
        returns_from_an_endless_loop,
        first_iteration_in_python,
        loop_else,
        attributes_and_items,
        containers,
        variable_read_after_the_loop,
    ],
)
def test_a_loop_over_a_tensor_runs_as_often_as_in_python(function):
    staged, python = outcomes(function, COUNTS)
    assert jax.tree.map(int, staged) == python


def rows(x):
    s = 0
    for row in x:
        s = s * 2 + row[0] - row[1]
    return s


def numbered(x):
    s = 0
    for i, row in enumerate(x):
        s += i * row[0]
    return s


def numbered_from(x):
    s = 0
    for i, (a, b) in enumerate(x, start=3):
        s += i * a - b
    return s


def together(x):
    s = 0
    for row, number in zip(x, x[1:, 0]):
        s += row[1] * number
    return s


def numbered_together(x):
    s = 0
    for i, (row, (j, other)) in enumerate(zip(x, enumerate(x[:2], 5))):
        s += i * row[0] + j * other[1]
    return s


def with_a_range(x, n):
    s = 0
    for i, row in zip(range(n), x):
        s += (i + 1) * row[0]
    return s


def stops(x):
    s = 0
    for row in x:
        if row[0] > 3:
            break
        s += row[1]
    return s


def last_row(x):
    for row in x:
        last = row
    return last[1]


@pytest.mark.parametrize("function", [rows, numbered, numbered_from, together, numbered_together, stops, last_row])
def test_a_loop_over_a_tensor_goes_over_its_first_dimension(function):
    x = np.arange(8, dtype=np.int32).reshape(4, 2) + 1
    assert int(compiled(function)(x)) == int(function(x))


@pytest.mark.parametrize("n", [0, 2, 9])
def test_zip_ends_with_the_shortest(n):
    x = np.arange(8, dtype=np.int32).reshape(4, 2) + 1
    assert int(compiled(with_a_range)(x, n)) == int(with_a_range(x, n))


def test_zip_strict_wants_lengths_that_are_equal():
    def function(x, y):
        s = 0
        for a, b in zip(x, y, strict=True):
            s += a * b
        return s

    assert int(compiled(function)(np.arange(3), np.arange(3))) == 5
    with pytest.raises(InvalidArgumentError, match=r"equal lengths .*\[3, 2\]"):
        compiled(function)(np.arange(3), np.arange(2))


def test_zip_of_a_tensor_and_a_python_list_is_unrolled():
    def function(x):
        s = 0
        for scale, value in zip([1, 10], x):
            s += scale * value
        return s

    assert int(compiled(function)(np.arange(3))) == 10


def test_enumerate_outside_a_loop_is_pythons_iterator():
    def function(x):
        pairs = enumerate(x, 1)
        first = next(pairs)
        return first[0] * first[1] + sum(i * v for i, v in pairs)

    assert int(compiled(function)(np.arange(3) + 5)) == 5 + 12 + 21


def test_a_loop_over_no_rows_leaves_everything_as_it_was():
    def function(x):
        s = 3
        for row in x:
            s += row
            fresh = row  # noqa: F841
        return s

    assert int(compiled(function)(np.zeros(0, np.int32))) == 3


def test_gradients_flow_through_a_loop_over_rows():
    def function(x):
        s = 1.0
        for row in x:
            s = s * row
        return s

    x = jnp.array([2.0, 3.0, 4.0])
    np.testing.assert_allclose(jax.grad(convert(function, STAGING))(x), [12.0, 8.0, 6.0])


def test_a_loop_over_python_values_is_unrolled():
    seen = []

    def function(x):
        for i in range(3):
            seen.append(i)
            x = x + i
        return x

    assert int(compiled(function)(1)) == 4
    assert seen == [0, 1, 2]


def test_a_break_on_a_tensor_in_a_loop_over_python_values_is_refused_at_the_line():
    def function(x):
        for i in range(3):  # here
            if x > i:
                break
        return i

    with pytest.raises(UnimplementedError, match=r"iterate over a tensor instead, such as tf\.range") as caught:
        compiled(function)(1)
    assert last_line(caught.value) == "for i in range(3):  # here"


def test_a_variable_of_the_body_is_known_after_the_loop():
    def function(n):
        for i in range(n):
            y = i * 2
        return y

    FAILURES.clear()
    assert int(compiled(function)(3)) == 4
    jax.effects_barrier()
    assert FAILURES == []


@pytest.mark.parametrize("before", ["", "y = None"])
def test_a_loop_that_does_not_run_but_has_to_fails_when_the_program_runs(before):
    from tests.core.autograph.programs import define

    function = define(f"def f(n):\n    {before}\n    for i in range(n):\n        y = i\n    return y\n")
    FAILURES.clear()
    jax.block_until_ready(compiled(function)(0))
    jax.effects_barrier()
    assert FAILURES == ["the loop has to run at least once, because only its body assigns 'y', read afterwards"]


def test_a_return_value_needs_no_iteration():
    FAILURES.clear()
    assert int(compiled(finds)(0)) == -1
    jax.effects_barrier()
    assert FAILURES == []


def test_none_before_a_loop_that_reads_it_is_refused():
    def function(x):
        best = None
        for value in x:
            if best is None or value > best:
                best = value
        return best

    with pytest.raises(
        InvalidArgumentError, match="'best' may not be None before a loop over tensors whose body reads"
    ):
        compiled(function)(np.arange(3))


def test_reading_a_variable_without_value_in_a_loop_is_pythons_error_at_the_line():
    def function(n):
        while n > 0:
            z = z + 1  # noqa: F821  # here
            n -= 1
        return z

    with pytest.raises(UnboundLocalError, match="'z'") as caught:
        compiled(function)(3)
    assert "# here" in last_line(caught.value)


def test_a_variable_that_only_some_iterations_assign_is_refused():
    def function(n):
        for i in range(n):
            if i > 1:
                y = i
        return y

    with pytest.raises(InvalidArgumentError, match="'y' must also be assigned in the else branch"):
        compiled(function)(3)


def test_a_return_in_the_loop_only_is_refused():
    def function(n):
        for i in range(n):
            if i > 1:
                return i

    with pytest.raises(InvalidArgumentError, match="must also have a return statement"):
        compiled(function)(3)


def test_a_list_that_grows_by_appending_is_refused_by_name():
    def function(n):
        out = []
        for i in range(n):
            out.append(i)
        return jnp.stack(out)

    with pytest.raises(InvalidArgumentError, match=r"the list 'out' may not grow .*tf\.TensorArray") as caught:
        compiled(function)(3)
    assert last_line(caught.value) == "for i in range(n):"


def test_a_list_in_an_attribute_that_grows_is_refused_too():
    def function(n, holder):
        while n > 0:
            if n > 2:
                holder.value.append(n)
            n -= 1
        return n

    holder = Holder()
    holder.value = []
    with pytest.raises(InvalidArgumentError, match=r"'holder\.value' may not grow"):
        jax.jit(convert(lambda n: function(n, holder), STAGING))(3)


def test_a_list_made_in_the_body_may_grow():
    def function(n):
        s = 0
        for i in range(n):
            parts = []
            parts.append(i)
            parts.extend([1, i])
            s += sum(parts)
        return s

    assert int(compiled(function)(4)) == function(4)


def test_python_values_may_be_appended_while_tracing():
    log = []

    def function(n):
        while n > 0:
            log.append("traced")
            n -= 1
        return n

    compiled(function)(3)
    assert set(log) == {"traced"}


def test_a_list_that_grows_by_assignment_is_refused():
    def function(n):
        out = []
        for i in range(n):
            out = out + [i]
        return out

    with pytest.raises(InvalidArgumentError, match=r"'out' must keep its structure .*\[\] before the loop and \[\.\]"):
        compiled(function)(3)


def test_an_object_that_changes_is_refused():
    def function(n):
        mode = "a"
        while n > 0:
            mode = mode + "b"
            n -= 1
        return n if mode else 0

    with pytest.raises(InvalidArgumentError, match="'mode' must keep its structure"):
        compiled(function)(3)


def test_a_variable_that_is_none_after_an_iteration_is_refused():
    def function(n):
        y = 0
        while n > 0:
            y, n = None, n - 1
        return y

    with pytest.raises(InvalidArgumentError, match="'y' is None at the end of an iteration"):
        compiled(function)(3)


def test_a_variable_that_is_deleted_is_refused():
    def function(n):
        y = 0
        while n > 0:
            n -= 1 + y
            del y
        return y

    with pytest.raises(InvalidArgumentError, match="'y' may not be deleted"):
        compiled(function)(3)


def test_another_dtype_after_an_iteration_is_refused_by_name():
    def function(n):
        y = 0
        while n > 0:
            y = y + 0.5
            n -= 1
        return y

    with pytest.raises(TypeError, match="'y' is int32") as caught:
        compiled(function)(3)
    assert last_line(caught.value) == "while n > 0:"


def test_the_test_of_a_staged_loop_runs_once_for_python():
    calls = []

    def function(x):
        i = 0
        while calls.append(i) or i < 2:
            i += 1
        return x

    compiled(function)(1)
    assert calls == [0, 1, 2]


def record_options(function, *values):
    """Return the options with which the only ``while`` of a function is staged."""
    seen = []

    def recording(test, body, leaves, options):
        seen.append(options)
        return while_loop(test, body, leaves, options)

    jax.jit(convert(function, replace(STAGING, while_loop=recording)))(*values)
    return seen[0]


def test_options_reach_the_loop_by_the_variables_names():
    def function(n):
        x, pair = jnp.zeros(2), (jnp.zeros(1), jnp.zeros(3))
        while n > 0:
            set_loop_options(7, maximum_iterations=2, shape_invariants=[(x, "any"), (pair, ("one", "three"))])
            x, pair = x + 1, (pair[0] + 1, pair[1])
            n -= 1
        return x, pair

    options = record_options(function, 5)
    assert (options.parallel_iterations, options.maximum_iterations, options.swap_memory) == (7, 2, None)
    assert options.shape_invariants == {"x": "any", "pair[0]": "one", "pair[1]": "three"}


def test_a_shape_invariant_has_a_shape_for_each_part():
    def function(n):
        pair = (n, n)
        while n > 0:
            set_loop_options(shape_invariants=[(pair, ("one", "two", "three"))])
            pair = (n, pair[0])
            n -= 1
        return pair

    with pytest.raises(InvalidArgumentError, match="each of its 2 parts; received 3"):
        record_options(function, 5)


def test_maximum_iterations_ends_the_loop():
    def function(n):
        count = 0
        while n > 0:
            set_loop_options(maximum_iterations=2)
            n, count = n - 1, count + 1
        return count

    assert int(compiled(function)(5)) == 2
