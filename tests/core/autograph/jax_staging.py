"""A small, real ``Staging``: raw JAX arrays inside ``jax.jit``; variables are loop carries."""

from __future__ import annotations

import operator
import traceback

import jax
import jax.numpy as jnp
import numpy as np

from tenon.core.autograph import Staging, convert


class Range:
    """A range whose limits are traced."""

    def __init__(self, *limits):
        start, stop, step = {1: (0, *limits, 1), 2: (*limits, 1), 3: limits}[len(limits)]
        self.start, self.stop, self.step = start, stop, step

    def __len__(self):
        raise TypeError("known when it runs")


def is_staged(value):
    return isinstance(value, (jax.core.Tracer, Range)) or (isinstance(value, jax.Array) and is_tracing())


def is_tracing():
    return isinstance(jnp.zeros(()), jax.core.Tracer)


def flatten(value):
    pairs, structure = jax.tree_util.tree_flatten_with_path(value)
    return [(jax.tree_util.keystr(path), leaf) for path, leaf in pairs], structure


def tensors(leaves):
    return {name: jnp.asarray(leaf) for name, leaf in leaves.items()}


def check_same(before, after, where):
    for name, leaf in before.items():
        if leaf.dtype != after[name].dtype or leaf.shape != after[name].shape:
            raise TypeError(f"{name!r} is {leaf.dtype}{leaf.shape}, but {after[name].dtype}{after[name].shape} {where}")


def bool_scalar(value):
    value = jnp.asarray(value)
    if value.dtype != bool or value.shape != ():
        raise ValueError(f"the condition must be a bool scalar; received {value.dtype}{value.shape}")
    return value


def cond(condition, true_fn, false_fn):
    results = []

    def run(function):
        results.append(tensors(function()))
        if len(results) == 2:
            check_same(*results, "in the else branch")
        return results[-1]

    return jax.lax.cond(bool_scalar(condition), lambda: run(true_fn), lambda: run(false_fn))


def while_loop(test, body, leaves, options):
    start = tensors(leaves)

    def step(state):
        count, now = state
        after = tensors(body(now))
        check_same(now, after, "after an iteration")
        return count + 1, after

    def goes_on(state):
        more = bool_scalar(test(state[1]))
        return more if options.maximum_iterations is None else more & (state[0] < options.maximum_iterations)

    return jax.lax.while_loop(goes_on, step, (0, start))[1]


def for_loop(iterables, body, leaves, extra_test, options):
    if not any(isinstance(iterable, Range) for iterable in iterables) and extra_test is None:
        length = min(len(iterable) for iterable in iterables)

        def step(now, items):
            after = tensors(body(items, now))
            check_same(now, after, "after an iteration")
            return after, None

        return jax.lax.scan(step, tensors(leaves), tuple(iterable[:length] for iterable in iterables))[0]
    position = "<position>"

    def test(now):
        inside = jnp.all(jnp.stack([has_item(iterable, now[position]) for iterable in iterables]))
        return inside if extra_test is None else inside & extra_test(now)

    def advance(now):
        items = [item_at(iterable, now[position]) for iterable in iterables]
        rest = {name: leaf for name, leaf in now.items() if name != position}
        return body(items, rest) | {position: now[position] + 1}

    result = while_loop(test, advance, leaves | {position: 0}, options)
    return {name: leaf for name, leaf in result.items() if name != position}


def has_item(iterable, index):
    if not isinstance(iterable, Range):
        return index < len(iterable)
    item = item_at(iterable, index)
    return jnp.where(jnp.asarray(iterable.step) > 0, item < iterable.stop, item > iterable.stop)


def item_at(iterable, index):
    return iterable.start + index * iterable.step if isinstance(iterable, Range) else iterable[index]


def peek(iterable):
    if isinstance(iterable, Range):
        return jnp.zeros((), jnp.int32), None
    return jnp.zeros(iterable.shape[1:], iterable.dtype), len(iterable)


def probe(function):
    if not is_tracing():
        return function()
    found = []
    jax.eval_shape(lambda: found.append(function()))
    return found[0]


def zeros_like(leaf):
    return jnp.zeros(np.shape(leaf), leaf.dtype if hasattr(leaf, "dtype") else jnp.asarray(leaf).dtype)


FAILURES: list[str] = []
"""Messages of assertions that did not hold when something ran."""


def assert_true(condition, message):
    jax.debug.callback(lambda held: None if held else FAILURES.append(str(message)), condition, ordered=False)


STAGING = Staging(
    is_staged=is_staged,
    flatten=flatten,
    cond=cond,
    while_loop=while_loop,
    for_loop=for_loop,
    peek=peek,
    probe=probe,
    zeros_like=zeros_like,
    assert_true=assert_true,
    overloads={
        operator.not_: jnp.logical_not,
        len: lambda value: value.shape[0],
        int: lambda value: value.astype(jnp.int32),
        float: lambda value: value.astype(jnp.float32),
        range: Range,
        max: lambda *values: jnp.max(jnp.stack(jnp.broadcast_arrays(*values)) if len(values) > 1 else values[0]),
        min: lambda *values: jnp.min(jnp.stack(jnp.broadcast_arrays(*values)) if len(values) > 1 else values[0]),
    },
)


def compiled(function):
    """Return ``function`` converted and compiled."""
    return jax.jit(convert(function, STAGING))


def outcomes(function, inputs):
    """Return what the compiled function computes and what Python computes, for arguments that are tuples of numbers."""
    staged = compiled(function)
    return [jax.tree.map(np.asarray, staged(*values)) for values in inputs], [function(*values) for values in inputs]


def last_line(error: BaseException) -> str:
    """Return the line that a traceback ends with."""
    return traceback.extract_tb(error.__traceback__)[-1].line
