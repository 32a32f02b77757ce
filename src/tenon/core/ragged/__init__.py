"""Ragged tensors: rows of different lengths, stored as one list of values and where each row begins.

>>> constant([[1, 2], [], [3]]) + 1
<tf.RaggedTensor [[2, 3], [], [4]]>
"""

from tenon.core.ragged import _dense, _gather, _operators, _reductions, _strings  # install methods and handlers
from tenon.core.ragged._elementwise import map_flat_values
from tenon.core.ragged._functions import (
    range_,
    row_splits_to_segment_ids,
    segment_ids_to_row_splits,
    stack_dynamic_partitions,
)
from tenon.core.ragged._gather import boolean_mask
from tenon.core.ragged._joining import stack
from tenon.core.ragged._partition import RowPartition
from tenon.core.ragged._python import constant
from tenon.core.ragged._spec import RaggedTensorSpec
from tenon.core.ragged._tensor import RaggedTensor

__all__ = [
    "RaggedTensor",
    "RaggedTensorSpec",
    "RowPartition",
    "boolean_mask",
    "constant",
    "map_flat_values",
    "range_",
    "row_splits_to_segment_ids",
    "segment_ids_to_row_splits",
    "stack",
    "stack_dynamic_partitions",
]

_ = (_dense, _gather, _operators, _reductions, _strings)
