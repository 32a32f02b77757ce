"""Derivatives of what was recorded: backward (vector-Jacobian) and forward (Jacobian-vector) over the nodes.

The nodes that connect sources and targets are written as a small program: which kernel runs on which slots. Programs
that are equal share one compiled kernel, so that a training loop compiles its derivative once. The kernel takes the
recorded arrays, therefore nothing is computed twice except what a derivative itself needs; and since it is a kernel
like any other, an outer recorder records it: derivatives nest to any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tenon.core.recording._kernels import Kernel, is_differentiable, kernel, run
from tenon.core.recording._recorder import Node
from tenon.core.recording._saving import Saving

Arrays = Sequence[Any]


class Step(NamedTuple):
    """One node in terms of slots: what runs, which slots it reads, which of those are live, which it writes.

    ``saved`` is what the kernel saved, where that is enough for the gradient.
    """

    kernel: Kernel
    inputs: tuple[int, ...]
    live: tuple[int, ...]
    outputs: tuple[int, ...]
    saved: Saving | None = None

    @property
    def reads(self) -> tuple[int, ...]:
        """The slots that its gradient needs."""
        return self.inputs if self.saved is None else (*self.inputs, *self.outputs)


class Slots:
    """Numbers for arrays, in the order in which they were first asked for."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self.arrays: list[Any] = []

    def number(self, array: Any) -> int:
        """Return the slot of an array; a new one at its first time."""
        found = self._numbers.setdefault(id(array), len(self.arrays))
        if found == len(self.arrays):
            self.arrays.append(array)
        return found


def connecting(nodes: Sequence[Node], sources: Arrays, targets: Arrays) -> list[Node]:
    """Return the nodes through which a target depends on a source, in their order.

    Example:
        >>> connecting([], [jnp.ones(2)], [jnp.ones(2)])
        []
    """
    live = {id(source) for source in sources}
    reached = []
    for node in nodes:
        if any([id(value) in live for value in node.inputs]):
            reached.append(node)
            live.update([id(value) for value in node.outputs if is_differentiable(value)])
    needed = {id(target) for target in targets}
    kept = []
    for node in reversed(reached):
        if any([id(value) in needed for value in node.outputs]):
            kept.append(node)
            needed.update([id(value) for value in node.inputs if id(value) in live])
    return kept[::-1]


def backward(
    nodes: Sequence[Node],
    targets: Arrays,
    sources: Arrays,
    output_gradients: Sequence[Any | None],
    batched: bool = False,
) -> list[Any | None]:
    """Return the gradient of the targets' sum with respect to each source; ``None`` where nothing connects them.

    Complex gradients follow TensorFlow, which gives the conjugate of JAX's.

    Args:
        nodes: what was recorded.
        targets: arrays of floating point or complex numbers.
        sources: arrays.
        output_gradients: what to start from, of each target's shape; ``None`` for ones.
        batched: the output gradients have a new first dimension, along which everything is done at once (a Jacobian
            starts from every unit vector); the results have it too.
    """
    gradients: dict[int, Any] = {}
    for target, given in zip(targets, output_gradients, strict=True):
        _add(gradients, id(target), np.ones(target.shape, target.dtype) if given is None else _conjugate(given))
    kept = connecting(nodes, sources, targets)
    wanted = {id(source) for source in sources}
    live = wanted | {id(value) for node in kept for value in node.outputs if is_differentiable(value)}
    for segment in _segments_from_last(kept):
        pull = _pull_kernels if segment[0].kernel is not None else _pull_opaque
        pull(segment, gradients, live, wanted, batched)
    return [_conjugate(gradients.get(id(source))) for source in sources]


def _conjugate(value: Any) -> Any:
    return value if value is None or value.dtype.kind != "c" else jnp.conj(value)


def _add(gradients: dict[int, Any], key: int, value: Any) -> None:
    known = gradients.get(key)
    gradients[key] = value if known is None else run(_ADD, (known, value))


_ADD = kernel(jnp.add)


def _segments_from_last(nodes: Sequence[Node]) -> Iterator[list[Node]]:
    """Split the nodes at those that are opaque, which stand alone; the last segment comes first."""
    segment: list[Node] = []
    for node in reversed(nodes):
        if node.kernel is not None:
            segment.append(node)
            continue
        if segment:
            yield segment[::-1]
        yield [node]
        segment = []
    if segment:
        yield segment[::-1]


