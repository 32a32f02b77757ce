"""The loop whose number of iterations only the run tells, differentiable in every way and to any order.

``lax.while_loop`` has no derivative in reverse, because the states it would have to keep are of unknown number. Here
the loop is a primitive of its own, with a rule for each transformation that yields such loops again:

    forward     a loop over state and tangent together
    reverse     the loop runs again and keeps some states; then it is gone through backwards, state after state, each
                computed again from the nearest one kept
    batched     a loop over batched states; where the test is batched, finished rows stay as they are

The states kept are a fixed number of slots. When they are full, every other one is let go and the distance doubles.
Going backwards, a stretch between two of them is run again, and the slots that have become free keep states within it.
So reverse costs, beside the derivative itself, one run to fill the slots, and about one more up to ``slots ** 2 / 2``
iterations; beyond, a stretch is run again several times. Memory is bounded by the slots, whatever the count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from tenon.core import _jax_internals as internals

Arrays = Sequence[Any]

MOST_SLOTS: Final = 128
FEWEST_SLOTS: Final = 8
SLOT_BYTES: Final = 1 << 26
"""What the kept states may take together, as long as there are more than the fewest slots."""


def dynamic_while(test: Callable[[Arrays], Any], turn: Callable[[Arrays], Arrays], carry: Arrays) -> list[Any]:
    """Return the last of ``carry = turn(carry)`` while ``test(carry)`` holds.

    Args:
        test: takes a list of arrays; returns a bool scalar. It may use tracers from outside.
        turn: takes a list of arrays; returns arrays of the same shapes and dtypes. It may use tracers from outside.
        carry: the first arrays.

    Example:
        >>> [x.tolist() for x in dynamic_while(lambda c: c[0] < 9.0, lambda c: [c[0] * 2.0], [jnp.float32(1.0)])]
        [16.0]
    """
    loop, inputs, first = as_loop(test, turn, carry)
    return list(_LOOP.bind(*inputs, *first, loop=loop))


def as_loop(
    test: Callable[[Arrays], Any], turn: Callable[[Arrays], Arrays], carry: Arrays
) -> tuple[Loop, list[Any], list[Any]]:
    """Return test and body as a loop, its inputs, and the first carry."""
    first = [_strong(jnp.asarray(array)) for array in carry]
    tested, test_inputs = internals.traced(lambda *arrays: [test(arrays)], first, "while_cond")
    turned, turn_inputs = internals.traced(lambda *arrays: list(map(_strong, turn(arrays))), first, "while_body")
    return Loop(tested, turned, len(test_inputs), len(turn_inputs)), [*test_inputs, *turn_inputs], first


def _strong(array: Any) -> Any:
    return jax.lax.convert_element_type(array, array.dtype)


class Loop:
    """A test and a body: functions of ``(*inputs, *carry)``, where the inputs stay the same."""

    def __init__(
        self, test: internals.PureFunction, turn: internals.PureFunction, test_inputs: int, turn_inputs: int
    ) -> None:
        self._test, self._turn = test, turn
        self._split = test_inputs
        self.inputs = test_inputs + turn_inputs

    def test(self, inputs: Arrays, carry: Arrays) -> Any:
        """Tell whether there is another iteration."""
        return self._test(*inputs[: self._split], *carry)[0]

    def turn(self, inputs: Arrays, carry: Arrays) -> list[Any]:
        """Run one iteration."""
        return self._turn(*inputs[self._split :], *carry)

    @property
    def effects(self) -> Any:
        """What test and body do on the host."""
        return self._test.effects | self._turn.effects

    def silent(self) -> Loop:
        """Return the loop without what it does on the host only for its effect: derivatives run it again."""
        if not self.effects:
            return self
        return Loop(self._test.silent(), self._turn.silent(), self._split, self.inputs - self._split)

    def __tf_with_sizes__(self, of: Callable[[Any], Any]) -> Loop:
        """Return the loop for sizes that are numbers."""
        test, turn = self._test.with_jaxpr(of), self._turn.with_jaxpr(of)
        same = test is self._test and turn is self._turn
        return self if same else Loop(test, turn, self._split, self.inputs - self._split)

    def is_batched(self, batched: Sequence[bool]) -> tuple[bool, list[bool]]:
        """Tell whether the test, and which of the carry, depend on batched inputs and carry."""
        given, carry = list(batched[: self.inputs]), list(batched[self.inputs :])
        while True:
            after = self._turn.depends([*given[self._split :], *carry])
            joined = [a or b for a, b in zip(carry, after, strict=True)]
            if joined == carry:
                break
            carry = joined
        (test,) = self._test.depends([*given[: self._split], *carry])
        return test, [test or one for one in carry]


def _run(*values: Any, loop: Loop) -> list[Any]:
    inputs, carry = values[: loop.inputs], list(values[loop.inputs :])
    return jax.lax.while_loop(lambda now: loop.test(inputs, now), lambda now: loop.turn(inputs, now), carry)


def _loop_jvp(primals: Arrays, tangents: Arrays, *, loop: Loop) -> tuple[list[Any], list[Any]]:
    outputs = _LOOP.bind(*primals, loop=loop)
    live = tuple([_inexact(p) and not isinstance(t, ad.Zero) for p, t in zip(primals, tangents, strict=True)])
    given = [tangent for tangent, is_live in zip(tangents, live, strict=True) if is_live]
    found = iter(_TANGENT.bind(*primals, *given, loop=loop.silent(), live=live))
    return outputs, [next(found) if _inexact(output) else _no_tangent(output) for output in outputs]


def _tangent(*values: Any, loop: Loop, live: tuple[bool, ...]) -> list[Any]:
    """Return the tangents of the inexact part of the carry: a loop over carry and tangents together."""
    primals, given = values[: len(live)], iter(values[len(live) :])
    tangents = [next(given) if is_live else None for is_live in live]
    inputs, carry = primals[: loop.inputs], primals[loop.inputs :]
    moving = [place for place, array in enumerate(carry) if _inexact(array)]
    starts = [tangents[loop.inputs + place] for place in moving]
    starts = [jnp.zeros_like(carry[p]) if s is None else s for p, s in zip(moving, starts, strict=True)]
    fixed = [place for place in range(loop.inputs) if live[place]]

    def turn(state: Arrays) -> list[Any]:
        now, moved = list(state[: len(carry)]), state[len(carry) :]
        step = partial(_differentiable, loop, inputs, now, fixed, moving)
        given = [inputs[place] for place in fixed], [now[place] for place in moving]
        _, pushed, rest = jax.jvp(step, given, ([tangents[place] for place in fixed], list(moved)), has_aux=True)
        return [*rest, *pushed]

    return dynamic_while(lambda state: loop.test(inputs, state[: len(carry)]), turn, [*carry, *starts])[len(carry) :]


def _differentiable(
    loop: Loop, inputs: Arrays, carry: Arrays, fixed: Sequence[int], moving: Sequence[int], given: Arrays, moved: Arrays
) -> tuple[list[Any], list[Any]]:
    """Run one iteration as a function of what derivatives are taken of; the whole new carry comes beside."""
    inputs, carry = _replaced(inputs, fixed, given), _replaced(carry, moving, moved)
    after = loop.turn(inputs, carry)
    return [after[place] for place in moving], after


def _replaced(values: Arrays, places: Sequence[int], others: Arrays) -> list[Any]:
    found = list(values)
    for place, other in zip(places, others, strict=True):
        found[place] = other
    return found


def _tangent_jvp(primals: Arrays, tangents: Arrays, **params: Any) -> tuple[list[Any], list[Any]]:
    whole = [ad.instantiate_zeros(tangent) for tangent in tangents]
    outputs, found = jax.jvp(partial(_tangent, **params), tuple(primals), tuple(whole))
    return outputs, found


def _tangent_transpose(cotangents: Arrays, *values: Any, loop: Loop, live: tuple[bool, ...]) -> list[Any]:
    primals = values[: len(live)]
    whole = [ad.instantiate_zeros(cotangent) for cotangent in cotangents]
    inputs, carry = primals[: loop.inputs], primals[loop.inputs :]
    found = reverse(loop, live, inputs, carry, whole, slots_for(carry))
    return [None] * len(live) + [gradient for gradient, is_live in zip(found, live, strict=True) if is_live]


def reverse(
    loop: Loop, live: Sequence[bool], inputs: Arrays, carry: Arrays, cotangents: Arrays, slots: int
) -> list[Any | None]:
    """Return the cotangents of inputs and first carry; ``None`` for those that have none.

    Args:
        loop: the loop.
        live: which of inputs and carry derivatives are wanted of.
        inputs: what stays the same.
        carry: the first carry.
        cotangents: those of the inexact part of the last carry.
        slots: how many states are kept, an even number.
    """
    moving = [place for place, array in enumerate(carry) if _inexact(array)]
    fixed = [place for place in range(loop.inputs) if live[place]]

    def pull(state: Arrays, gradients: Arrays) -> list[Any]:
        """Take the gradients of the carry after an iteration and the sums so far of the inputs' one step back."""
        step = partial(_differentiable, loop, inputs, state, fixed, moving)
        given = [inputs[place] for place in fixed], [state[place] for place in moving]
        _, back, _ = jax.vjp(step, *given, has_aux=True)
        of_inputs, of_carry = back(list(gradients[: len(moving)]))
        sums = [total + new for total, new in zip(gradients[len(moving) :], of_inputs, strict=True)]
        return [*of_carry, *sums]

    zeros = [jnp.zeros_like(inputs[place]) for place in fixed]
    found = _backwards(loop, inputs, carry, slots, pull, [*cotangents, *zeros])
    gradients: list[Any | None] = [None] * (len(inputs) + len(carry))
    for place, gradient in zip([*[len(inputs) + p for p in moving], *fixed], found, strict=True):
        gradients[place] = gradient
    return gradients


