"""Load objects: ``tf.saved_model.load``."""

from __future__ import annotations

import importlib
import os
from typing import Any

from tenon.base import InvalidArgumentError
from tenon.saved_model._options import LoadOptions

_RESTORE = "tenon.saved_model._restore"
"""What makes objects; imported by name, so that who only reads needs no tensors of Tenon."""


def load(export_dir: str | os.PathLike[str], tags: Any = None, options: LoadOptions | None = None) -> Any:
    """Load what ``save`` wrote, as objects, ``tf.saved_model.load``.

    The object has the attributes that were saved: variables, lists, dicts, further objects, and functions, which take
    what they were traced for. Gradients flow through functions to their arguments and variables, twice over. It can be
    called if ``__call__`` was a ``tf.function``, trained, saved again, and be a part of a module. Every file is
    checked against the manifest first.

    Args:
        export_dir: the directory.
        tags: ``"serve"``, alone or in a list, or ``None``: there is one graph.
        options: how to load.

    Returns:
        The object; its ``signatures`` are functions that take tensors by name and return a dict of tensors.

    Raises:
        NotFoundError: there is no such directory, or no SavedModel in it.
        InvalidArgumentError: there is no graph of these tags.
        UnimplementedError: TensorFlow wrote the directory; the message says what can be done with it.
        PermissionDeniedError: a file may not be read.
        DataLossError: a file is missing, truncated or altered; the message names it.

    Example:
        >>> import tempfile
        >>> from tenon.base import TensorSpec
        >>> from tenon.saved_model import save
        >>> folder = tempfile.mkdtemp() + "/1"
        >>> save(lambda x: 2 * x, folder, {"serving_default": {"x": TensorSpec((None,), "float32")}})
        >>> load(folder).signatures["serving_default"](x=[1.0, 2.0])["output_0"].numpy().tolist()
        [2.0, 4.0]
    """
    del options  # nothing of what it may say changes anything
    wanted = {tags} if isinstance(tags, str) else set(tags or ())
    if wanted - {"serve"}:
        raise InvalidArgumentError(
            f"tags: the one graph of a SavedModel of Tenon has the tag 'serve'; received {tags}."
        )
    return importlib.import_module(_RESTORE).restored(export_dir)
