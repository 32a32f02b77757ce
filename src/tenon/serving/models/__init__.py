"""A model directory becomes a servable: verified, compiled, probed, warmed up."""

from tenon.serving.models._compile import CompileReport, compile_saved_model
from tenon.serving.models._loader import model_loader
from tenon.serving.models._options import LoadingOptions
from tenon.serving.models._saved_model_loader import SavedModelLoader
from tenon.serving.models._servable import ModelServable
from tenon.serving.models._tflite_loader import TfLiteLoader
from tenon.serving.models._warmup import RunRecord, Warmup

__all__ = [
    "CompileReport",
    "LoadingOptions",
    "ModelServable",
    "RunRecord",
    "SavedModelLoader",
    "TfLiteLoader",
    "Warmup",
    "compile_saved_model",
    "model_loader",
]
