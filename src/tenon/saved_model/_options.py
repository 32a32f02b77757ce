"""Options of saving and loading, files beside a model, and TensorFlow's names of places and keys."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenon.base import InvalidArgumentError, NotFoundError, UnimplementedError

ASSETS_DIRECTORY = "assets"
ASSETS_KEY = "saved_model_assets"
CLASSIFY_INPUTS = "inputs"
CLASSIFY_METHOD_NAME = "tensorflow/serving/classify"
CLASSIFY_OUTPUT_CLASSES = "classes"
CLASSIFY_OUTPUT_SCORES = "scores"
DEBUG_DIRECTORY = "debug"
DEBUG_INFO_FILENAME_PB = "saved_model_debug_info.pb"
DEFAULT_SERVING_SIGNATURE_DEF_KEY = "serving_default"
GPU = "gpu"
PREDICT_INPUTS = "inputs"
PREDICT_METHOD_NAME = "tensorflow/serving/predict"
PREDICT_OUTPUTS = "outputs"
REGRESS_INPUTS = "inputs"
REGRESS_METHOD_NAME = "tensorflow/serving/regress"
REGRESS_OUTPUTS = "outputs"
SAVED_MODEL_FILENAME_PB = "saved_model.pb"
SAVED_MODEL_FILENAME_PBTXT = "saved_model.pbtxt"
SAVED_MODEL_SCHEMA_VERSION = 1
SERVING = "serve"
TPU = "tpu"
TRAINING = "train"
VARIABLES_DIRECTORY = "variables"
VARIABLES_FILENAME = "variables"


@dataclass(frozen=True)
class SaveOptions:
    """How to save, ``tf.saved_model.SaveOptions``.

    Args:
        namespace_whitelist: accepted: programs of XLA use no operations of other namespaces.
        save_debug_info: accepted: there is no debugging information to save.
        function_aliases: not supported.
        experimental_debug_stripper: accepted: what it removes is never written.
        experimental_io_device: accepted and ignored.
        experimental_variable_policy: not supported.
        experimental_custom_gradients: whether functions are saved with programs of their gradients, so that what is
            loaded can be trained. Without them the files are smaller and written sooner.
        experimental_image_format: not supported.
        experimental_skip_saver: accepted and ignored.
        experimental_sharding_callback: not supported.
        extra_tags: not supported.

    Raises:
        UnimplementedError: an option is set that is not supported.
    """

    namespace_whitelist: Any = None
    save_debug_info: bool = False
    function_aliases: Any = None
    experimental_debug_stripper: bool = False
    experimental_io_device: str | None = None
    experimental_variable_policy: Any = None
    experimental_custom_gradients: bool = True
    experimental_image_format: bool = False
    experimental_skip_saver: bool = False
    experimental_sharding_callback: Any = None
    extra_tags: Any = None

    def __post_init__(self) -> None:
        _refuse(
            self,
            "function_aliases",
            "experimental_variable_policy",
            "experimental_image_format",
            "experimental_sharding_callback",
            "extra_tags",
        )


@dataclass(frozen=True)
class LoadOptions:
    """How to load, ``tf.saved_model.LoadOptions``.

    Args:
        allow_partial_checkpoint: accepted: the files of a model are always whole.
        experimental_io_device: accepted and ignored.
        experimental_skip_checkpoint: not supported.
        experimental_variable_policy: not supported.
        experimental_load_function_aliases: not supported.

    Raises:
        UnimplementedError: an option is set that is not supported.
    """

    allow_partial_checkpoint: bool = False
    experimental_io_device: str | None = None
    experimental_skip_checkpoint: bool = False
    experimental_variable_policy: Any = None
    experimental_load_function_aliases: bool = False

    def __post_init__(self) -> None:
        _refuse(
            self, "experimental_skip_checkpoint", "experimental_variable_policy", "experimental_load_function_aliases"
        )


def _refuse(options: SaveOptions | LoadOptions, *names: str) -> None:
    wanted = [name for name in names if getattr(options, name)]
    if wanted:
        raise UnimplementedError(f"{type(options).__name__}: Tenon has no {' and no '.join(wanted)}; leave it out.")


class Asset:
    """A file that belongs to a model, such as a vocabulary, ``tf.saved_model.Asset``.

    As an attribute of what is saved, it is copied into the SavedModel; loaded, it tells where the copy is.

    Args:
        path: the file.

    Raises:
        InvalidArgumentError: ``path`` is no path.

    Example:
        >>> Asset("vocabulary.txt").asset_path
        'vocabulary.txt'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not isinstance(path, str | os.PathLike):
            raise InvalidArgumentError(f"path: must be the path of a file; received {path!r}.")
        self._path = os.fspath(path)

    @property
    def asset_path(self) -> str:
        """The path of the file."""
        return self._path

    def file(self) -> Path:
        """Return the path of the file, which is there.

        Raises:
            NotFoundError: it is not.
        """
        found = Path(self._path)
        if not found.is_file():
            raise NotFoundError(f"Asset: there is no file {self._path!r}; create it before the model is saved.")
        return found

    def __fspath__(self) -> str:
        return self._path

    def __repr__(self) -> str:
        return f"Asset({self._path!r})"


def contains_saved_model(export_dir: str | os.PathLike[str]) -> bool:
    """Tell whether a SavedModel may lie in a directory, ``tf.saved_model.contains_saved_model``.

    Args:
        export_dir: the directory.

    Example:
        >>> contains_saved_model("/nowhere")
        False
    """
    return any(Path(export_dir, name).is_file() for name in (SAVED_MODEL_FILENAME_PB, SAVED_MODEL_FILENAME_PBTXT))
