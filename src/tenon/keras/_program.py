"""A Keras model becomes a program: named variables and an inference signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenon.keras._backend import keras
from tenon.keras._keras_internals import to_numpy
from tenon.keras._signature import CallSignature, call_signature, names_of, unique
from tenon.saved_model import Method, Program, Signature, Variable

SIGNATURE = "serving_default"
METHOD = "serve"
"""What Keras calls the function of what it exports."""


def program_of(model: Any, input_signature: Any = None) -> Program:
    """Return the inference program of a Keras model.

    Variables are the present values of ``model.weights``, named by their ``path`` (``_1``, ``_2``, ... appended where
    two have the same). The one signature is ``serving_default``: the model with ``training=False``. Outputs are named
    as Keras's ``model.export`` names them in TensorFlow: by their keys where the model returns a dict, else
    ``output_0``, ``output_1``, ... Inputs are named by their keys where the model takes a dict; else, in Functional
    and Sequential models, by ``keras.Input(name=...)``, and in subclassed models by the argument of ``call``. Seed
    generators keep their present state: a model that draws random numbers in inference draws the same at every call.

    Args:
        model: a built ``keras.Model``.
        input_signature: replaces the shapes and dtypes of the inputs; specs in a structure with as many leaves as
            the model has inputs.

    Raises:
        FailedPreconditionError: the model is not built, or its inputs are not known.
        InvalidArgumentError: ``input_signature`` does not fit the model.
        UnimplementedError: an input is a string.

    Example:
        >>> model = keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(3, name="d")], name="s")
        >>> program = program_of(model)
        >>> [variable.name for variable in program.variables], program.signatures["serving_default"].inputs["x"].shape
        (['s/d/kernel', 's/d/bias'], (None, 4))
    """
    signature = call_signature(model, input_signature)
    names = variable_names(model)
    trainable = {id(weight) for weight in model.trainable_weights}
    variables = [
        Variable(name, to_numpy(weight), id(weight) in trainable)
        for name, weight in zip(names, model.weights, strict=True)
    ]
    return Program(
        variables,
        {SIGNATURE: Signature(_inference(model, names, signature), signature.specs)},
        methods={METHOD: Method(SIGNATURE, signature.named_arguments)},
    )


def variable_names(model: Any) -> list[str]:
    """Return the name of every variable of the program, in the order of ``model.weights``."""
    return unique(weight.path for weight in model.weights)


def _inference(model: Any, names: list[str], signature: CallSignature) -> Any:
    weights = list(zip(names, model.weights, strict=True))

    def infer(variables: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
        with keras.StatelessScope(state_mapping=[(weight, variables[name]) for name, weight in weights]):
            outputs = signature.call(model, inputs)
        return _named(outputs)

    return infer


def _named(outputs: Any) -> dict[str, Any]:
    leaves = [(path, leaf) for path, leaf in keras.tree.flatten_with_path(outputs) if leaf is not None]
    unnamed = ["_".join(["output", *map(str, path or (0,))]) for path, _ in leaves]
    return dict(zip(names_of([path for path, _ in leaves], unnamed), [leaf for _, leaf in leaves], strict=True))
