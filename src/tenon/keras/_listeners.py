"""Callbacks are told about batches only if they listen, in the loop's own thread, when the results are there.

Keras on JAX starts a thread pool for callbacks that leave the hooks of batches alone, and hands it every batch: two
threads then fight for the interpreter over calls that do nothing. Here who listens is found out once, progress bars
are told as soon as a batch is computed and never waited for, and all others are called as Keras calls them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

import jax

from tenon.keras._backend import keras
from tenon.keras._tensorboard import TensorBoard

_Callbacks: Any = keras.callbacks.CallbackList
_pythonify_logs: Any = keras.src.utils.python_utils.pythonify_logs
_is_default: Any = keras.src.utils.python_utils.is_default
_Hook = Callable[..., None]


def _waits_for_epochs(callback: Any) -> bool:
    return bool(callback.save_freq == "epoch")


def _writes_epochs_only(callback: Any) -> bool:
    return callback.update_freq is None and callback._profile is None


_IDLE: Final[Mapping[type, Callable[[Any], bool]]] = {
    keras.callbacks.ModelCheckpoint: _waits_for_epochs,
    keras.callbacks.BackupAndRestore: _waits_for_epochs,
    TensorBoard: _writes_epochs_only,
}
"""Callbacks that have hooks of batches and do nothing in them, if they are made so."""

_ALIASES: Final = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}
"""What ``keras.Callback`` calls in a hook that is left alone."""


_PHASES: Final = ("train", "test", "predict")
ALONE = "_tenon_alone"
"""Where a model remembers the phases in which nobody is told about batches."""

_LISTENERS, _WAITING = "_tenon_listeners", "_tenon_waiting"


def install() -> None:
    """Let lists of callbacks find out who listens; to be called once."""
    for phase in _PHASES:
        _tell_listeners(f"on_{phase}_batch_begin", f"on_{phase}_batch_begin")
        _tell_listeners(f"_on_{phase}_batch_end", f"on_{phase}_batch_end")
    for phase in _PHASES:
        _find_listeners(phase)
    _Callbacks._async_dispatch = _when_computed(_Callbacks._async_dispatch)
    _Callbacks._flush_futures = _after_those_waiting(_Callbacks._flush_futures)


def listens(callback: Any, hook: str) -> bool:
    """Return whether a callback does anything in a hook of batches, such as ``"on_train_batch_end"``."""
    if type(callback) in _IDLE and _IDLE[type(callback)](callback):
        return False
    names = [name for name in (hook, _ALIASES.get(hook)) if name]
    return not all(_is_default(getattr(callback, name)) for name in names)


def only_progress_listens(callbacks: Any, phase: str) -> bool:
    """Return whether nobody but Keras's progress bar listens to the batches of a phase, such as ``"train"``."""
    found = {type(one) for moment in ("begin", "end") for one in _listeners(callbacks, f"on_{phase}_batch_{moment}")}
    return found <= {keras.callbacks.ProgbarLogger}


def _listeners(callbacks: Any, hook: str) -> list[Any]:
    known: dict[str, list[Any]] = callbacks.__dict__.setdefault(_LISTENERS, {})
    if hook not in known:
        known[hook] = [callback for callback in callbacks.callbacks if listens(callback, hook)]
    return known[hook]


def _find_listeners(phase: str) -> None:
    method = f"on_{phase}_begin"
    begin = getattr(_Callbacks, method)

    @wraps(begin)
    def begun(callbacks: Any, logs: Any = None) -> None:
        begin(callbacks, logs)
        callbacks.__dict__.pop(_LISTENERS, None)
        model = callbacks.__dict__.get("_model")  # asked for ``.model``, Keras copies the state into it
        if model is not None:
            alone = model.__dict__.setdefault(ALONE, set())
            (alone.add if only_progress_listens(callbacks, phase) else alone.discard)(phase)

    setattr(_Callbacks, method, begun)


def _tell_listeners(method: str, hook: str) -> None:
    @wraps(getattr(_Callbacks, method))
    def tell(callbacks: Any, batch: int, logs: Any = None) -> None:
        found = _listeners(callbacks, hook)
        values = _pythonify_logs(logs) if found else None
        for callback in found:
            getattr(callback, hook)(batch, logs=values)

    setattr(_Callbacks, method, tell)


def _when_computed(dispatch: _Hook) -> _Hook:
    """Return what Keras calls for batches of callbacks that need not be told at once."""

    @wraps(dispatch)
    def dispatched(callbacks: Any, tell: _Hook, batch: int, logs: Any) -> None:
        found = _listeners(callbacks, tell.__name__.removeprefix("_"))
        if any(getattr(callback, "async_safe", False) for callback in found):
            dispatch(callbacks, tell, batch, logs)
        elif found:
            waiting = callbacks.__dict__.setdefault(_WAITING, deque())
            waiting.append((tell, batch, logs))
            while waiting and _is_computed(waiting[0][-1]):
                _tell_first(waiting)

    return dispatched


def _is_computed(logs: Any) -> bool:
    leaves: list[Any] = [leaf for leaf in jax.tree.leaves(logs) if isinstance(leaf, jax.Array)]
    return all(leaf.is_ready() for leaf in leaves)


def _tell_first(waiting: deque[tuple[_Hook, int, Any]]) -> None:
    tell, batch, logs = waiting.popleft()
    tell(batch, logs)


def _after_those_waiting(flush: _Hook) -> _Hook:
    @wraps(flush)
    def flushed(callbacks: Any) -> None:
        waiting = callbacks.__dict__.get(_WAITING, ())
        while waiting:
            _tell_first(waiting)
        flush(callbacks)

    return flushed
