"""Flags that were given become the options of a server."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tenon.base import InvalidArgumentError
from tenon.serving.configuration._flags import FLAGS, Effect
from tenon.serving.configuration._options import ServerOptions

DEFAULT_MODEL_NAME = "default"
"""What ``tensorflow_model_server`` calls a model that nobody named."""

_log = logging.getLogger("tenon.serving")


def server_options(given: Mapping[str, Any]) -> ServerOptions:
    """Make options of flags; the files that they name are read, but for the model config file.

    A flag that has no effect is logged with the reason; one at TensorFlow Serving's own default is no wish at all.

    Args:
        given: the values by the names of ``FLAGS``; flags that were not given are left out.

    Returns:
        The options.

    Raises:
        InvalidArgumentError: a flag is refused (the message says why, and what to do instead), a value breaks a rule
            of ``ServerOptions``, or models are named in two ways.
        NotFoundError: a file that a flag names is not there.
        PermissionDeniedError: it may not be read.

    Example:
        >>> options = server_options({"model_base_path": "/models/m", "rest_api_timeout_in_ms": 500})
        >>> dict(options.models), options.rest_api_timeout_seconds
        ({'default': PosixPath('/models/m')}, 0.5)
    """
    options = _models(given)
    for flag in FLAGS:
        if flag.name not in given:
            continue
        if flag.option:
            value = given[flag.name]
            options[flag.option] = value if flag.convert is None else flag.convert(value)
        elif flag.effect is not Effect.SERVED and given[flag.name] != flag.default:
            if flag.effect is Effect.REFUSED:
                raise InvalidArgumentError(f"--{flag.name}: cannot be {given[flag.name]!r}: {flag.text}")
            _log.warning("--%s has no effect: %s", flag.name, flag.text)
    return ServerOptions(**options)


def _models(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the option that names the models; a config file comes before a base path, as in TensorFlow Serving."""
    pairs: Sequence[str] = given.get("model") or ()
    if file := given.get("model_config_file"):
        if pairs:
            raise InvalidArgumentError(
                f"--model_config_file: holds all models; received --model {pairs[0]!r} beside it. Write it in the file."
            )
        return {"model_config_file": Path(file)}
    base_path = given.get("model_base_path")
    if not base_path and "model_name" in given:
        raise InvalidArgumentError(
            f"--model-name: needs --model-base-path DIR beside it; received {given['model_name']!r} alone."
        )
    models = [_pair(pair) for pair in pairs]
    models += [(given.get("model_name", DEFAULT_MODEL_NAME), Path(base_path))] if base_path else []
    names = [name for name, _ in models]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InvalidArgumentError(f"--model: each name may be given once; received {twice!r} twice.")
    return {"models": dict(models)}


def _pair(text: str) -> tuple[str, Path]:
    name, equals, directory = text.partition("=")
    if not (name and equals and directory):
        raise InvalidArgumentError(
            f"--model: must be NAME=DIR; received {text!r}. Example: --model digits=models/digits"
        )
    return name, Path(directory)
