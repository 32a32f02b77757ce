"""``while`` and ``for``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tenon.base import UnimplementedError
from tenon.core.autograph._conditionals import Block, GetState, SetState
from tenon.core.autograph._iteration import StagedIterable, known_length, staged_iterable
from tenon.core.autograph._loop_state import LoopState
from tenon.core.autograph._staging import Leaves, Staging

Options = Mapping[str, Any]
Test = Callable[[], Any]

_STEP = "<the iteration>"


def while_stmt(
    staging: Staging,
    test: Test,
    body: Block,
    get_state: GetState,
    set_state: SetState,
    names: Sequence[str],
    options: Options,
) -> None:
    """Run ``body`` while ``test()`` holds; staged from the iteration on whose test is.

    A test is probed before it is run, because a staged loop runs it again: what it stages counts only there.
    """
    holds = staging.probe(test)
    while not staging.is_staged(holds):
        if not holds:
            return
        body()
        holds = staging.probe(test)
    state = LoopState(staging, get_state, set_state, tuple(names), options)
    state.define(lambda: state.watch(body))
    flag = state.flag()

    def step(leaves: Leaves) -> dict[str, Any]:
        state.enter(leaves)
        state.watch(body)
        return state.leave() | dict.fromkeys(flag, True)

    state.finish(staging.while_loop(state.entering(test), step, state.leaves | flag, state.options()))


def for_stmt(
    staging: Staging,
    iterated: Any,
    extra_test: Test | None,
    body: Callable[[Any], object],
    get_state: GetState,
    set_state: SetState,
    names: Sequence[str],
    options: Options,
) -> None:
    """Run ``body(item)`` for the items of ``iterated`` while ``extra_test()``, if there is one, holds."""
    iterable = staged_iterable(staging, iterated)
    if iterable is None:
        _iterate(staging, iterated, extra_test, body)
    else:
        _stage_for(iterable, extra_test, body, LoopState(staging, get_state, set_state, tuple(names), options))


def _stage_for(
    iterable: StagedIterable, extra_test: Test | None, body: Callable[[Any], object], state: LoopState
) -> None:
    staging = state.staging
    samples, lengths = zip(*(staging.peek(part) for part in iterable.parts), strict=True)
    length = known_length(lengths)
    if length == 0:
        return
    state.define(lambda: state.watch(lambda: body(iterable.assemble(samples, staging.zeros_like(0)))))
    flag = {} if length and extra_test is None else state.flag()
    count = {_STEP: 0} if iterable.counts else {}

    def step(items: Sequence[Any], leaves: Leaves) -> dict[str, Any]:
        state.enter(leaves)
        state.watch(lambda: body(iterable.assemble(items, leaves.get(_STEP))))
        counted = {name: leaves[name] + 1 for name in count}
        return state.leave() | counted | dict.fromkeys(flag, True)

    goes_on = None if extra_test is None else state.entering(extra_test)
    leaves = state.leaves | count | flag
    state.finish(staging.for_loop(iterable.parts, step, leaves, goes_on, state.options()))


def _iterate(staging: Staging, iterated: Any, extra_test: Test | None, body: Callable[[Any], object]) -> None:
    if extra_test is None:
        for item in iterated:
            body(item)
    elif _holds(staging, extra_test):
        for item in iterated:
            body(item)
            if not _holds(staging, extra_test):
                break


def _holds(staging: Staging, extra_test: Test) -> bool:
    result = extra_test()
    if staging.is_staged(result):
        raise UnimplementedError(
            "`break` and `return` may not depend on a tensor in a `for` over Python values, because such a loop is"
            " unrolled while the function is traced; iterate over a tensor instead, such as tf.range(n)"
        )
    return bool(result)
