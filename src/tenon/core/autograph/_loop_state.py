"""The variables of a staged loop, on their way in, around and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tenon.base import InvalidArgumentError
from tenon.core.autograph._packing import Skeleton, pack, shown, unpack, zeros
from tenon.core.autograph._staging import Leaves, LoopOptions, Staging
from tenon.core.autograph._variables import Undefined, is_undefined_result

State = tuple[Any, ...]

_HAS_RUN: Final = "<the loop has run>"
_ARGUMENTS: Final = ("parallel_iterations", "swap_memory", "maximum_iterations")


class LoopState:
    """Hands the variables of one staged loop to its body and back.

    Life: ``define`` once, then ``leaves``, ``flag`` and ``options`` go into the loop; ``enter``, ``watch`` and
    ``leave`` make one iteration; ``finish`` once.

    Args:
        staging: the operations.
        get_state: returns the variables.
        set_state: assigns the variables.
        names: of the variables.
        options: what the source says about the loop, see ``_directives``.
    """

    def __init__(
        self,
        staging: Staging,
        get_state: Callable[[], State],
        set_state: Callable[[State], None],
        names: tuple[str, ...],
        options: Mapping[str, Any],
    ) -> None:
        self.staging = staging
        self._get_state = get_state
        self._set_state = set_state
        self._names = names
        self._options = options
        self._given = get_state()
        self._packed = pack(staging, names, self._given)
        self._awaited: tuple[str, ...] = ()

    @property
    def leaves(self) -> dict[str, Any]:
        """What is staged in the variables before the loop."""
        return self._packed.leaves

    def define(self, iteration: Callable[[], object]) -> None:
        """Give variables without a value, or None, zeros as ``iteration()`` would leave them.

        Nobody reads the zeros: an iteration that read such a variable first would fail here, and ``finish`` makes sure
        that there was an iteration before anybody reads it behind the loop.
        """
        if not any(_is_missing(value) for value in self._given):
            return
        first = self.staging.probe(lambda: self._try_once(iteration))
        self._set_state(self._given)
        initial = tuple(map(self._defined, self._names, self._given, first))
        self._packed = pack(self.staging, self._names, initial)
        changes = zip(self._names, self._given, initial, strict=True)
        changed = [(name, before) for name, before, now in changes if before is not now]
        self._awaited = tuple(name for name, before in changed if not is_undefined_result(before))

    def flag(self) -> dict[str, Any]:
        """Return the leaf that says whether the loop has run, if that matters."""
        return {_HAS_RUN: False} if self._awaited else {}

    def options(self) -> LoopOptions:
        """Return what ``set_loop_options`` said, about variables by their places."""
        arguments = {name: self._options[name] for name in _ARGUMENTS if name in self._options}
        return LoopOptions(**arguments, shape_invariants=self._invariants())

    def enter(self, leaves: Leaves) -> None:
        """Assign the variables what an iteration starts with."""
        self._set_state(unpack(self._packed.skeletons, leaves))

    def entering(self, test: Callable[[], Any]) -> Callable[[Leaves], Any]:
        """Return ``test`` as a function of the leaves."""

        def run(leaves: Leaves) -> Any:
            self.enter(leaves)
            return test()

        return run

    def watch(self, body: Callable[[], object]) -> None:
        """Run ``body``, and refuse that it appends a tensor to a list from outside the loop."""
        lists = self._options["grows"]() if "grows" in self._options else {}
        lengths = {name: len(value) for name, value in lists.items() if isinstance(value, list)}
        body()
        for name, length in lengths.items():
            added, _ = self.staging.flatten(lists[name][length:])
            if any(self.staging.is_staged(leaf) for _, leaf in added):
                raise InvalidArgumentError(
                    f"the list {name!r} may not grow in a loop over tensors, whose body is traced once and runs any"
                    " number of times; write to a tf.TensorArray, or use tf.map_fn or tf.scan, which collect results"
                )

    def leave(self) -> dict[str, Any]:
        """Return what is staged in the variables after an iteration."""
        after = pack(self.staging, self._names, self._get_state())
        for before, now in zip(self._packed.skeletons, after.skeletons, strict=True):
            _check_keeps(before, now)
        return after.leaves

    def finish(self, leaves: Leaves) -> None:
        """Assign the variables what the loop ends with."""
        if _HAS_RUN in leaves:
            names = ", ".join(map(repr, self._awaited))
            message = f"the loop has to run at least once, because only its body assigns {names}, read afterwards"
            self.staging.assert_true(leaves[_HAS_RUN], message)
        self.enter(leaves)

    def _try_once(self, iteration: Callable[[], object]) -> State:
        """Return the variables after one iteration that knows as little as one in the loop: no number's value."""
        self._set_state(tuple(value if _is_missing(value) else zeros(self.staging, value) for value in self._given))
        iteration()
        return self._get_state()

    def _defined(self, name: str, before: Any, first: Any) -> Any:
        if not _is_missing(before) or _is_missing(first):
            return before
        if before is None and name in self._options["reads"]:
            raise InvalidArgumentError(
                f"{name!r} may not be None before a loop over tensors whose body reads it, because in the loop it is a"
                " tensor from the start; assign a tensor before the loop"
            )
        return zeros(self.staging, first)

    def _invariants(self) -> dict[str, Any]:
        invariants: dict[str, Any] = {}
        for value, shape in self._options.get("shape_invariants", ()):
            for skeleton, given in zip(self._packed.skeletons, self._given, strict=True):
                if given is value:
                    invariants |= self._places(skeleton, shape)
        return invariants

    def _places(self, skeleton: Skeleton, shape: Any) -> dict[str, Any]:
        if len(skeleton.places) == 1:
            return {skeleton.places[0]: shape}
        shapes = [leaf for _, leaf in self.staging.flatten(shape)[0]]
        if len(shapes) != len(skeleton.places):
            raise InvalidArgumentError(
                f"shape_invariants of {skeleton.name!r} must have a shape for each of its {len(skeleton.places)} parts;"
                f" received {len(shapes)}: {shape!r}"
            )
        return dict(zip(skeleton.places, shapes, strict=True))


def _is_missing(value: Any) -> bool:
    return value is None or isinstance(value, Undefined)


def _check_keeps(before: Skeleton, now: Skeleton) -> None:
    """Refuse that an iteration changes what a loop over tensors cannot change."""
    if before.fits(now):
        return
    name = shown(before.name)
    if isinstance(now.whole, Undefined):
        raise InvalidArgumentError(f"{name!r} may not be deleted in a loop over tensors; assign it something else")
    if now.whole is None:
        raise InvalidArgumentError(f"{name!r} is None at the end of an iteration over tensors; assign a tensor")
    raise InvalidArgumentError(
        f"{name!r} must keep its structure in a loop over tensors, and may change in tensors only; it is {before}"
        f" before the loop and {now} after an iteration (. is a tensor); start with the structure that it will have"
    )
