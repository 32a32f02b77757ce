"""How requests are batched, as TensorFlow Serving's operators write it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenon.serving.configuration._text_proto import read_text

PER_MODEL_FILE = "batching_params.pbtxt"
"""The name of such a file in a version's directory (``--enable_per_model_batching_parameters``)."""


def read_batching_parameters(path: Path) -> Any:
    """Read a ``--batching_parameters_file``, or the ``batching_params.pbtxt`` of one version.

    Args:
        path: the file.

    Returns:
        The ``tensorflow.serving.BatchingParameters`` message; what its numbers may be is batching's to say.

    Raises:
        NotFoundError: there is no such file.
        PermissionDeniedError: it may not be read.
        InvalidArgumentError: it is no such text; the message names the file, the line and the column.
    """
    return read_text(path, "tensorflow.serving.BatchingParameters")
