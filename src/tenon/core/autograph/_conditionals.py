"""``if`` and conditional expressions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from tenon.base import InvalidArgumentError
from tenon.core.autograph._packing import Packed, Skeleton, is_result, pack, shown, unpack, zeros
from tenon.core.autograph._staging import Staging
from tenon.core.autograph._variables import RESULT, Undefined, is_undefined_result

State = tuple[Any, ...]
Block = Callable[[], object]
Lazy = Callable[[], Any]
GetState = Callable[[], State]
SetState = Callable[[State], None]

_RETURNED: Final = "do_return"
"""How malt names the variable that tells whether a function has returned."""

_MAIN: Final = "main"
_ELSE: Final = "else"
_OTHER: Final = {_MAIN: _ELSE, _ELSE: _MAIN}


def if_stmt(
    staging: Staging,
    condition: Any,
    body: Block,
    orelse: Block,
    get_state: GetState,
    set_state: SetState,
    names: Sequence[str],
    outputs: int,
) -> None:
    """Run ``body`` or ``orelse``; the first ``outputs`` of the variables ``names`` are read afterwards."""
    if not staging.is_staged(condition):
        body() if condition else orelse()
        return
    initial = get_state()
    branches = _Branches(staging, {_MAIN: body, _ELSE: orelse}, get_state, set_state, initial, tuple(names[:outputs]))
    set_state(branches.run(condition) + initial[outputs:])


def if_exp(staging: Staging, condition: Any, body: Lazy, orelse: Lazy, text: str) -> Any:
    """Return ``body()`` or ``orelse()``; ``text`` is the condition as the user wrote it."""
    if not staging.is_staged(condition):
        return body() if condition else orelse()
    return choose(staging, condition, body, orelse, f"... if {text} else ...")


def choose(staging: Staging, condition: Any, body: Lazy, orelse: Lazy, name: str) -> Any:
    """Return ``body()`` or ``orelse()``, which the staged ``condition`` decides; messages call the result ``name``."""
    result: Any = Undefined(name)

    def assign(value: Any) -> None:
        nonlocal result
        result = value

    def get_state() -> State:
        return (result,)

    def set_state(state: State) -> None:
        assign(*state)

    if_stmt(staging, condition, lambda: assign(body()), lambda: assign(orelse()), get_state, set_state, (name,), 1)
    return result


class _Branches:
    """The two branches of a staged ``if``, each of which is traced once.

    Args:
        staging: the operations.
        blocks: the branches by name.
        get_state: returns the variables.
        set_state: assigns the variables.
        initial: the variables before the statement.
        names: of the variables that are read afterwards, which are the first ones.
    """

    def __init__(
        self,
        staging: Staging,
        blocks: dict[str, Block],
        get_state: GetState,
        set_state: SetState,
        initial: State,
        names: tuple[str, ...],
    ) -> None:
        self._staging = staging
        self._blocks = blocks
        self._get_state = get_state
        self._set_state = set_state
        self._initial = initial
        self._names = names
        self._values: dict[str, State] = {}
        self._packed: dict[str, Packed] = {}

    def run(self, condition: Any) -> State:
        """Stage the statement and return the variables that are read afterwards."""
        leaves = self._staging.cond(condition, lambda: self._leaves(_MAIN), lambda: self._leaves(_ELSE))
        merged = unpack(self._packed[_MAIN].skeletons, leaves)
        return tuple(self._untouched(index, value) for index, value in enumerate(merged))

    def _leaves(self, branch: str) -> dict[str, Any]:
        values = self._complete(branch, self._trace(branch))
        self._values[branch] = values
        self._packed[branch] = pack(self._staging, self._names, values)
        if len(self._packed) == len(self._blocks):
            for main, orelse in zip(self._packed[_MAIN].skeletons, self._packed[_ELSE].skeletons, strict=True):
                _check_fits(main, orelse)
        return self._packed[branch].leaves

    def _trace(self, branch: str) -> State:
        self._set_state(self._initial)
        self._blocks[branch]()
        return self._get_state()[: len(self._names)]

    def _complete(self, branch: str, values: State) -> State:
        """Return ``values`` with zeros for what nobody reads if this branch is taken, so that it fits the other.

        That is the function's result, if this branch does not return: another path will, and a variable tells which.
        If it does return, it is every variable that has no value here.
        """
        dead = self._dead(values)
        if not any(dead):
            return values
        other = _OTHER[branch]
        others = self._values.get(other) or self._staging.probe(lambda: self._trace(other))
        choices = zip(dead, values, others, strict=True)
        return tuple(zeros(self._staging, theirs) if gone else mine for gone, mine, theirs in choices)

    def _dead(self, values: State) -> list[bool]:
        pairs = list(zip(self._names, values, strict=True))
        returned = any(name.startswith(_RETURNED) and value is True for name, value in pairs)
        return [_has_no_value(value, returned and not is_result(name)) for name, value in pairs]

    def _untouched(self, index: int, value: Any) -> Any:
        """Return the variable as it was, if no branch assigned it."""
        before = self._initial[index]
        return before if all(values[index] is before for values in self._values.values()) else value


def _has_no_value(value: Any, after_return: bool) -> bool:
    return is_undefined_result(value) or (after_return and (value is None or isinstance(value, Undefined)))


def _check_fits(main: Skeleton, orelse: Skeleton) -> None:
    """Refuse what a variable cannot be depending on a tensor."""
    if main.fits(orelse):
        return
    name = shown(main.name)
    for skeleton, branch in ((main, _MAIN), (orelse, _ELSE)):
        if isinstance(skeleton.whole, Undefined):
            raise InvalidArgumentError(
                f"{name!r} must also be assigned in the {branch} branch of an `if` whose condition is a tensor: it is"
                f" assigned in the {_OTHER[branch]} branch and read afterwards; assign it in both, or before the `if`"
            )
    for skeleton, branch in ((main, _MAIN), (orelse, _ELSE)):
        if skeleton.whole is None:
            raise InvalidArgumentError(_none_message(name, branch))
    raise InvalidArgumentError(
        f"{name!r} must have the same structure in both branches of an `if` whose condition is a tensor, and may differ"
        f" in tensors only; it is {main} in the main branch and {orelse} in the else branch (. is a tensor)"
    )


def _none_message(name: str, branch: str) -> str:
    if name == RESULT:
        return (
            f"the {branch} branch of an `if` whose condition is a tensor must also have a return statement, with a"
            f" value, as the {_OTHER[branch]} branch has; falling off a function's end returns None"
        )
    return (
        f"{name!r} is None at the end of the {branch} branch of an `if` whose condition is a tensor, but not in the"
        f" {_OTHER[branch]} branch; assign a tensor in both"
    )