def _pull_opaque(
    segment: Sequence[Node], gradients: dict[int, Any], live: set[int], _wanted: set[int], batched: bool
) -> None:
    (node,) = segment
    assert node.pullback is not None
    pullback = jax.vmap(node.pullback) if batched else node.pullback
    given = [gradients.get(id(output)) for output in node.outputs]
    if all(value is None for value in given):
        return
    for value, gradient in zip(node.inputs, pullback(*map(_conjugate, given)), strict=True):
        if gradient is not None and id(value) in live:
            _add(gradients, id(value), _conjugate(gradient))


def _pull_kernels(
    segment: Sequence[Node], gradients: dict[int, Any], live: set[int], wanted: set[int], batched: bool
) -> None:
    slots = Slots()
    steps = [_step(node, slots, live) for node in segment]
    produced = {slot for step in steps for slot in step.outputs}
    known = tuple([slot for slot in sorted(produced) if id(slots.arrays[slot]) in gradients])
    program = _with_gradient(steps, known)
    reached = dict.fromkeys([step.inputs[place] for step in program for place in step.live])
    asked = tuple([slot for slot in reached if slot not in produced])
    kept = tuple([slot for slot in reached if slot in produced and id(slots.arrays[slot]) in wanted])
    used = tuple(dict.fromkeys([slot for step in program for slot in step.reads]))
    pull = _backward_kernel(tuple(program), used, known, (*asked, *kept), batched)
    results = run(pull, [slots.arrays[slot] for slot in used] + [gradients[id(slots.arrays[slot])] for slot in known])
    for slot, gradient in zip(asked, results, strict=False):
        _add(gradients, id(slots.arrays[slot]), gradient)
    gradients.update({id(slots.arrays[slot]): result for slot, result in zip(kept, results[len(asked) :], strict=True)})


def _step(node: Node, slots: Slots, live: set[int]) -> Step:
    assert node.kernel is not None
    return Step(
        node.kernel,
        tuple([slots.number(value) for value in node.inputs]),
        tuple([place for place, value in enumerate(node.inputs) if id(value) in live]),
        tuple([slots.number(value) for value in node.outputs]),
    )


def _with_gradient(steps: Sequence[Step], known: Sequence[int]) -> list[Step]:
    """Return the steps of whose outputs at least one has a gradient."""
    have, kept = set(known), []
    for step in reversed(steps):
        live = _reached(step, have)
        if live:
            kept.append(step._replace(live=live, saved=_saved(step, have)))
            have.update([step.inputs[place] for place in live])
    return kept[::-1]


def _reached(step: Step, have: set[int]) -> tuple[int, ...]:
    """Return the live places that get a gradient from the outputs that have one."""
    if have.isdisjoint(step.outputs):
        return ()
    dependence = step.kernel.dependence
    with_gradient = [place for place, slot in enumerate(step.outputs) if slot in have]
    if dependence is None or with_gradient[-1] >= len(dependence):
        return step.live
    reached = frozenset().union(*[dependence[place] for place in with_gradient])
    return tuple([place for place in step.live if place in reached])


def _saved(step: Step, have: set[int]) -> Saving | None:
    """Return what the step's kernel saved, if that is what is needed and no residual has a gradient of its own."""
    saving: Saving | None = step.kernel.saving
    if saving is None or not set(step.live) <= set(saving.places):
        return None
    return saving if have.isdisjoint(step.outputs[saving.results :]) else None


@lru_cache(maxsize=1 << 10)
def _backward_kernel(
    steps: tuple[Step, ...], used: tuple[int, ...], known: tuple[int, ...], asked: tuple[int, ...], batched: bool
) -> Kernel:
    function = partial(_backward, steps, used, known, asked)
    axes = (*[None] * len(used), *[0] * len(known))
    return Kernel(jax.vmap(function, in_axes=axes) if batched else function, "backward")


def _backward(
    steps: Sequence[Step], used: Sequence[int], known: Sequence[int], asked: Sequence[int], *values: Any
) -> tuple[Any, ...]:
    arrays = dict(zip(used, values, strict=False))
    gradients = dict(zip(known, values[len(used) :], strict=True))
    for step in reversed(steps):
        for place, gradient in _pulled(step, arrays, gradients):
            slot = step.inputs[place]
            gradients[slot] = gradients[slot] + gradient if slot in gradients else gradient
    return tuple([gradients[slot] for slot in asked])


def _pulled(step: Step, arrays: dict[int, Any], gradients: dict[int, Any]) -> Iterator[tuple[int, Any]]:
    """Return the gradients of the live inputs of a step by their places."""
    if step.saved is not None:
        inputs, outputs = [arrays[slot] for slot in step.inputs], [arrays[slot] for slot in step.outputs]
        given = [gradients.get(slot) for slot in step.outputs[: step.saved.results]]
        found = step.saved.pull(inputs, outputs, given)
        return iter([(place, found[place]) for place in step.live])
    results, pull = jax.vjp(*_restricted(step, arrays))
    given = [gradients.get(slot) for slot in step.outputs]
    return zip(step.live, pull(_cotangents(results, given)), strict=True)


