"""Sparse tensors: only some elements are stored, with their places.

>>> to_dense(SparseTensor([[0, 1]], [7], [1, 3])).numpy().tolist()
[[0, 7, 0]]
"""

from tenon.core.sparse._arithmetic import add, maximum, minimum, reduce_max, reduce_sum, softmax, sparse_dense_matmul
from tenon.core.sparse._conversion import eye, from_dense, to_dense, to_indicator
from tenon.core.sparse._ctc import ctc_greedy_decoder
from tenon.core.sparse._embedding import embedding_lookup_sparse, safe_embedding_lookup_sparse
from tenon.core.sparse._places import (
    concat_,
    expand_dims,
    fill_empty_rows,
    map_values,
    mask,
    reorder,
    reset_shape,
    reshape,
    retain,
    slice_,
    split,
    transpose,
)
from tenon.core.sparse._segments import bincount, segment_mean, segment_sqrt_n, segment_sum
from tenon.core.sparse._sets import difference, intersection, size, union
from tenon.core.sparse._spec import SparseTensorSpec
from tenon.core.sparse._tensor import SparseTensor

__all__ = [
    "SparseTensor",
    "SparseTensorSpec",
    "add",
    "bincount",
    "concat_",
    "ctc_greedy_decoder",
    "difference",
    "embedding_lookup_sparse",
    "expand_dims",
    "eye",
    "fill_empty_rows",
    "from_dense",
    "intersection",
    "map_values",
    "mask",
    "maximum",
    "minimum",
    "reduce_max",
    "reduce_sum",
    "reorder",
    "reset_shape",
    "reshape",
    "retain",
    "safe_embedding_lookup_sparse",
    "segment_mean",
    "segment_sqrt_n",
    "segment_sum",
    "size",
    "slice_",
    "softmax",
    "sparse_dense_matmul",
    "split",
    "to_dense",
    "to_indicator",
    "transpose",
    "union",
]
