"""Keras models to SavedModel directories and back; every other format goes to Keras."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenon.base import (
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    UnimplementedError,
)
from tenon.keras._backend import keras
from tenon.keras._keras_internals import remember_first_calls
from tenon.keras._program import program_of
from tenon.keras._state import FOLDER, read_model, write_state
from tenon.saved_model import EXTRAS, Program, read, save

_FILES = (".keras", ".h5", ".hdf5")
"""Endings of the single-file formats, which are Keras's."""

_HUB = "hf://"

_keras_save = keras.Model.save
_keras_export = keras.Model.export
_keras_load_model = keras.saving.load_model


def save_model(
    model: Any, filepath: str | os.PathLike[str], overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Save a model: as a SavedModel directory, or in Keras's formats where the path or ``zipped`` asks for them.

    The directory is a program that TensorFlow, TensorFlow Serving and ``tenon serve`` run, and ``load_model`` gives
    the model back from it: trainable, compiled, with the state of its optimizer and of its seed generators. It
    appears whole or not at all.

    Args:
        model: a built ``keras.Model``.
        filepath: a directory to write; or a path that ends in ``.keras``, ``.h5`` or ``.hdf5``, or ``hf://...``,
            which goes to Keras.
        overwrite: replace the SavedModel that stands at ``filepath``.
        zipped: ``True`` and ``False`` go to Keras, which writes its own zip file or folder.
        **kwargs: Keras's further arguments, for its own formats; ``input_signature`` (as in ``export``) for a
            directory.

    Raises:
        AlreadyExistsError: ``filepath`` exists and ``overwrite`` is False, or it holds no SavedModel.
        FailedPreconditionError: the model is not built, or its inputs are not known.
        InvalidArgumentError: an argument is not known.
        NotImplementedError: a class of the model has no ``get_config``.
        OSError: the file system refuses; what was at ``filepath`` is untouched.
        UnimplementedError: an input is a string, or ``filepath`` lies elsewhere (``gs://...``).

    Example:
        >>> import tempfile
        >>> model = keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(3)])
        >>> directory = tempfile.mkdtemp() + "/1"
        >>> model.save(directory)
        >>> load_model(directory).layers[0].units
        3
    """
    if zipped is not None or _is_kerass(filepath):
        _keras_save(model, filepath, overwrite=overwrite, zipped=zipped, **kwargs)
        return
    input_signature = kwargs.pop("input_signature", None)
    _refuse(kwargs, "save")
    _check_target(Path(filepath), overwrite)
    program = program_of(model, input_signature)
    save(replace(program, write_extras=lambda extras: write_state(model, extras)), filepath)


def export_model(
    model: Any,
    filepath: str | os.PathLike[str],
    format: str = "tf_saved_model",  # noqa: A002  # Keras's name
    verbose: bool | None = None,
    input_signature: Any = None,
    **kwargs: Any,
) -> None:
    """Write the model for inference only: a SavedModel without configuration and optimizer.

    Args:
        model: a built ``keras.Model``.
        filepath: the directory to write; a SavedModel that stands there is replaced.
        format: ``"tf_saved_model"``; any other format goes to Keras.
        verbose: whether to print the signature; ``None`` is silent.
        input_signature: replaces shapes and dtypes of the inputs: ``keras.InputSpec`` or anything with ``shape`` and
            ``dtype``, in a structure with as many leaves as the model has inputs.
        **kwargs: Keras's further arguments, for other formats.

    Raises:
        AlreadyExistsError: ``filepath`` holds something else than a SavedModel.
        FailedPreconditionError: the model is not built, or its inputs are not known.
        InvalidArgumentError: an argument is not known, or ``input_signature`` does not fit.
        OSError: the file system refuses; what was at ``filepath`` is untouched.
        UnimplementedError: an input is a string, or ``filepath`` lies elsewhere (``gs://...``).
    """
    if format != "tf_saved_model":
        _keras_export(model, filepath, format=format, verbose=verbose, input_signature=input_signature, **kwargs)
        return
    _refuse(kwargs, "export")
    _check_local(filepath)
    _check_target(Path(filepath), overwrite=True)
    program = replace(program_of(model, input_signature), has_gradients=True)
    save(program, filepath)
    if verbose:
        sys.stdout.write(_description(filepath, program))


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,  # noqa: A002  # Keras's name
    safe_mode: bool = True,
) -> Any:
    """Load a model: from a SavedModel directory that ``model.save`` wrote, or from Keras's formats.

    Every file of the directory is checked against its manifest first.

    Args:
        filepath: the directory, or anything that Keras loads (``.keras``, ``.h5``, its own folders, ``hf://...``).
        custom_objects: classes and functions by name that are not registered with Keras.
        compile: compile the model as it was, and restore the optimizer.
        safe_mode: refuse Python lambdas, which run code from the file.

    Returns:
        The model, with identical weights, optimizer state and seeds.

    Raises:
        NotFoundError: there is no model at ``filepath``; the message names those that lie directly below.
        FailedPreconditionError: the SavedModel holds no Keras model (it was exported, or another program wrote it), or
            the classes have changed so that the state does not fit.
        DataLossError: a file is missing, truncated or altered; the message names it.
    """
    if _is_kerass(filepath) or _is_kerass_folder(Path(filepath)):
        return _keras_load_model(filepath, custom_objects=custom_objects, compile=compile, safe_mode=safe_mode)
    path = Path(filepath)
    _check_saved_model(path)
    _check_holds_keras(path, path / EXTRAS)
    loaded = read(path)
    _check_holds_keras(path, loaded.extras / FOLDER)
    return read_model(loaded.extras, loaded.variables, custom_objects, compile, safe_mode)


def install() -> None:
    """Give ``keras.Model`` the methods of Tenon; calling it again changes nothing."""
    keras.Model.save = save_model
    keras.Model.export = export_model
    keras.Model.__tenon_program__ = program_of
    remember_first_calls()


def _is_kerass(filepath: Any) -> bool:
    if not isinstance(filepath, (str, os.PathLike)):
        return True
    path = os.fspath(filepath)
    if path.endswith(_FILES) or path.startswith(_HUB):
        return True
    _check_local(path)
    return False


def _check_local(filepath: str | os.PathLike[str]) -> None:
    path = os.fspath(filepath)
    if "://" in path:
        raise UnimplementedError(
            f"filepath: a SavedModel must lie in a file system of this machine; received {path!r}. "
            "Save to a local or mounted directory and copy that."
        )


def _is_kerass_folder(path: Path) -> bool:
    return path.is_dir() and not _saved_models(path)


def _saved_models(path: Path) -> list[Path]:
    """Return the SavedModels at ``path`` and directly below."""
    return sorted(file.parent for pattern in ("saved_model.pb", "*/saved_model.pb") for file in path.glob(pattern))


def _refuse(kwargs: Mapping[str, Any], method: str) -> None:
    if kwargs:
        raise InvalidArgumentError(f"{method}: a SavedModel directory takes no argument {sorted(kwargs)}.")


def _check_target(path: Path, overwrite: bool) -> None:
    if not path.exists():
        return
    if not overwrite:
        raise AlreadyExistsError(f"filepath: {str(path)!r} exists and overwrite is False. Choose another path.")
    if not path.is_dir() or (any(path.iterdir()) and not (path / "saved_model.pb").exists()):
        raise AlreadyExistsError(
            f"filepath: {str(path)!r} exists and is no SavedModel, so it is not overwritten. Choose another path."
        )


def _check_saved_model(path: Path) -> None:
    found = _saved_models(path)
    if path in found:
        return
    if found:
        raise NotFoundError(
            f"filepath: {str(path)!r} is no model, it holds models; load one of {[str(model) for model in found]}."
        )
    raise NotFoundError(f"filepath: there is no model at {str(path)!r}; give the directory that model.save() wrote.")


def _check_holds_keras(path: Path, folder: Path) -> None:
    if not folder.is_dir():
        raise FailedPreconditionError(
            f"filepath: the SavedModel at {str(path)!r} holds no Keras model: it was written by export() or by another "
            "program. Run its signatures with tenon.saved_model.load(), or save the model again with model.save()."
        )


def _description(filepath: str | os.PathLike[str], program: Program) -> str:
    lines = [f"Saved artifact at '{os.fspath(filepath)}'. The following signatures are available:", ""]
    for name, signature in program.signatures.items():
        lines.append(f"* {name}")
        lines += [f"    {key}: {spec.dtype.name} {spec.shape}" for key, spec in signature.inputs.items()]
    return "\n".join(lines) + "\n"
