"""A model directory becomes a servable: verified, compiled, probed, warmed up."""

from tenon.serving.models._saved_model_loader import SavedModelLoader, SavedModelServable

__all__ = [
    "SavedModelLoader",
    "SavedModelServable",
]
