"""Where the numbers of stateful random functions start, by TensorFlow's rules for global and operation seeds.

    global seed   operation seed   numbers
    none          none             new in every run of the program
    set           none             each operation gets a seed of its own, the same in every run
    none          set              TensorFlow's default takes the place of the global seed
    set           set              both count

Two operations with the same two seeds share one sequence when they run eagerly. Inside a traced function each has its
own sequence, which goes on from call to call. ``tf.random.set_seed`` lets all of them start again.
"""

from __future__ import annotations

import random
import threading
import weakref
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from tenon.core._names import export
from tenon.core._settings import SETTINGS
from tenon.core.variables import StateScope, Variable, state_scope

DEFAULT_GLOBAL_SEED: Final = 87654321
_MODULUS: Final = 2**31 - 1
_ENTROPY: Final = random.SystemRandom()

Seeds = tuple[int, int] | None


def fresh_number() -> int:
    """Return an integer of 63 bits that nobody can foresee."""
    return _ENTROPY.getrandbits(63)


class SeedState:
    """The global seed, and how far every sequence has come.

    Safe for several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._global_seed: int | None = None
        self._operation_seeds = random.Random()
        self._counters: dict[tuple[Any, int, int], int] = {}
        self._numbers_of_scopes: weakref.WeakKeyDictionary[StateScope, int] = weakref.WeakKeyDictionary()
        self._sequences: list[tuple[weakref.ref[Variable], np.ndarray]] = []

    def start(self, seed: int | None) -> None:
        """Take a new global seed and let every sequence start again."""
        with self._lock:
            self._global_seed = seed
            self._operation_seeds = random.Random(seed)
            self._counters.clear()
            alive = [(variable, first) for reference, first in self._sequences if (variable := reference()) is not None]
            self._sequences = [(weakref.ref(variable), first) for variable, first in alive]
        with state_scope(None):
            for variable, first in alive:
                variable.assign(first)

    def eager_position(self, operation: Any, seed: int | None, step: int) -> np.ndarray:
        """Return where an operation that runs at once takes its numbers, and move its sequence on by ``step``."""
        with self._lock:
            seeds = self._resolved(seed, self._next_operation_seed)
            if seeds is None:
                return _fresh_position()
            if seed is None:
                return _position(seeds)
            key = (operation, *seeds)
            counter = self._counters.get(key, 0)
            self._counters[key] = counter + step
            return _position(seeds, counter)

    def new_sequence(self, scope: StateScope, seed: int | None) -> Variable:
        """Return the state of an operation in a function that is being traced: a variable that the function keeps."""
        with self._lock:
            seeds = self._resolved(seed, lambda: self._next_number(scope))
            first = _fresh_position() if seeds is None else _position(seeds)
        with state_scope(None):
            variable = Variable(first, trainable=False, name="RandomState")
        if seeds is not None:
            with self._lock:
                self._sequences.append((weakref.ref(variable), first))
        return variable

    def _resolved(self, seed: int | None, next_seed: Callable[[], int]) -> Seeds:
        if self._global_seed is None and seed is None:
            if SETTINGS.op_determinism:
                raise RuntimeError(
                    "Random ops require a seed to be set when determinism is enabled. Please set a seed before running "
                    "the op, e.g. by calling tf.random.set_seed(1)."
                )
            return None
        operation_seed = next_seed() if seed is None else seed
        first = DEFAULT_GLOBAL_SEED if self._global_seed is None else self._global_seed
        return first % _MODULUS, operation_seed % _MODULUS

    def _next_operation_seed(self) -> int:
        return self._operation_seeds.randrange(_MODULUS)

    def _next_number(self, scope: StateScope) -> int:
        number = self._numbers_of_scopes.get(scope, 0)
        self._numbers_of_scopes[scope] = number + 1
        return number


def _position(seeds: tuple[int, int], counter: int = 0) -> np.ndarray:
    return np.array([counter, seeds[1], seeds[0]], np.int64)


def _fresh_position() -> np.ndarray:
    return np.array([fresh_number(), fresh_number(), fresh_number()], np.int64)


SEEDS: Final = SeedState()
"""The seeds of this process."""


def as_seed(seed: Any) -> int | None:
    """Return an operation's seed as Python's integer.

    Raises:
        TypeError: it is no number.
    """
    if seed is None:
        return None
    try:
        return int(seed)
    except (TypeError, ValueError) as error:
        raise TypeError(f"seed: must be an integer or None; received {seed!r}.") from error


@export("random.set_seed")
def set_seed(seed: Any) -> None:
    """Set the global seed, ``tf.random.set_seed``: all sequences of stateful random functions start again.

    Args:
        seed: an integer; ``None`` for numbers that are new in every run.

    Raises:
        TypeError: it is no number.

    Example:
        >>> from tenon.core.random import uniform
        >>> set_seed(1)
        >>> first = uniform([3])
        >>> set_seed(1)
        >>> (first.numpy() == uniform([3]).numpy()).all()
        np.True_
    """
    SEEDS.start(as_seed(seed))