def _backwards(
    loop: Loop, inputs: Arrays, carry: Arrays, slots: int, pull: Callable[[Arrays, Arrays], list[Any]], start: Arrays
) -> list[Any]:
    """Return the gradients after ``gradients = pull(state, gradients)`` for each state of the loop, the last first.

    The kept states are a stack. A state that is not on it is reached from the top by iterations, which put states
    between on the stack as far as there is room. Each turn of this loop is one iteration, or one pull.
    """
    size = len(carry)
    count, stride, buffers = _checkpoints(loop, inputs, carry, slots)
    kept = (count + stride - 1) // stride
    numbers = jnp.arange(slots + 1, dtype=jnp.int32) * stride

    def turn(state: Arrays) -> list[Any]:
        wanted, kept, gap, number, numbers, *rest = state
        now, buffers, gradients = rest[:size], rest[size : 2 * size], rest[2 * size :]
        is_there = number == wanted
        is_kept = ~is_there & (number - _slot(numbers, kept - 1) == gap) & (kept < slots)
        place = jnp.where(is_kept, kept, slots)
        numbers = jax.lax.dynamic_update_index_in_dim(numbers, number, place, 0)
        buffers = _stored(buffers, now, place)
        kept = kept + is_kept
        moved, gradients = jax.lax.cond(
            is_there,
            lambda: (list(now), pull(now, gradients)),
            lambda: (loop.turn(inputs, now), list(gradients)),
        )
        kept = kept - (is_there & (_slot(numbers, kept - 1) == wanted))
        wanted = wanted - is_there
        top = jnp.maximum(kept - 1, 0)
        near = [_slot(buffer, top) for buffer in buffers]
        number = jnp.where(is_there, _slot(numbers, top), number + 1)
        room = slots - kept + 1
        gap = jnp.where(is_there, jnp.maximum((wanted - number + room - 1) // room, 1), gap)
        now = [jnp.where(is_there, back, on) for back, on in zip(near, moved, strict=True)]
        return [wanted, kept, gap, number, numbers, *now, *buffers, *gradients]

    top = jnp.maximum(kept - 1, 0)
    number, wanted = _slot(numbers, top), count - 1
    room = slots - kept + 1
    gap = jnp.maximum((wanted - number + room - 1) // room, 1)
    now = [_slot(buffer, top) for buffer in buffers]
    first = [wanted, kept, gap, number, numbers, *now, *buffers, *start]
    return dynamic_while(lambda state: state[0] >= 0, turn, first)[5 + 2 * size :]


def _checkpoints(loop: Loop, inputs: Arrays, carry: Arrays, slots: int) -> tuple[Any, Any, list[Any]]:
    """Run the loop and keep the carry before every ``stride``-th iteration.

    Returns:
        The number of iterations, the stride, and for each array of the carry a buffer with a row for each slot.
    """
    size = len(carry)

    def fill(state: Arrays) -> list[Any]:
        count, stride = state[0], jnp.where(state[0] > 0, state[1] * 2, state[1])
        rows = jnp.arange(slots + 1) * jnp.where(state[0] > 0, 2, 1) % (slots + 1)
        kept = [buffer[rows] for buffer in state[2 + size :]]

        def step(inner: Arrays) -> list[Any]:
            number, now = inner[0], inner[1 : 1 + size]
            place = jnp.where(number % stride == 0, number // stride, slots)
            return [number + 1, *loop.turn(inputs, now), *_stored(inner[1 + size :], now, place)]

        def goes_on(inner: Arrays) -> Any:
            return (inner[0] < slots * stride) & loop.test(inputs, inner[1 : 1 + size])

        number, *rest = dynamic_while(goes_on, step, [count, *state[2 : 2 + size], *kept])
        return [number, stride, *rest]

    def more(state: Arrays) -> Any:
        return loop.test(inputs, state[2 : 2 + size])

    count, stride, *rest = dynamic_while(more, fill, [jnp.int32(0), jnp.int32(1), *carry, *_buffers(carry, slots)])
    return count, stride, rest[size:]


def slots_for(carry: Arrays) -> int:
    """Return how many states of the size of ``carry`` are kept."""
    size = sum([int(np.prod(array.shape)) * int(array.dtype.itemsize) for array in carry])
    return max(FEWEST_SLOTS, min(MOST_SLOTS, SLOT_BYTES // max(size, 1)) // 2 * 2)


def _buffers(carry: Arrays, slots: int) -> list[Any]:
    """Return a buffer for each array, with one row more than slots: what is not kept is written there."""
    return [jnp.zeros((slots + 1, *array.shape), array.dtype) for array in carry]


def _stored(buffers: Arrays, carry: Arrays, place: Any) -> list[Any]:
    pairs = zip(buffers, carry, strict=True)
    return [jax.lax.dynamic_update_index_in_dim(buffer, array, place, 0) for buffer, array in pairs]


def _slot(buffer: Any, place: Any) -> Any:
    return jax.lax.dynamic_index_in_dim(buffer, place, keepdims=False)


def _loop_batched(values: Arrays, axes: Sequence[int | None], *, loop: Loop) -> tuple[list[Any], list[int | None]]:
    batched = [axis is not None for axis in axes]
    size = next(value.shape[axis] for value, axis in zip(values, axes, strict=True) if axis is not None)
    values = [v if axis is None else jnp.moveaxis(v, axis, 0) for v, axis in zip(values, axes, strict=True)]
    test_batched, carry_batched = loop.is_batched(batched)
    inputs, carry = values[: loop.inputs], values[loop.inputs :]
    input_axes = [0 if one else None for one in batched[: loop.inputs]]
    carry_axes = [0 if one else None for one in carry_batched]
    whole = zip(carry, batched[loop.inputs :], carry_batched, strict=True)
    carry = [
        jnp.broadcast_to(array, (size, *array.shape)) if wanted and not is_batched else array
        for array, is_batched, wanted in whole
    ]
    test = jax.vmap(loop.test, (input_axes, carry_axes), 0 if test_batched else None)
    turn = jax.vmap(loop.turn, (input_axes, carry_axes), carry_axes)

    def turn_rows(now: Arrays) -> list[Any]:
        after = turn(inputs, list(now))
        if not test_batched:
            return after
        goes_on = test(inputs, list(now))
        return [_where_row(goes_on, new, old) for old, new in zip(now, after, strict=True)]

    outputs = dynamic_while(lambda now: test(inputs, list(now)).any(), turn_rows, carry)
    return outputs, carry_axes


def _where_row(goes_on: Any, new: Any, old: Any) -> Any:
    return jnp.where(goes_on.reshape(-1, *[1] * (old.ndim - 1)), new, old)


def _tangent_batched(values: Arrays, axes: Sequence[int | None], **params: Any) -> tuple[list[Any], list[int]]:
    outputs = jax.vmap(partial(_tangent, **params), tuple(axes))(*values)
    return outputs, [0] * len(outputs)


def _no_tangent(array: Any) -> ad.Zero:
    return ad.Zero(jax.typeof(array).to_tangent_aval())


def _inexact(array: Any) -> bool:
    return bool(jnp.issubdtype(array.dtype, jnp.inexact))


def _loop_shapes(*avals: Any, loop: Loop) -> tuple[list[Any], Any]:
    return list(avals[loop.inputs :]), loop.effects


def _tangent_shapes(*avals: Any, loop: Loop, live: tuple[bool, ...]) -> list[Any]:
    return [aval for aval in avals[loop.inputs : len(live)] if _inexact(aval)]


_LOOP: Final = Primitive("tenon_while")
_LOOP.multiple_results = True
_LOOP.def_impl(lambda *values, loop: jax.jit(partial(_run, loop=loop))(*values))
_LOOP.def_effectful_abstract_eval(_loop_shapes)
mlir.register_lowering(_LOOP, mlir.lower_fun(_run, multiple_results=True))
ad.primitive_jvps[_LOOP] = _loop_jvp
batching.primitive_batchers[_LOOP] = _loop_batched

_TANGENT: Final = Primitive("tenon_while_tangent")
_TANGENT.multiple_results = True
_TANGENT.def_impl(lambda *values, **params: jax.jit(partial(_tangent, **params))(*values))
_TANGENT.def_abstract_eval(_tangent_shapes)
mlir.register_lowering(_TANGENT, mlir.lower_fun(_tangent, multiple_results=True))
ad.primitive_jvps[_TANGENT] = _tangent_jvp
ad.primitive_transposes[_TANGENT] = _tangent_transpose
batching.primitive_batchers[_TANGENT] = _tangent_batched
