"""A signature, its graph, its weights, its assets: write and read TensorFlow's SavedModel without TensorFlow.

Objects with ``tf.function``s are saved and come back as objects:

    save(module, folder)        ->  load(folder).some_function(x), .some_variable, .signatures["serving_default"]

A function with the specs of its inputs is enough to write one:

    >>> import tempfile
    >>> from tenon.base import TensorSpec
    >>> folder = tempfile.mkdtemp() + "/1"
    >>> save(lambda x: x + 1, folder, {"serving_default": {"x": TensorSpec((None,), "float32")}})
    >>> load(folder).signatures["serving_default"](x=[1.0, 2.0])["output_0"].numpy().tolist()
    [2.0, 3.0]

``read`` gives the same as pure functions and arrays, for those who compile and serve them. ``sign`` and ``verify``
vouch for every file of a model with a key.
"""

from tenon.base import TensorSpec
from tenon.saved_model import signature_def_utils as signature_def_utils
from tenon.saved_model._amend import amend
from tenon.saved_model._layout import EXTRAS
from tenon.saved_model._load import load
from tenon.saved_model._manifest import manifest_sizes
from tenon.saved_model._options import (
    ASSETS_DIRECTORY,
    ASSETS_KEY,
    CLASSIFY_INPUTS,
    CLASSIFY_METHOD_NAME,
    CLASSIFY_OUTPUT_CLASSES,
    CLASSIFY_OUTPUT_SCORES,
    DEBUG_DIRECTORY,
    DEBUG_INFO_FILENAME_PB,
    DEFAULT_SERVING_SIGNATURE_DEF_KEY,
    GPU,
    PREDICT_INPUTS,
    PREDICT_METHOD_NAME,
    PREDICT_OUTPUTS,
    REGRESS_INPUTS,
    REGRESS_METHOD_NAME,
    REGRESS_OUTPUTS,
    SAVED_MODEL_FILENAME_PB,
    SAVED_MODEL_FILENAME_PBTXT,
    SAVED_MODEL_SCHEMA_VERSION,
    SERVING,
    TPU,
    TRAINING,
    VARIABLES_DIRECTORY,
    VARIABLES_FILENAME,
    Asset,
    LoadOptions,
    SaveOptions,
    contains_saved_model,
)
from tenon.saved_model._program import Method, Program, Signature, SupportsProgram, Variable
from tenon.saved_model._reader import LoadedModel, LoadedSignature, read
from tenon.saved_model._signing import SignedModel, sign, verify
from tenon.saved_model._writer import save

__all__ = [
    "ASSETS_DIRECTORY",
    "ASSETS_KEY",
    "CLASSIFY_INPUTS",
    "CLASSIFY_METHOD_NAME",
    "CLASSIFY_OUTPUT_CLASSES",
    "CLASSIFY_OUTPUT_SCORES",
    "DEBUG_DIRECTORY",
    "DEBUG_INFO_FILENAME_PB",
    "DEFAULT_SERVING_SIGNATURE_DEF_KEY",
    "EXTRAS",
    "GPU",
    "PREDICT_INPUTS",
    "PREDICT_METHOD_NAME",
    "PREDICT_OUTPUTS",
    "REGRESS_INPUTS",
    "REGRESS_METHOD_NAME",
    "REGRESS_OUTPUTS",
    "SAVED_MODEL_FILENAME_PB",
    "SAVED_MODEL_FILENAME_PBTXT",
    "SAVED_MODEL_SCHEMA_VERSION",
    "SERVING",
    "TPU",
    "TRAINING",
    "VARIABLES_DIRECTORY",
    "VARIABLES_FILENAME",
    "Asset",
    "LoadOptions",
    "LoadedModel",
    "LoadedSignature",
    "Method",
    "Program",
    "SaveOptions",
    "Signature",
    "SignedModel",
    "SupportsProgram",
    "TensorSpec",
    "Variable",
    "amend",
    "contains_saved_model",
    "load",
    "manifest_sizes",
    "read",
    "save",
    "sign",
    "verify",
]