def _restricted(step: Step, arrays: dict[int, Any]) -> tuple[Any, ...]:
    """Return the step's function of its live inputs alone, and those inputs."""
    inputs = [arrays[slot] for slot in step.inputs]

    def function(*live: Any) -> Any:
        for place, value in zip(step.live, live, strict=True):
            inputs[place] = value
        return step.kernel.function(*inputs)

    return function, *[inputs[place] for place in step.live]


def _cotangents(outputs: Any, given: Sequence[Any | None]) -> Any:
    leaves, tree = jax.tree.flatten(outputs)
    return jax.tree.unflatten(tree, [_cotangent(*pair) for pair in zip(leaves, given, strict=True)])


def _cotangent(output: Any, given: Any | None) -> Any:
    if not is_differentiable(output):
        return np.zeros(output.shape, jax.dtypes.float0)
    return jnp.zeros_like(output) if given is None else jnp.asarray(given, output.dtype)


def forward(nodes: Sequence[Node], sources: Arrays, tangents: Arrays, targets: Arrays) -> list[Any | None]:
    """Return the tangent of each target where the sources have ``tangents``; ``None`` where nothing connects them.

    Args:
        nodes: what was recorded.
        sources: arrays.
        tangents: arrays of the sources' shapes and dtypes.
        targets: arrays.
    """
    known: dict[int, Any] = {}
    for source, tangent in zip(sources, tangents, strict=True):
        _add(known, id(source), tangent)
    for segment in reversed(list(_segments_from_last(connecting(nodes, sources, targets)))):
        push = _push_kernels if segment[0].kernel is not None else _push_opaque
        push(segment, known)
    return [known.get(id(target)) for target in targets]


def _push_kernels(segment: Sequence[Node], tangents: dict[int, Any]) -> None:
    slots = Slots()
    live = set(tangents) | {id(value) for node in segment for value in node.outputs if is_differentiable(value)}
    steps = tuple([_step(node, slots, live) for node in segment])
    used = tuple(dict.fromkeys([slot for step in steps for slot in step.inputs]))
    known = tuple([slot for slot in used if id(slots.arrays[slot]) in tangents])
    asked = tuple([slot for step in steps for slot in step.outputs if is_differentiable(slots.arrays[slot])])
    push = _forward_kernel(steps, used, known, asked)
    results = run(push, [slots.arrays[slot] for slot in used] + [tangents[id(slots.arrays[slot])] for slot in known])
    tangents.update({id(slots.arrays[slot]): result for slot, result in zip(asked, results, strict=True)})


@lru_cache(maxsize=1 << 10)
def _forward_kernel(
    steps: tuple[Step, ...], used: tuple[int, ...], known: tuple[int, ...], asked: tuple[int, ...]
) -> Kernel:
    return Kernel(partial(_forward, steps, used, known, asked), "forward")


def _forward(
    steps: Sequence[Step], used: Sequence[int], known: Sequence[int], asked: Sequence[int], *values: Any
) -> tuple[Any, ...]:
    arrays = dict(zip(used, values, strict=False))
    tangents = dict(zip(known, values[len(used) :], strict=True))
    for step in steps:
        function, *primals = _restricted(step, arrays)
        given = [tangents.get(step.inputs[place]) for place in step.live]
        starts = [
            jnp.zeros_like(primal) if start is None else start for primal, start in zip(primals, given, strict=True)
        ]
        _, results = jax.jvp(function, primals, starts)
        tangents.update(zip(step.outputs, jax.tree.leaves(results), strict=True))
    return tuple([tangents[slot] for slot in asked])


def _push_opaque(segment: Sequence[Node], tangents: dict[int, Any]) -> None:
    """Push through a call of which only the pullback is known: a linear function, whose transpose is the push."""
    (node,) = segment
    assert node.pullback is not None
    pullback = node.pullback

    def pull(*gradients: Any) -> list[Any]:
        found = pullback(*gradients)
        return [
            jnp.zeros_like(value) if gradient is None else gradient
            for value, gradient in zip(node.inputs, found, strict=True)
        ]

    push = jax.linear_transpose(pull, *node.outputs)
    given = [tangents.get(id(value)) for value in node.inputs]
    starts = [
        jnp.zeros_like(value) if start is None else start for value, start in zip(node.inputs, given, strict=True)
    ]
    tangents.update(zip(map(id, node.outputs), push(starts), strict=True))
