"""What every protocol does with a request, between its own reading and writing."""

from tenon.serving.answering._deadlines import Deadlines
from tenon.serving.answering._model_info import SIGNATURE_DEF, model_metadata, model_spec, model_status
from tenon.serving.answering._predict import MAX_GROWTH_BYTES, predict

__all__ = [
    "MAX_GROWTH_BYTES",
    "SIGNATURE_DEF",
    "Deadlines",
    "model_metadata",
    "model_spec",
    "model_status",
    "predict",
]
