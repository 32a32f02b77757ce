"""What converted code asks of the tensors that it meets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Leaves = dict[str, Any]
"""What crosses staged control flow: leaves by the names that the user knows them by."""


class Structure(Protocol):
    """The shape of a nested value without its leaves; two compare equal when the same leaves fit into both.

    ``jax.tree_util.PyTreeDef`` is one.
    """

    def unflatten(self, leaves: Sequence[Any], /) -> Any:
        """Put ``leaves`` back into the nested value."""


@dataclass(frozen=True)
class LoopOptions:
    """What ``set_loop_options`` said about a loop.

    Attributes:
        parallel_iterations: how many iterations may run at once, or None.
        swap_memory: whether values needed for gradients may move to the host, or None.
        maximum_iterations: the loop ends after so many iterations, whatever its test says, or None.
        shape_invariants: the shape that a loop variable keeps, by its name; others keep the shape they start with.
    """

    parallel_iterations: int | None = None
    swap_memory: bool | None = None
    maximum_iterations: Any = None
    shape_invariants: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Staging:
    """The operations on tensors that converted code needs; everything it knows about tensors.

    The values that cross ``cond``, ``while_loop`` and ``for_loop`` are flat dictionaries: names as the user wrote them
    (``"x"``, ``"state[0]"``), leaves that are tensors, numbers of Python or arrays of NumPy. Numbers become tensors
    there. An implementation compares dtypes and shapes and names the culprit by its key; nested structures, variables
    that are not defined, ``None`` and objects that are no tensors are dealt with before.

    Functions that are passed may be called more than once, but only inside the call they are passed to, and ``cond``
    calls both.

    Attributes:
        is_staged: ``(value) -> bool``: control flow that depends on the value has to be staged: while a function is
            traced, any tensor, also one that has a value, and a range or a data set. Otherwise nothing.
        flatten: ``(value) -> (leaves, structure)``: take a nested value apart. Each leaf comes with its place as Python
            would write it behind the variable's name: ``""``, ``"[0]"``, ``"['a'].b"``.
        cond: ``(condition, true_fn, false_fn) -> dict``: run one of two functions that return leaves with the same
            names. ``condition`` is staged; the implementation checks that it is a bool scalar.
        while_loop: ``(test, body, leaves, options) -> dict``: while ``test(leaves)`` holds, ``leaves = body(leaves)``.
        for_loop: ``(iterables, body, leaves, extra_test, options) -> dict``: for the items of staged iterables that
            advance together until the shortest ends, ``leaves = body(items, leaves)``; before each iteration, the loop
            ends if ``extra_test`` is given and ``extra_test(leaves)`` does not hold.
        peek: ``(iterable) -> (item, length)``: something like the items of a staged iterable, and how many there are,
            None if only the run will tell.
        probe: ``(function) -> value``: what ``function()`` returns, while its staged effects are undone. The tensors in
            the value may be given to ``is_staged``, ``flatten`` and ``zeros_like`` only. Calls the function as it is
            when nothing is being traced.
        zeros_like: ``(leaf) -> tensor``: zeros with the dtype and shape of a leaf that may come from another trace.
        assert_true: ``(condition, message) -> None``: fail the run with ``message``, if the staged condition is false.
        overloads: what to call instead of a builtin when an argument is staged: ``{len: ..., range: ..., int: ...}``.
            Has to have an entry for ``operator.not_``.
    """

    is_staged: Callable[[Any], bool]
    flatten: Callable[[Any], tuple[Sequence[tuple[str, Any]], Structure]]
    cond: Callable[[Any, Callable[[], Leaves], Callable[[], Leaves]], Leaves]
    while_loop: Callable[[Callable[[Leaves], Any], Callable[[Leaves], Leaves], Leaves, LoopOptions], Leaves]
    for_loop: Callable[
        [
            tuple[Any, ...],
            Callable[[Sequence[Any], Leaves], Leaves],
            Leaves,
            Callable[[Leaves], Any] | None,
            LoopOptions,
        ],
        Leaves,
    ]
    peek: Callable[[Any], tuple[Any, int | None]]
    probe: Callable[[Callable[[], Any]], Any]
    zeros_like: Callable[[Any], Any]
    assert_true: Callable[[Any, Any], None]
    overloads: Mapping[Callable[..., Any], Callable[..., Any]]
