"""The file ``checkpoint`` of a folder: which checkpoints are there, the latest one, and since when.

It is a ``tensorflow.CheckpointState`` as text. Paths in it are relative to the folder, so that a folder can be moved.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from google.protobuf import text_format

from tenon.base import InvalidArgumentError, write_file
from tenon.formats import message_class

CheckpointState: Final = message_class("tensorflow.CheckpointState")

_FILE: Final = "checkpoint"
_log = logging.getLogger("tenon.train")

PathLike = str | os.PathLike[str]


def get_checkpoint_state(checkpoint_dir: PathLike, latest_filename: str | None = None) -> Any:
    """Return what the file ``checkpoint`` of a folder says, ``tf.train.get_checkpoint_state``.

    Args:
        checkpoint_dir: the folder.
        latest_filename: the name of the file, ``"checkpoint"`` if left out.

    Returns:
        A ``CheckpointState`` with ``model_checkpoint_path``, ``all_model_checkpoint_paths``,
        ``all_model_checkpoint_timestamps`` (seconds since 1970) and ``last_preserved_timestamp``; paths begin with the
        folder. ``None`` where there is no such file or it cannot be read, which is logged.

    Raises:
        InvalidArgumentError: the file names no latest checkpoint.

    Example:
        >>> import tempfile
        >>> print(get_checkpoint_state(tempfile.mkdtemp()))
        None
    """
    folder = os.fspath(checkpoint_dir)
    path = _state_path(folder, latest_filename)
    try:
        state = text_format.Parse(path.read_bytes(), CheckpointState())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, text_format.ParseError) as error:
        _log.warning("%s: the file is ignored, it cannot be read: %s", path, error)
        return None
    if not state.model_checkpoint_path:
        raise InvalidArgumentError(f"{path}: Invalid checkpoint state: it names no model_checkpoint_path. Delete it.")
    state.model_checkpoint_path = os.path.join(folder, state.model_checkpoint_path)  # noqa: PTH118  # keeps "./a"
    state.all_model_checkpoint_paths[:] = [
        os.path.join(folder, other)  # noqa: PTH118
        for other in state.all_model_checkpoint_paths
    ]
    return state


def latest_checkpoint(checkpoint_dir: PathLike, latest_filename: str | None = None) -> str | None:
    """Return the path of the latest checkpoint of a folder, ``tf.train.latest_checkpoint``.

    Args:
        checkpoint_dir: the folder.
        latest_filename: the name of the state file, ``"checkpoint"`` if left out.

    Returns:
        The path for ``restore``, without ``.index``; ``None`` where there is no checkpoint.

    Raises:
        InvalidArgumentError: the state file names no latest checkpoint.

    Example:
        >>> import tempfile
        >>> print(latest_checkpoint(tempfile.mkdtemp()))
        None
    """
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    path = str(state.model_checkpoint_path)
    if exists(path):
        return path
    _log.error("Couldn't match files for checkpoint %s", path)
    return None


def exists(path: str) -> bool:
    """Tell whether there is a checkpoint."""
    return Path(f"{path}.index").is_file()


def write_checkpoint_state(
    folder: PathLike, paths: Sequence[str], timestamps: Sequence[float] = (), last_preserved: float = 0.0
) -> None:
    """Write the file ``checkpoint`` of a folder, whole or not at all.

    Args:
        folder: the folder.
        paths: the checkpoints, oldest first; the last one is the latest.
        timestamps: when each was written, in seconds since 1970; or nothing.
        last_preserved: when the last one was written that is kept for good, in seconds since 1970.

    Raises:
        InvalidArgumentError: a checkpoint has the path of the file itself.
        OSError: the file system refuses; the file is as it was.
    """
    file = _state_path(os.fspath(folder), None)
    if Path(paths[-1]) == file:
        raise InvalidArgumentError(
            f"Save path {paths[-1]!r} conflicts with path used for checkpoint state. Please use a different save path."
        )
    relative = [_relative(path, file.parent) for path in paths]
    state = CheckpointState(
        model_checkpoint_path=relative[-1],
        all_model_checkpoint_paths=relative,
        all_model_checkpoint_timestamps=timestamps,
        last_preserved_timestamp=last_preserved,
    )
    write_file(file, text_format.MessageToString(state).encode())


def _state_path(folder: str, name: str | None) -> Path:
    return Path(folder, name or _FILE)


def _relative(path: str, folder: Path) -> str:
    return os.path.relpath(path, folder)
