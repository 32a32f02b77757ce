"""``train_step(data)`` as TensorFlow's users write it, inside Keras's trainer for JAX.

Keras on JAX calls ``train_step(state, data)`` and wants the new state back; the guides of TensorFlow override
``train_step(self, data)``, read and assign variables, and use a tape. A method of the second form is called with the
state laid under the variables, and what it assigned is taken out again. The forms are told apart by their parameters.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final

from tenon.core.autodiff import GradientTape
from tenon.keras._backend import keras
from tenon.keras._tensors import calling_user, to_arrays, to_tensors

Step = Callable[..., Any]

_STATE: Final = {
    "train_step": ("trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables"),
    "test_step": ("trainable_variables", "non_trainable_variables", "metrics_variables"),
    "predict_step": ("trainable_variables", "non_trainable_variables"),
}
"""The parts of the state that Keras's trainer passes to each step, in their order."""


def install() -> None:
    """Let models have steps of TensorFlow's form; to be called once, before users define models."""
    for name in _STATE:
        setattr(keras.Model, name, _either(getattr(keras.Model, name), _PLAIN[name]))
    before = vars(keras.Model)["__init_subclass__"].__func__

    def init_subclass(cls: type, /, **options: Any) -> None:
        before(cls, **options)
        for name in _STATE:
            step = vars(cls).get(name)
            if inspect.isfunction(step) and _takes_data_only(step):
                setattr(cls, name, _stateless(step, name))

    keras.Model.__init_subclass__ = classmethod(init_subclass)


def _takes_data_only(step: Step) -> bool:
    return len(inspect.signature(step).parameters) == 2


def _either(stateless: Step, plain: Step) -> Step:
    """Return a step that is Keras's with (state, data), and TensorFlow's with (data): for ``super().train_step``."""

    @wraps(stateless)
    def step(model: Any, *args: Any) -> Any:
        return plain(model, *args) if len(args) == 1 else stateless(model, *args)

    return step


def _stateless(step: Step, name: str) -> Step:
    """Return a step that Keras's trainer can call, around one of TensorFlow's form."""

    @wraps(step)
    def adapted(model: Any, *args: Any) -> Any:
        if len(args) == 1:
            return step(model, *args)
        state, data = args
        variables = [_variables(model, part) for part in _STATE[name]]
        mapping = [pair for own, values in zip(variables, state, strict=True) for pair in zip(own, values, strict=True)]
        with keras.StatelessScope(state_mapping=mapping) as scope, calling_user():
            outputs = to_arrays(step(model, to_tensors(data)))
        new = tuple([_current(scope, own, values) for own, values in zip(variables, state, strict=True)])
        return outputs, new[1] if name == "predict_step" else new

    return adapted


def _variables(model: Any, part: str) -> Sequence[Any]:
    if part == "optimizer_variables":
        return list(model.optimizer.variables)
    found: Sequence[Any] = getattr(model, part)
    return found


def _current(scope: Any, variables: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    current = [scope.get_current_value(variable) for variable in variables]
    return [value if new is None else new for new, value in zip(current, values, strict=True)]


def _plain_train_step(model: Any, data: Any) -> Any:
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    with GradientTape() as tape:
        y_pred = model(x, training=True)
        loss = model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
        scaled = model.optimizer.scale_loss(loss)
    _track(model, loss, x)
    weights = model.trainable_weights
    model.optimizer.apply_gradients(zip(tape.gradient(scaled, weights), weights, strict=True))
    return model.compute_metrics(x, y, y_pred, sample_weight=sample_weight)


def _plain_test_step(model: Any, data: Any) -> Any:
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    y_pred = model(x, training=False)
    loss = model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
    _track(model, loss, x)
    return model.compute_metrics(x, y, y_pred, sample_weight=sample_weight)


def _plain_predict_step(model: Any, data: Any) -> Any:
    x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
    return model(x, training=False)


def _track(model: Any, loss: Any, x: Any) -> None:
    rows = next(leaf for leaf in keras.tree.flatten(x) if leaf is not None).shape[0]
    model._loss_tracker.update_state(loss, sample_weight=rows)


_PLAIN: Final = {
    "train_step": _plain_train_step,
    "test_step": _plain_test_step,
    "predict_step": _plain_predict_step,
}
"""The steps of ``keras.Model`` in TensorFlow's form."""
