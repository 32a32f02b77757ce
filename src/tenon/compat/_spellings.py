"""Functions whose arguments have other names, another order or other defaults in 1.x: a table, one row a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from tenon.compat._ops import op
from tenon.core import NAMES


class Spelling(NamedTuple):
    """How 1.x calls a function.

    Attributes:
        signature: the parameters of 1.x.
        path: the function of 2.x that does it.
        renamed: parameters that have another name in 2.x.
        ignored: parameters that 2.x has not.
    """

    signature: str
    path: str
    renamed: Mapping[str, str] = {}
    ignored: tuple[str, ...] = ()


_REDUCE: Final = "input_tensor, axis=None, keepdims=None, name=None, reduction_indices=None, keep_dims=None"
_OLD: Final = {"keep_dims": "keepdims", "reduction_indices": "axis"}
_ARG: Final = "input, axis=None, name=None, dimension=None, output_type='int64'"
_CHECK_TWO: Final = "x, y, data=None, summarize=None, message=None, name=None"
_CHECK_ONE: Final = "x, data=None, summarize=None, message=None, name=None"
_SOFTMAX: Final = "logits, axis=None, name=None, dim=None"
_POOL: Final = "value, ksize, strides, padding, data_format='NHWC', name=None"
_DATA: Final = ("data",)


def _reductions() -> dict[str, Spelling]:
    found: dict[str, Spelling] = {}
    for name in ("all", "any", "logsumexp", "max", "mean", "min", "prod", "sum"):
        row = Spelling(_REDUCE, f"math.reduce_{name}", _OLD)
        found |= {f"reduce_{name}": row, f"math.reduce_{name}": row}
    return found


def _checks() -> dict[str, Spelling]:
    two = ("equal", "greater", "greater_equal", "less", "less_equal", "none_equal")
    one = ("negative", "non_negative", "non_positive", "positive")
    found: dict[str, Spelling] = {}
    for names, signature in ((two, _CHECK_TWO), (one, _CHECK_ONE)):
        for name in names:
            row = Spelling(signature, f"debugging.assert_{name}", {}, _DATA)
            found |= {f"assert_{name}": row, f"debugging.assert_{name}": row}
    for name, extra in (("rank", "rank"), ("rank_at_least", "rank"), ("rank_in", "ranks")):
        row = Spelling(
            f"x, {extra}, data=None, summarize=None, message=None, name=None",
            f"debugging.assert_{name}",
            {},
            ("data", "summarize"),
        )
        found |= {f"assert_{name}": row, f"debugging.assert_{name}": row}
    return found


def _both(names: str, row: Spelling) -> dict[str, Spelling]:
    return dict.fromkeys(names.split(), row)


SPELLINGS: Final[Mapping[str, Spelling]] = {
    **_reductions(),
    **_checks(),
    **_both("argmax math.argmax arg_max", Spelling(_ARG, "math.argmax", {"dimension": "axis"})),
    **_both("argmin math.argmin arg_min", Spelling(_ARG, "math.argmin", {"dimension": "axis"})),
    **_both("nn.softmax math.softmax", Spelling(_SOFTMAX, "nn.softmax", {"dim": "axis"})),
    **_both("nn.log_softmax math.log_softmax", Spelling(_SOFTMAX, "nn.log_softmax", {"dim": "axis"})),
    **_both(
        "norm linalg.norm",
        Spelling(
            "tensor, ord='euclidean', axis=None, keepdims=None, name=None, keep_dims=None",
            "norm",
            {"keep_dims": "keepdims"},
        ),
    ),
    **_both(
        "count_nonzero math.count_nonzero",
        Spelling(
            "input_tensor=None, axis=None, keepdims=None, dtype='int64', name=None, reduction_indices=None, "
            "keep_dims=None, input=None",
            "math.count_nonzero",
            {**_OLD, "input_tensor": "input"},
        ),
    ),
    **_both(
        "confusion_matrix math.confusion_matrix",
        Spelling(
            "labels, predictions, num_classes=None, dtype='int32', name=None, weights=None", "math.confusion_matrix"
        ),
    ),
    **_both("nn.in_top_k math.in_top_k", Spelling("predictions, targets, k, name=None", "math.in_top_k")),
    "expand_dims": Spelling("input, axis=None, name=None, dim=None", "expand_dims", {"dim": "axis"}),
    "squeeze": Spelling("input, axis=None, name=None, squeeze_dims=None", "squeeze", {"squeeze_dims": "axis"}),
    "transpose": Spelling("a, perm=None, name='transpose', conjugate=False", "transpose"),
    "boolean_mask": Spelling("tensor, mask, name='boolean_mask', axis=None", "boolean_mask"),
    "gather": Spelling(
        "params, indices, validate_indices=None, name=None, axis=None, batch_dims=0",
        "gather",
        {},
        ("validate_indices",),
    ),
    "gather_nd": Spelling("params, indices, name=None, batch_dims=0", "gather_nd"),
    "manip.gather_nd": Spelling("params, indices, name=None, batch_dims=0", "gather_nd"),
    "ones_like": Spelling(
        "tensor, dtype=None, name=None, optimize=True", "ones_like", {"tensor": "input"}, ("optimize",)
    ),
    "zeros_like": Spelling(
        "tensor, dtype=None, name=None, optimize=True", "zeros_like", {"tensor": "input"}, ("optimize",)
    ),
    "pad": Spelling("tensor, paddings, mode='CONSTANT', name=None, constant_values=0", "pad"),
    "shape": Spelling("input, name=None, out_type='int32'", "shape"),
    "size": Spelling("input, name=None, out_type='int32'", "size"),
    "reverse_sequence": Spelling(
        "input, seq_lengths, seq_axis=None, batch_axis=None, name=None, seq_dim=None, batch_dim=None",
        "reverse_sequence",
        {"seq_dim": "seq_axis", "batch_dim": "batch_axis"},
    ),
    "convert_to_tensor": Spelling(
        "value, dtype=None, name=None, preferred_dtype=None, dtype_hint=None",
        "convert_to_tensor",
        {"preferred_dtype": "dtype_hint"},
    ),
    "cond": Spelling(
        "pred, true_fn=None, false_fn=None, strict=False, name=None, fn1=None, fn2=None",
        "cond",
        {"fn1": "true_fn", "fn2": "false_fn"},
        ("strict",),
    ),
    "while_loop": Spelling(
        "cond, body, loop_vars, shape_invariants=None, parallel_iterations=10, back_prop=True, swap_memory=False, "
        "name=None, maximum_iterations=None, return_same_structure=False",
        "while_loop",
        {},
        ("return_same_structure", "back_prop", "swap_memory", "parallel_iterations"),
    ),
    "batch_to_space": Spelling(
        "input, crops, block_size=None, name=None, block_shape=None", "batch_to_space", {"block_size": "block_shape"}
    ),
    "space_to_batch": Spelling(
        "input, paddings, block_size=None, name=None, block_shape=None", "space_to_batch", {"block_size": "block_shape"}
    ),
    "nn.conv1d": Spelling(
        "value=None, filters=None, stride=None, padding=None, use_cudnn_on_gpu=None, data_format=None, name=None, "
        "input=None, dilations=None",
        "nn.conv1d",
        {"value": "input"},
        ("use_cudnn_on_gpu",),
    ),
    "nn.conv2d": Spelling(
        "input, filter=None, strides=None, padding=None, use_cudnn_on_gpu=True, data_format='NHWC', dilations=None, "
        "name=None, filters=None",
        "nn.conv2d",
        {"filter": "filters"},
        ("use_cudnn_on_gpu",),
    ),
    "nn.conv3d": Spelling(
        "input, filter=None, strides=None, padding=None, data_format='NDHWC', dilations=None, name=None, filters=None",
        "nn.conv3d",
        {"filter": "filters"},
    ),
    "nn.conv2d_transpose": Spelling(
        "value=None, filter=None, output_shape=None, strides=None, padding='SAME', data_format='NHWC', name=None, "
        "input=None, filters=None, dilations=None",
        "nn.conv2d_transpose",
        {"value": "input", "filter": "filters"},
    ),
    "nn.conv3d_transpose": Spelling(
        "value, filter=None, output_shape=None, strides=None, padding='SAME', data_format='NDHWC', name=None, "
        "input=None, filters=None, dilations=None",
        "nn.conv3d_transpose",
        {"value": "input", "filter": "filters"},
    ),
    **_both(
        "nn.depthwise_conv2d nn.depthwise_conv2d_native",
        Spelling(
            "input, filter, strides, padding, rate=None, name=None, data_format=None, dilations=None",
            "nn.depthwise_conv2d",
            {"rate": "dilations"},
        ),
    ),
    "nn.separable_conv2d": Spelling(
        "input, depthwise_filter, pointwise_filter, strides, padding, rate=None, name=None, data_format=None, "
        "dilations=None",
        "nn.separable_conv2d",
        {"rate": "dilations"},
    ),
    "nn.max_pool": Spelling(f"{_POOL}, input=None", "nn.max_pool2d", {"value": "input"}),
    **_both("nn.avg_pool nn.avg_pool2d", Spelling(f"{_POOL}, input=None", "nn.avg_pool2d", {"value": "input"})),
    "nn.crelu": Spelling("features, name=None, axis=-1", "nn.crelu"),
    "nn.depth_to_space": Spelling("input, block_size, name=None, data_format='NHWC'", "nn.depth_to_space"),
    "depth_to_space": Spelling("input, block_size, name=None, data_format='NHWC'", "nn.depth_to_space"),
    "nn.space_to_depth": Spelling("input, block_size, name=None, data_format='NHWC'", "nn.space_to_depth"),
    "space_to_depth": Spelling("input, block_size, name=None, data_format='NHWC'", "nn.space_to_depth"),
    "nn.moments": Spelling(
        "x, axes, shift=None, name=None, keep_dims=None, keepdims=None", "nn.moments", {"keep_dims": "keepdims"}
    ),
    "nn.weighted_moments": Spelling(
        "x, axes, frequency_weights, name=None, keep_dims=None, keepdims=None",
        "nn.weighted_moments",
        {"keep_dims": "keepdims"},
    ),
    "nn.weighted_cross_entropy_with_logits": Spelling(
        "labels=None, logits=None, pos_weight=None, name=None, targets=None",
        "nn.weighted_cross_entropy_with_logits",
        {"targets": "labels"},
    ),
    "nn.sparse_softmax_cross_entropy_with_logits": Spelling(
        "labels=None, logits=None, name=None", "nn.sparse_softmax_cross_entropy_with_logits"
    ),
    "nn.softmax_cross_entropy_with_logits_v2": Spelling(
        "labels, logits, axis=None, name=None, dim=None", "nn.softmax_cross_entropy_with_logits", {"dim": "axis"}
    ),
    "nn.batch_normalization": Spelling(
        "x, mean, variance, offset, scale, variance_epsilon, name=None", "nn.batch_normalization"
    ),
    "strings.length": Spelling("input, name=None, unit='BYTE'", "strings.length"),
    **_both("strings.substr substr", Spelling("input, pos, len, name=None, unit='BYTE'", "strings.substr")),
    **_both(
        "strings.to_hash_bucket string_to_hash_bucket",
        Spelling(
            "string_tensor=None, num_buckets=None, name=None, input=None",
            "strings.to_hash_bucket",
            {"string_tensor": "input"},
        ),
    ),
    **_both(
        "strings.to_number string_to_number",
        Spelling(
            "string_tensor=None, out_type='float32', name=None, input=None",
            "strings.to_number",
            {"string_tensor": "input"},
        ),
    ),
    **_both(
        "strings.reduce_join reduce_join",
        Spelling(
            "inputs, axis=None, keep_dims=None, separator='', name=None, reduction_indices=None, keepdims=None",
            "strings.reduce_join",
            _OLD,
        ),
    ),
    **_both(
        "verify_tensor_all_finite debugging.assert_all_finite",
        Spelling(
            "t=None, msg=None, name=None, x=None, message=None",
            "debugging.assert_all_finite",
            {"t": "x", "msg": "message"},
        ),
    ),
}
"""The functions that 1.x spells differently, by the path of 1.x."""


def spelled(path: str) -> Callable[..., Any]:
    """Return the function of a row of ``SPELLINGS``.

    Example:
        >>> spelled("reduce_sum")([[1, 2], [3, 4]], reduction_indices=0, keep_dims=True).numpy().tolist()
        [[4, 6]]
    """
    row = SPELLINGS[path]
    signature = inspect.signature(eval(f"lambda {row.signature}: None"))  # noqa: S307  # our own table's text

    def function(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        arguments = {}
        for name, value in given.items():
            if name not in row.ignored and not (value is None and name != row.renamed.get(name, name)):
                arguments[row.renamed.get(name, name)] = value
        return op(row.path)(**arguments)

    function.__name__ = function.__qualname__ = path.rpartition(".")[2]
    function.__doc__ = f"Do what ``tf.{row.path}`` does, with the arguments of 1.x.\n\n{NAMES[row.path].__doc__}"
    function.__signature__ = signature  # type: ignore[attr-defined]  # what inspect.signature shows
    return function
