"""Look into a checkpoint without any objects."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tenon.base import InvalidArgumentError
from tenon.core.tensors import DType, as_dtype
from tenon.formats import BundleReader, data_type, data_type_name
from tenon.train._state_file import PathLike, latest_checkpoint


class CheckpointReader:
    """Reads single tensors of a checkpoint, as the object that ``tf.train.load_checkpoint`` returns.

    Args:
        prefix: the path of the checkpoint, without ``.index``.

    Raises:
        NotFoundError: there is no such checkpoint.
        DataLossError: its index is damaged.
        UnimplementedError: its format is of an unknown version.
    """

    def __init__(self, prefix: PathLike) -> None:
        self._bundle = BundleReader(prefix)
        self._keys = self._bundle.keys()

    def has_tensor(self, tensor_str: str) -> bool:
        """Tell whether there is a tensor of this key."""
        return tensor_str in self._keys

    def get_tensor(self, tensor_str: str) -> Any:
        """Return a tensor as a NumPy array; a scalar as a NumPy scalar or ``bytes``.

        Raises:
            NotFoundError: there is no such key.
            DataLossError: the file that holds it is missing or damaged.
        """
        return self._bundle.read(tensor_str)[()]

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """Return the shape of every tensor by its key."""
        return {key: [size or 0 for size in self._bundle.spec(key).shape] for key in self._keys}

    def get_variable_to_dtype_map(self) -> dict[str, DType]:
        """Return the dtype of every tensor by its key."""
        return {key: as_dtype(self._bundle.spec(key).dtype) for key in self._keys}

    def debug_string(self) -> bytes:
        """Return a line of text for every tensor: key, dtype and shape."""
        return "".join([self._line(key) for key in self._keys]).encode()

    def _line(self, key: str) -> str:
        spec = self._bundle.spec(key)
        return f"{key} ({data_type_name(data_type(spec.dtype))}) [{','.join(map(str, spec.shape))}]\n"


def load_checkpoint(ckpt_dir_or_file: PathLike) -> CheckpointReader:
    """Return a reader of a checkpoint, ``tf.train.load_checkpoint``.

    Args:
        ckpt_dir_or_file: the path of the checkpoint, or a folder, of which the latest one is taken.

    Raises:
        InvalidArgumentError: the folder holds no checkpoint.
        NotFoundError: there is no such checkpoint.
        DataLossError: its index is damaged.

    Example:
        >>> import tempfile
        >>> from tenon.train import Checkpoint
        >>> from tenon.core.variables import Variable
        >>> path = Checkpoint(step=Variable(7)).save(tempfile.mkdtemp() + "/ckpt")
        >>> load_checkpoint(path).get_tensor("step/.ATTRIBUTES/VARIABLE_VALUE")
        np.int32(7)
    """
    return CheckpointReader(_checkpoint_path(ckpt_dir_or_file))


def load_variable(ckpt_dir_or_file: PathLike, name: str) -> Any:
    """Return the value of one tensor of a checkpoint, ``tf.train.load_variable``.

    Args:
        ckpt_dir_or_file: the path of the checkpoint, or a folder, of which the latest one is taken.
        name: the key, such as ``"model/w/.ATTRIBUTES/VARIABLE_VALUE"``.

    Raises:
        InvalidArgumentError: the folder holds no checkpoint.
        NotFoundError: there is no such checkpoint or key.
        DataLossError: a file is missing or damaged.
    """
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


def list_variables(ckpt_dir_or_file: PathLike) -> list[tuple[str, list[int]]]:
    """Return key and shape of every tensor of a checkpoint, sorted, ``tf.train.list_variables``.

    Args:
        ckpt_dir_or_file: the path of the checkpoint, or a folder, of which the latest one is taken.

    Raises:
        InvalidArgumentError: the folder holds no checkpoint.
        NotFoundError: there is no such checkpoint.
        DataLossError: its index is damaged.
    """
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


def _checkpoint_path(path: PathLike) -> str:
    if not Path(path).is_dir():
        return os.fspath(path)
    found = latest_checkpoint(path)
    if found is None:
        raise InvalidArgumentError(
            f"ckpt_dir_or_file: Couldn't find 'checkpoint' file or checkpoints in given directory {os.fspath(path)}"
        )
    return found
