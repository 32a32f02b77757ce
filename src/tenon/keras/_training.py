"""``train_step(data)`` as TensorFlow's users write it, inside Keras's trainer for JAX.

Keras on JAX calls ``train_step(state, data)``, a pure function, and wants the new state back; the guides of TensorFlow
override ``train_step(self, data)``, read and assign variables (those of optimizers that Keras does not know too), and
use a tape. The forms are told apart by their parameters. A model with a step of the second form trains as in
TensorFlow: its steps are functions of ``tf.function`` on the variables where they lie, the trainer's state is empty,
and nothing is built before the first step. So do models whose layers update metrics of their own.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import numpy as np

from tenon.core.autodiff import GradientTape
from tenon.core.functions import function
from tenon.core.tensors import convert_to_tensor
from tenon.keras._backend import keras
from tenon.keras._tensors import calling_user, to_arrays, to_tensors

Step = Callable[..., Any]

_STEPS: Final = ("train_step", "test_step", "predict_step")

_PARTS: Final = ("trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables")
"""The parts of the state that Keras's trainer asks for and passes to each step, in their order."""


def install() -> None:
    """Let models have steps of TensorFlow's form; to be called once, before users define models."""
    model = keras.Model
    for name in _STEPS:
        setattr(model, name, _either(getattr(model, name), _PLAIN[name]))
    model.make_train_function = _maker(model.make_train_function, "train_step")
    model.make_test_function = _maker(model.make_test_function, "test_step")
    model.make_predict_function = _maker(model.make_predict_function, "predict_step")
    model._get_jax_state = _empty_state(model._get_jax_state)
    model._symbolic_build = _only_on_state(model._symbolic_build)
    model.compiled_loss, model.compiled_metrics = _compiled_loss, property(_CompiledMetrics)


def _takes_data_only(step: Step) -> bool:
    return len(inspect.signature(step).parameters) == 2


def _has_steps_on_data(model: Any) -> bool:
    """Return whether the user wrote a step of TensorFlow's form."""
    return any(_takes_data_only(getattr(type(model), name)) for name in _STEPS)


def _runs_as_function(model: Any) -> bool:
    return _has_steps_on_data(model) or any(layer._metrics for layer in model._flatten_layers(include_self=False))


def _either(stateless: Step, plain: Step) -> Step:
    """Return a step that is Keras's with (state, data), and TensorFlow's with (data): for ``super().train_step``."""

    @wraps(stateless)
    def step(model: Any, *args: Any) -> Any:
        return plain(model, *args) if len(args) == 1 else stateless(model, *args)

    return step


def _maker(make: Step, name: str) -> Step:
    """Return ``make_train_function`` or its like; for a model that runs as a function, of its step ``name``."""
    attribute = name.replace("step", "function")

    @wraps(make)
    def made(model: Any, force: bool = False) -> Any:
        if not _runs_as_function(model):
            return make(model, force)
        if force or getattr(model, attribute) is None:
            step = _in_place(model, getattr(model, name))
            setattr(model, attribute, model._make_function(step, concatenate_outputs=name == "predict_step"))
        return getattr(model, attribute)

    return made


def _in_place(model: Any, step: Step) -> Step:
    """Return a step that Keras's trainer can call, which changes variables where they lie and leaves the state."""

    def on_tensors(data: Any) -> Any:
        with calling_user():
            return step(data)

    on_tensors.__qualname__ = step.__qualname__  # what warnings of tf.function call it
    run = on_tensors if model.run_eagerly else function(on_tensors, autograph=False)

    def stepped(state: Any, data: Any) -> Any:
        with calling_user():
            return to_arrays(run(keras.tree.map_structure(_as_tensor, to_tensors(data)))), state

    return stepped


def _as_tensor(value: Any) -> Any:
    return convert_to_tensor(value) if isinstance(value, np.ndarray) else value


def _empty_state(get_state: Step) -> Step:
    """Return Keras's way of taking the variables out of a model, which takes none where they are changed in place."""

    @wraps(get_state)
    def state(model: Any, **options: bool) -> Any:
        if _runs_as_function(model):
            return tuple([[] for part in _PARTS if options.get(part)])
        return get_state(model, **options)

    return state


def _only_on_state(build: Step) -> Step:
    """Return Keras's building before the first step, for models that need it: the others need not have a ``call``."""

    @wraps(build)
    def built(model: Any, *args: Any, **kwargs: Any) -> None:
        if not _has_steps_on_data(model):
            build(model, *args, **kwargs)

    return built


def _compiled_loss(
    model: Any, y: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None
) -> Any:
    """Return the loss as ``compute_loss`` does: the name that older programs know, which TensorFlow's Keras keeps."""
    del regularization_losses  # compute_loss adds those of the model
    warnings.warn("model.compiled_loss(y, y_pred) is old; use model.compute_loss(x, y, y_pred).", stacklevel=2)
    return model.compute_loss(x=None, y=y, y_pred=y_pred, sample_weight=sample_weight)


class _CompiledMetrics:
    """A model's metrics together, as older programs update them: ``model.compiled_metrics.update_state(y, y_pred)``."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def update_state(self, y: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Update every metric with targets and predictions; means, such as that of the loss, with predictions."""
        warnings.warn("model.compiled_metrics is old; update the metrics of model.metrics.", stacklevel=2)
        for metric in self._model.metrics:
            values = (y_pred,) if isinstance(metric, keras.metrics.Mean) else (y, y_pred)
            metric.update_state(*values, sample_weight=sample_weight)


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
