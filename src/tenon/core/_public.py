"""What of tensors, variables and tapes is public; the operations register themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tenon.core import (
    autodiff,
    configuration,
    control_flow,
    debugging,
    functions,
    image,
    io,
    linalg,
    nn,
    numpy_api,
    operations,
    ragged,
    random,
    signal,
    sparse,
    strings,
    tensors,
    variables,
)
from tenon.core._names import export

PUBLIC: Final[Mapping[str, Any]] = {
    "constant": tensors.constant,
    "convert_to_tensor": tensors.convert_to_tensor,
    "is_tensor": tensors.is_tensor,
    "as_dtype": tensors.as_dtype,
    "dtypes.as_dtype": tensors.as_dtype,
    "DType": tensors.DType,
    "dtypes.DType": tensors.DType,
    "Tensor": tensors.Tensor,
    "TensorShape": tensors.TensorShape,
    "TensorSpec": tensors.TensorSpec,
    "newaxis": None,
    "Variable": variables.Variable,
    "VariableAggregation": variables.VariableAggregation,
    "VariableSynchronization": variables.VariableSynchronization,
    "Module": variables.Module,
    "name_scope": variables.name_scope,
    "GradientTape": autodiff.GradientTape,
    "UnconnectedGradients": autodiff.UnconnectedGradients,
    **tensors.DTYPES,
    **{f"dtypes.{name}": dtype for name, dtype in tensors.DTYPES.items()},
    "half": tensors.float16,
    "double": tensors.float64,
    "dtypes.half": tensors.float16,
    "dtypes.double": tensors.float64,
}
"""Public objects of the folders that are no operations, by TensorFlow's path."""

for _path, _value in PUBLIC.items():
    export(_path)(_value)

_ = (
    configuration,
    control_flow,
    debugging,
    functions,
    image,
    io,
    linalg,
    nn,
    numpy_api,
    operations,
    ragged,
    random,
    signal,
    sparse,
    strings,
)  # imported for the names that they register
