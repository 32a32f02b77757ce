"""Small functions of 1.x that 2.x has no more, made of those that it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tenon.compat._mode import building
from tenon.compat._operation import GraphTensor
from tenon.compat._ops import op, tensor_of
from tenon.compat._random import dropout_at
from tenon.compat._structure import control_dependencies
from tenon.core import NAMES
from tenon.core.tensors import as_dtype


def cast_to(dtype: str) -> Callable[..., Any]:
    """Return the function that changes the type of a tensor to one."""

    def convert(x: Any, name: str | None = None) -> Any:
        return op("cast")(x, as_dtype(dtype), name=name)

    convert.__name__ = convert.__qualname__ = f"to_{dtype}"
    convert.__doc__ = f"Return a tensor of {dtype} with the same values."
    return convert


def div(x: Any, y: Any, name: str | None = None) -> Any:
    """Divide as Python 2 does: integers to integers, rounded down."""
    x, y = _alike(x, y)
    path = "math.floordiv" if x.dtype.is_integer else "math.divide"
    return op(path)(x, y, name=name)


def _alike(x: Any, y: Any) -> tuple[Any, Any]:
    if hasattr(x, "dtype") and not isinstance(x, np.ndarray):
        return tensor_of(x), tensor_of(y, None if hasattr(y, "dtype") else x.dtype)
    if hasattr(y, "dtype") and not isinstance(y, np.ndarray):
        return tensor_of(x, y.dtype), tensor_of(y)
    first = tensor_of(x)
    return first, tensor_of(y, first.dtype)


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """Return where a condition holds, or elements of ``x`` where it does and of ``y`` elsewhere.

    A condition that is a vector chooses whole rows.
    """
    if x is None and y is None:
        return op("where")(condition, name=name)
    mask, values = tensor_of(condition), tensor_of(x)
    ranks = mask.shape.rank, values.shape.rank
    if ranks[0] == 1 and ranks[1] is not None and ranks[1] > 1:
        mask = op("reshape")(mask, [-1, *[1] * (ranks[1] - 1)])
    return op("where")(mask, values, y, name=name)


def batch_to_space_nd(input: Any, block_shape: Any, crops: Any, name: str | None = None) -> Any:  # noqa: A002
    """Put blocks of the batch back into space."""
    return op("batch_to_space")(input, block_shape, crops, name=name)


def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Any:
    """Return ``x @ weights + biases``."""
    return op("nn.bias_add")(op("linalg.matmul")(x, weights), biases, name=name)


def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Any:
    """Return ``relu(x @ weights + biases)``."""
    return op("nn.relu")(xw_plus_b(x, weights, biases), name=name)


def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: Any = None,
    name: str | None = None,
    rate: Any = None,
) -> Any:
    """Return a tensor of which elements are zero with a probability, ``tf.compat.v1.nn.dropout``.

    Args:
        x: a tensor of floating point.
        keep_prob: the probability with which elements stay.
        noise_shape: where elements go together.
        seed: the operation's seed.
        name: its name.
        rate: the probability with which elements go, in place of ``keep_prob``.

    Raises:
        ValueError: both probabilities are given, or none.
    """
    if (keep_prob is None) == (rate is None):
        raise ValueError("You must provide a value for exactly one of `keep_prob` and `rate`.")
    return dropout_at(x, 1 - keep_prob if rate is None else rate, noise_shape, seed, name)


def dropout_v2(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None, name: str | None = None) -> Any:
    """Return a tensor of which elements are zero with a probability; arguments as of ``tf.nn.dropout``."""
    return dropout_at(x, rate, noise_shape, seed, name)


def softmax_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, dim: int = -1, name: str | None = None, axis: int | None = None
) -> Any:
    """Return the cross entropy of classes; no gradient flows to the labels."""
    stopped = op("stop_gradient")(labels)
    return op("nn.softmax_cross_entropy_with_logits")(stopped, logits, axis=dim if axis is None else axis, name=name)


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Any:
    """Return the cross entropy of independent classes."""
    return op("nn.sigmoid_cross_entropy_with_logits")(labels, logits, name=name)


def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: str | None = None,
    exponential_avg_factor: float = 1.0,
) -> tuple[Any, Any, Any]:
    """Return a tensor with mean 0 and variance 1 over its channels, scaled; and the mean and variance.

    Args:
        x: images, ``(batch, height, width, channels)``.
        scale: a factor for each channel.
        offset: is added to each channel.
        mean: the mean to take where ``is_training`` is false.
        variance: likewise.
        epsilon: is added to the variance.
        data_format: ``"NHWC"`` or ``"NCHW"``.
        is_training: whether mean and variance are those of ``x``.
        name: the operation's name.
        exponential_avg_factor: only 1.

    Raises:
        ValueError: there is no mean to take.
    """
    del exponential_avg_factor
    axes = [0, 1, 2] if data_format == "NHWC" else [0, 2, 3]
    if not is_training and (mean is None or variance is None):
        raise ValueError("Both `mean` and `variance` must be a 1D tensor when `is_training` is False.")
    if is_training:
        mean, variance = op("nn.moments")(x, axes)
    mean, variance = tensor_of(mean), tensor_of(variance)
    sizes = [1, 1, 1, -1] if data_format == "NHWC" else [1, -1, 1, 1]
    shaped = [op("reshape")(one, sizes) for one in (mean, variance, offset, scale)]
    normal = op("nn.batch_normalization")(x, *shaped, epsilon, name=name)
    count = op("cast")(op("size")(x), "float32") / op("cast")(op("size")(mean), "float32")
    unbiased = variance * (count / op("math.maximum")(count - 1.0, 1.0)) if is_training else variance
    return normal, mean, unbiased


def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Any:
    """Scale a tensor so that its norm over its number of elements is at most ``clip_norm``."""
    tensor = tensor_of(t)
    count = op("cast")(op("size")(tensor), tensor.dtype)
    norm = op("math.sqrt")(op("math.reduce_sum")(tensor * tensor)) / count
    limit = op("cast")(clip_norm, tensor.dtype)
    return op("math.multiply")(tensor, limit / op("math.maximum")(norm, limit), name=name)


def print_when_run(
    input_: Any,
    data: Any,
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Any:
    """Return a tensor, and print others whenever it is computed, ``tf.compat.v1.Print``."""
    del first_n
    if not building():
        op("print")(message or "", *data, summarize=summarize or 3)
        return tensor_of(input_)
    printed = op("print")(message or "", *data, summarize=summarize or 3)
    with control_dependencies([printed]):
        return op("identity")(input_, name=name)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const", verify_shape: bool = False) -> Any:
    """Return a tensor of given values; where there are fewer than the shape has, the last one is repeated.

    Args:
        value: numbers or strings, nested.
        dtype: the type.
        shape: the shape.
        name: the operation's name.
        verify_shape: whether the values must have the shape.

    Raises:
        TypeError: they must have it and do not.
    """
    if verify_shape and shape is not None and list(np.shape(value)) != list(shape):
        raise TypeError(f"Expected Tensor's shape: {tuple(shape)}, got {np.shape(value)}.")
    if shape is not None and not verify_shape:
        given, count = np.asarray(value).ravel(), int(np.prod(shape))
        if 1 < given.size < count:
            value = np.concatenate([given, np.repeat(given[-1:], count - given.size)])
            value = value.astype(np.float32) if value.dtype == np.float64 else value
            value = value.astype(np.int32) if value.dtype == np.int64 else value
    return op("constant")(value, dtype, shape, name=name)


def py_func(func: Callable[..., Any], inp: Any, Tout: Any, stateful: bool = True, name: str | None = None) -> Any:  # noqa: N803
    """Call Python with NumPy arrays whenever the graph runs, ``tf.compat.v1.py_func``."""
    return op("numpy_function")(func, inp, Tout, stateful, name)


def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: float | None = None,
) -> Any:
    """Return rows of a table by their numbers, ``tf.compat.v1.nn.embedding_lookup``.

    Args:
        params: the table, or several of one size that make it up.
        ids: numbers of rows.
        partition_strategy: how several make up the table: ``"mod"``, row by row in turn, or ``"div"``, one after the
            other.
        name: the operation's name.
        validate_indices: accepted and ignored.
        max_norm: the norm that rows have at most; ``None`` for any.

    Raises:
        ValueError: there is no such strategy, or tables that take turns are not of one size.
    """
    del validate_indices
    return op("nn.embedding_lookup")(joined_table(params, partition_strategy), ids, max_norm=max_norm, name=name)


def joined_table(params: Any, partition_strategy: str) -> Any:
    """Return the table that one or several make up; arguments and errors as of ``embedding_lookup``."""
    if partition_strategy not in ("mod", "div"):
        raise ValueError(f'Unrecognized partition strategy: Must be one of "mod" or "div"; got {partition_strategy!r}.')
    if not isinstance(params, list | tuple) or len(params) == 1:
        return params[0] if isinstance(params, list | tuple) else params
    if partition_strategy == "div":
        return op("concat")(list(params), 0)
    sizes = {tensor_of(one).shape.as_list()[0] for one in params}
    if len(sizes) > 1:
        raise ValueError(f"params: tables that take turns must have as many rows each; received {sorted(sizes)}.")
    turns = op("stack")([tensor_of(one) for one in params], 1)
    return op("reshape")(turns, [-1, *turns.shape.as_list()[2:]])


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """Return the value of a tensor as a NumPy array where it is known while a graph is built, ``tf.get_static_value``.

    Args:
        tensor: a tensor.
        partial: accepted and ignored.

    Returns:
        The value, or ``None`` where it depends on what is fed, or is large.
    """
    if not isinstance(tensor, GraphTensor):
        return NAMES["get_static_value"](tensor, partial)
    one, other = tensor.samples or (None, None)
    known = isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and tensor.op.role != "placeholder"
    if not known or not np.array_equal(one, other):  # type: ignore[arg-type]  # arrays, as was asked
        return None
    return one
