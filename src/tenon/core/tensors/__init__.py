"""What a tensor is: dtypes, shapes, specs, the tensor itself, and how values become tensors.

>>> constant([[1, 2], [3, 4]]).shape
TensorShape([2, 2])
"""

from tenon.core.tensors._convert import (
    array_of,
    as_tensor,
    constant,
    constant_value,
    convert_to_tensor,
    is_tensor,
    is_tensor_like,
)
from tenon.core.tensors._dtypes import (
    DTYPES,
    DType,
    as_dtype,
    bfloat16,
    bool_,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
)
from tenon.core.tensors._known import is_symbol, known_difference, known_integers, known_shape
from tenon.core.tensors._shapes import TensorShape, as_shape, unknown_shape
from tenon.core.tensors._specs import TensorSpec, type_spec_from_value
from tenon.core.tensors._tensor import Reference, Tensor, install_method, numpy_text

__all__ = [
    "DTYPES",
    "DType",
    "Reference",
    "Tensor",
    "TensorShape",
    "TensorSpec",
    "array_of",
    "as_dtype",
    "as_shape",
    "as_tensor",
    "bfloat16",
    "bool_",
    "complex64",
    "complex128",
    "constant",
    "constant_value",
    "convert_to_tensor",
    "float16",
    "float32",
    "float64",
    "install_method",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_symbol",
    "is_tensor",
    "is_tensor_like",
    "known_difference",
    "known_integers",
    "known_shape",
    "numpy_text",
    "string",
    "type_spec_from_value",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "unknown_shape",
]
