"""A signature, its graph, its weights, its assets: write and read TensorFlow's SavedModel without TensorFlow.

A function with the specs of its inputs is enough to write one:

    >>> import tempfile
    >>> from tenon.base import TensorSpec
    >>> folder = tempfile.mkdtemp() + "/1"
    >>> save(lambda x: x + 1, folder, {"serving_default": {"x": TensorSpec((None,), "float32")}})
    >>> load(folder).signatures["serving_default"](x=[1.0, 2.0])["output_0"].tolist()
    [2.0, 3.0]
"""

from tenon.base import TensorSpec
from tenon.saved_model._layout import EXTRAS
from tenon.saved_model._program import Program, Signature, SupportsProgram, Variable
from tenon.saved_model._reader import LoadedModel, LoadedSignature, load
from tenon.saved_model._writer import save

__all__ = [
    "EXTRAS",
    "LoadedModel",
    "LoadedSignature",
    "Program",
    "Signature",
    "SupportsProgram",
    "TensorSpec",
    "Variable",
    "load",
    "save",
]
