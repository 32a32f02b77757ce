"""Method names of signatures, changed after saving: ``tf.compat.v1.saved_model.signature_def_utils``.

TensorFlow 2 writes ``tensorflow/serving/predict`` into every signature. Servers that check names of methods, as
TensorFlow Serving does with ``--enable_signature_method_name_check``, want ``tensorflow/serving/classify`` for Classify
and ``tensorflow/serving/regress`` for Regress.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from tenon.base import InvalidArgumentError, replace_directory
from tenon.formats import message_class
from tenon.saved_model._layout import MANIFEST
from tenon.saved_model._manifest import verify_manifest, write_manifest

__all__ = ["MethodNameUpdater"]

_FILE = "saved_model.pb"
_TAGS = {"serve"}


class MethodNameUpdater:
    """Changes the method names of signatures of a SavedModel.

    Args:
        export_dir: its directory, all files of which are checked.

    Raises:
        NotFoundError: there is no such directory.
        DataLossError: it is damaged, or Tenon did not write it.

    Example:
        >>> import tempfile
        >>> from tenon.saved_model import TensorSpec, read, save
        >>> folder = tempfile.mkdtemp() + "/1"
        >>> save(lambda x: x, folder, {"serving_default": {"x": TensorSpec((None,), "float32")}})
        >>> updater = MethodNameUpdater(folder)
        >>> updater.replace_method_name("serving_default", "tensorflow/serving/regress")
        >>> updater.save()
        >>> read(folder).signatures["serving_default"].definition.method_name
        'tensorflow/serving/regress'
    """

    def __init__(self, export_dir: str | os.PathLike[str]) -> None:
        self._root = Path(export_dir)
        verify_manifest(self._root)
        self._saved_model = message_class("tensorflow.SavedModel").FromString((self._root / _FILE).read_bytes())

    def replace_method_name(
        self, signature_key: str, method_name: str, tags: Collection[str] | str | None = None
    ) -> None:
        """Change the method name of one signature, here; ``save`` writes it.

        Args:
            signature_key: the signature's name.
            method_name: its new method name.
            tags: of the graphs to change; Tenon's have the one tag ``serve``. ``None`` for all.

        Raises:
            InvalidArgumentError: there is no such signature, or a name is empty.
        """
        if not signature_key or not method_name:
            raise InvalidArgumentError(
                f"signature_key, method_name: must not be empty; received {signature_key!r} and {method_name!r}."
            )
        wanted = _TAGS if tags is None else {tags} if isinstance(tags, str) else set(tags)
        graphs = [graph for graph in self._saved_model.meta_graphs if set(graph.meta_info_def.tags) == wanted]
        found = [graph for graph in graphs if signature_key in graph.signature_def]
        if not found:
            known = sorted({name for graph in self._saved_model.meta_graphs for name in graph.signature_def})
            raise InvalidArgumentError(
                f"MetaGraphDef associated with tags {sorted(wanted)} and the signature {signature_key!r} was not found "
                f"in the SavedModel; its signatures are {known}, with the tag 'serve'."
            )
        for graph in found:
            graph.signature_def[signature_key].method_name = method_name

    def save(self, new_export_dir: str | os.PathLike[str] | None = None) -> None:
        """Write the SavedModel, whole or not at all.

        Args:
            new_export_dir: where to; ``None`` for where it came from.

        Raises:
            OSError: the file system refuses; what was there is untouched.
        """
        with replace_directory(new_export_dir or self._root) as root:
            shutil.copytree(self._root, root, dirs_exist_ok=True)
            (root / _FILE).write_bytes(self._saved_model.SerializeToString(deterministic=True))
            (root / MANIFEST).unlink()
            write_manifest(root)
