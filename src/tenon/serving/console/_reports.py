"""Models and signatures as JSON for operators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenon.base import TensorSpec
from tenon.serving.configuration import ServedModel
from tenon.serving.servables import ServableSignature, ServableState


def model_report(
    served: ServedModel,
    *,
    aliases: Mapping[str, int] | None = None,
    engines: Mapping[int, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """Return what operators see of a model.

    Args:
        served: the model, of ``ServerCore.models``.
        aliases: its aliases in the rules of traffic.
        engines: by version, the engine of each signature.

    Example:
        >>> model_report(ServedModel("digits", None, (), {"stable": 3}))["labels"]
        {'stable': 3}
    """
    config, names = served.config, engines or {}
    return {
        "name": served.name,
        "base_path": None if config is None else str(config.base_path),
        "policy": None if config is None else str(config.version_policy),
        "logging": None if config is None or config.logging is None else str(config.logging),
        "labels": dict(served.labels),
        "aliases": dict(aliases or {}),
        "versions": [_version_report(state, names.get(state.id.version, {})) for state in served.states],
    }


def _version_report(state: ServableState, engines: Mapping[str, str]) -> dict[str, Any]:
    error = state.error
    return {
        "version": state.id.version,
        "state": state.state.name,
        "error": None if error is None else {"code": error.code.name, "message": error.message},
        "since": state.since,
        "engines": dict(engines),
    }


def signature_report(signature: ServableSignature) -> dict[str, Any]:
    """Return what operators see of a signature.

    Args:
        signature: the signature.

    Example:
        >>> from tenon.serving.testing import half_plus_two
        >>> signature_report(half_plus_two().signatures["serving_default"])["inputs"]
        {'x': {'dtype': 'float32', 'shape': [None]}}
    """
    return {
        "method": str(getattr(signature.definition, "method_name", "")),
        "inputs": _tensor_reports(signature.inputs),
        "outputs": _tensor_reports(signature.outputs),
        "engine": signature.engine,
        "engine_report": dict(signature.engine_report) or None,
    }


def _tensor_reports(specs: Mapping[str, TensorSpec]) -> dict[str, Any]:
    return {name: {"dtype": _dtype_name(spec), "shape": list(spec.shape)} for name, spec in specs.items()}


def _dtype_name(spec: TensorSpec) -> str:
    return "string" if spec.dtype.kind in "OSU" else str(spec.dtype.name)
