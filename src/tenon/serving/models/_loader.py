"""Which loader a version's directory needs."""

from __future__ import annotations

from pathlib import Path

from tenon.serving.batching import Batching
from tenon.serving.models._options import LoadingOptions
from tenon.serving.models._saved_model_loader import SavedModelLoader
from tenon.serving.models._tflite_loader import TfLiteLoader
from tenon.serving.models._tflite_model import TFLITE_FILE
from tenon.serving.servables import Loader, ServableId


def model_loader(
    servable_id: ServableId,
    path: Path,
    batching: Batching,
    compile_threads: int = 2,
    options: LoadingOptions | None = None,
) -> Loader:
    """Return the loader for a version: of its SavedModel, or of ``model.tflite`` if preferred or if alone.

    Args:
        servable_id: name and version.
        path: the version's directory.
        batching: how requests are batched.
        compile_threads: programs compiled at once.
        options: engine, cache, warm-up, and whether TFLite is preferred.
    """
    options = options or LoadingOptions()
    has_tflite, has_saved_model = (path / TFLITE_FILE).is_file(), (path / "saved_model.pb").is_file()
    if has_tflite and (options.prefer_tflite or not has_saved_model):
        return TfLiteLoader(servable_id, path, batching, options)
    return SavedModelLoader(servable_id, path, batching, compile_threads, options)
