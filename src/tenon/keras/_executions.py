"""Several small steps run as one program, and everybody else sees single steps.

A step of a small model takes less time than Python needs to hand it over. Where nobody listens to batches, one loop
that XLA compiled takes several batches at once: the same steps on the same batches in the same order, any number of
them up to what the program was made for, so that the last odd ones need no other program. How many they are depends on
the model and the batch alone, never on a clock: a run repeats itself.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Final, NamedTuple

import jax
import numpy as np
from jax.extend.core import jaxpr_as_fun

from tenon.keras._backend import keras
from tenon.keras._batches import Batches
from tenon.keras._listeners import ALONE
from tenon.xla import estimate_work

SWITCH: Final = "TENON_STEPS_PER_EXECUTION"
"""The environment variable that is ``1`` to have every step run for itself."""

MOST_STEPS: Final = 32
LEAST_STEPS: Final = 8
"""With fewer steps at once there is less to gain than the copy of the batches costs."""

MOST_WORK: Final = 1.2e9
"""What one execution may compute, in the unit of ``estimate_work``: tens of milliseconds."""

MOST_BYTES: Final = 32 * 1024**2
"""What the batches of one execution may take."""

PINNED = "_tenon_pinned"
"""Where a model remembers that its user chose the number of steps."""

_PHASES: Final = {4: "train", 3: "test"}
"""What is done, by the number of parts that the state has."""


class _Kind(NamedTuple):
    """What batches of one program have in common."""

    structure: Any
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[Any, ...]

    def buffers(self, steps: int) -> list[np.ndarray]:
        """Return room for the batches of some steps, in the types that JAX gives them."""
        dtypes = map(jax.dtypes.canonicalize_dtype, self.dtypes)
        return [np.empty((steps, *shape), dtype) for shape, dtype in zip(self.shapes, dtypes, strict=True)]


class _Loop(NamedTuple):
    """The program of several steps, and how many it takes at most."""

    steps: int
    run: Callable[..., Any]


class Executions:
    """What Keras's trainer calls to do the next step or steps.

    Args:
        model: the model.
        step: Keras's compiled step ``(state, batch) -> (logs, state)``.
        one: Keras's function ``(state, iterator) -> (logs, state)`` that runs it once.
    """

    def __init__(self, model: Any, step: Any, one: Callable[..., Any]) -> None:
        self._model = model
        self._step = step
        self._one = one
        self._loops: dict[_Kind, _Loop | None] = {}

    def __call__(self, state: Any, batches: Any) -> Any:
        """Run as many steps as ``batches`` allow; return the logs of the last one and the state."""
        if not isinstance(batches, Batches) or not self._may_join(state):
            return self._one(state, batches)
        batch = next(batches)
        leaves, kind = _kind_of(batch)
        loop = None if kind is None else self._loop(kind, state, batch)
        if kind is None or loop is None:
            batches.steps = 1
            return self._one(state, iter((batch,)))
        batches.steps = loop.steps
        buffers = kind.buffers(loop.steps)
        steps = _fill(buffers, leaves, kind, batches)
        return loop.run(state, steps, kind.structure.unflatten(buffers))

    def _may_join(self, state: Any) -> bool:
        return _PHASES[len(state)] in self._model.__dict__.get(ALONE, ())

    def _loop(self, kind: _Kind, state: Any, batch: Any) -> _Loop | None:
        if kind not in self._loops:
            self._loops[kind] = _make_loop(self._step.trace(state, batch), kind, state)
        return self._loops[kind]


def _kind_of(batch: Any) -> tuple[list[Any], _Kind | None]:
    """Return the arrays of a batch and what others must have in common with it; ``None`` for what is no array."""
    leaves, structure = jax.tree.flatten(batch)
    if not all(isinstance(leaf, np.ndarray | jax.Array) for leaf in leaves):
        return leaves, None
    return leaves, _Kind(structure, tuple(leaf.shape for leaf in leaves), tuple(leaf.dtype for leaf in leaves))


def _fill(buffers: list[np.ndarray], leaves: list[Any], kind: _Kind, batches: Batches) -> int:
    """Copy the first batch and the next ones of its kind, as many as may run at once; return their number.

    They are copied one by one, since a generator may fill the same array again and again.
    """
    steps = 0
    while True:
        for buffer, leaf in zip(buffers, leaves, strict=True):
            buffer[steps] = leaf
        steps += 1
        if steps >= min(batches.limit, len(buffers[0])):
            return steps
        batch = batches.next_or_none()
        if batch is None:
            return steps
        leaves, found = _kind_of(batch)
        if found != kind:
            batches.put_back(batch)
            return steps


def _make_loop(traced: Any, kind: _Kind, state: Any) -> _Loop | None:
    """Return the program that does a step several times; ``None`` if the steps are better off alone."""
    steps = _steps_at_once(traced.jaxpr, kind)
    logs, after = traced.out_info
    if steps < LEAST_STEPS or traced.jaxpr.effects or not _same_arrays(after, state):
        return None
    step, result = jaxpr_as_fun(traced.jaxpr), jax.tree.structure(traced.out_info)

    def run(state: Any, count: Any, batches: Any) -> Any:
        def body(index: Any, carry: Any) -> Any:
            batch = jax.tree.map(lambda rows: jax.lax.dynamic_index_in_dim(rows, index, keepdims=False), batches)
            after = jax.tree.unflatten(result, step(*jax.tree.leaves((carry[1], batch))))
            return jax.tree.map(lambda old, new: new.astype(old.dtype), carry, after)

        nothing = jax.tree.map(lambda value: jax.numpy.zeros(value.shape, value.dtype), logs)
        return jax.lax.fori_loop(0, count, body, (nothing, state))

    return _Loop(steps, jax.jit(run, donate_argnums=0))


def _steps_at_once(jaxpr: Any, kind: _Kind) -> int:
    size = sum(buffer.nbytes for buffer in kind.buffers(1))
    most = min(MOST_STEPS, MOST_WORK / max(estimate_work(jaxpr), 1), MOST_BYTES / max(size, 1))
    return 1 << int(np.log2(max(most, 1)))


_structure: Any = jax.tree.structure


def _same_arrays(one: Any, other: Any) -> bool:
    def kinds(values: Any) -> Any:
        return [(value.shape, value.dtype) for value in jax.tree.leaves(values)]

    return bool(_structure(one) == _structure(other) and kinds(one) == kinds(other))


def _is_one_compiled_step(model: Any, step: Any, concatenate_outputs: bool) -> bool:
    return (
        hasattr(step, "trace")
        and not concatenate_outputs
        and model.steps_per_execution == 1
        and not model.__dict__.get(PINNED)
        and os.environ.get(SWITCH) != "1"
        and jax.default_backend() == "cpu"
        and keras.distribution.distribution() is None
        and not keras.config.is_nnx_enabled()
    )


def install() -> None:
    """Let Keras's trainer run several small steps at once; to be called once."""
    model, trainer = keras.Model, keras.src.backend.jax.trainer
    model._make_function = _with_executions(model._make_function)
    # Keras compares a model's ``compile`` with this one, to tell whether the user wrote it
    keras.src.trainers.trainer.Trainer.compile = _noting_a_choice(keras.src.trainers.trainer.Trainer.compile)
    model.__setattr__ = _without_tracking(model.__setattr__)
    trainer.JAXEpochIterator._enumerate_iterator = _in_batches(trainer.JAXEpochIterator._enumerate_iterator)


def _with_executions(make: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(make)
    def made(model: Any, step_function: Any, concatenate_outputs: bool = False) -> Any:
        one = make(model, step_function, concatenate_outputs)
        joined = _is_one_compiled_step(model, step_function, concatenate_outputs)
        return Executions(model, step_function, one) if joined else one

    return made


def _noting_a_choice(compile_model: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``compile``, which knows whether the user chose ``steps_per_execution``; ``"auto"`` is the default."""
    signature = inspect.signature(compile_model)

    @wraps(compile_model)
    def compiled(model: Any, *args: Any, **kwargs: Any) -> Any:
        chosen = signature.bind(model, *args, **kwargs).arguments.get("steps_per_execution", "auto")
        if kwargs.get("steps_per_execution") == "auto":
            del kwargs["steps_per_execution"]
        by_keras = str(sys._getframe(1).f_globals.get("__name__", "")).startswith("keras.")  # it writes 1 for us
        model.__dict__[PINNED] = chosen != "auto" and not by_keras
        return compile_model(model, *args, **kwargs)

    return compiled


def _without_tracking(set_attribute: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``Model.__setattr__``, which does not wrap and search the lists of the state behind every step."""

    @wraps(set_attribute)
    def attribute_set(model: Any, name: str, value: Any) -> None:
        if name == "_jax_state":
            model.__dict__[name] = value
        else:
            set_attribute(model, name, value)

    return attribute_set


def _in_batches(enumerate_steps: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """Return the steps of an epoch, which follow how many batches were taken at each.

    Epochs whose length is not known keep Keras's way: it counts executions to learn it.
    """

    @wraps(enumerate_steps)
    def enumerated(epoch: Any) -> Iterator[Any]:
        steps = enumerate_steps(epoch)
        if epoch.steps_per_execution != 1 or not epoch.num_batches:
            yield from steps
            return
        for begin, _, iterator in steps:
            batches = epoch.__dict__["_tenon_batches"] = Batches.of(iterator, epoch.__dict__.get("_tenon_batches"))
            left = min(epoch.num_batches - begin, (epoch._num_batches or np.inf) - epoch._steps_seen + 1)
            batches.begin(min(batches.steps, int(left)))
            yield begin, begin + batches.limit - 1, batches
            for _ in range(batches.taken - 1):
                next(steps, None)

    return enumerated
