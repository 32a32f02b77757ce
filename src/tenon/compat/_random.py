"""Random operations of graphs: new numbers at every run, by the seeds of the graph and of the operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tenon.compat._calls import recorded
from tenon.compat._graph import get_default_graph
from tenon.compat._mode import building
from tenon.compat._ops import op
from tenon.core import NAMES
from tenon.core.tensors import as_dtype, float32


def set_random_seed(seed: Any) -> None:
    """Set the seed of the random operations that the default graph gets from now on, ``tf.compat.v1.set_random_seed``.

    In eager code it is ``tf.random.set_seed``.
    """
    if building():
        get_default_graph().seed = None if seed is None else int(seed)
    else:
        NAMES["random.set_seed"](seed)


def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """Return the seeds of the graph and of an operation as random operations take them, ``tf.compat.v1.get_seed``."""
    graph = get_default_graph()
    if graph.seed is None:
        return (None, None) if op_seed is None else (87654321, op_seed)
    return graph.seed, graph.version if op_seed is None else op_seed


def _random(path: str, kind: str, name: str | None, seed: Any, *args: Any, **kwargs: Any) -> Any:
    """Add a random operation; in eager code, draw at once."""
    if not building():
        return op(path)(*args, **kwargs, seed=seed)
    seeds = (get_default_graph().seed, None if seed is None else int(seed))
    function = _STATELESS[path]
    return recorded(kind, name, function, args, kwargs, random=True, random_seeds=seeds, role="random")


_STATELESS: Final[Mapping[str, Callable[..., Any]]] = {
    "random.normal": NAMES["random.stateless_normal"],
    "random.truncated_normal": NAMES["random.stateless_truncated_normal"],
    "random.uniform": NAMES["random.stateless_uniform"],
    "random.gamma": NAMES["random.stateless_gamma"],
    "random.poisson": NAMES["random.stateless_poisson"],
    "random.categorical": NAMES["random.stateless_categorical"],
    "random.shuffle": NAMES["random.experimental.stateless_shuffle"],
}


def random_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, seed: Any = None, name: str | None = None
) -> Any:
    """Return normally distributed numbers; arguments as of ``tf.random.normal``."""
    return _random("random.normal", "random_normal", name, seed, shape, mean=mean, stddev=stddev, dtype=dtype)


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, seed: Any = None, name: str | None = None
) -> Any:
    """Return normal numbers within two standard deviations; arguments as of ``tf.random.truncated_normal``."""
    return _random(
        "random.truncated_normal", "truncated_normal", name, seed, shape, mean=mean, stddev=stddev, dtype=dtype
    )


def random_uniform(
    shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = float32, seed: Any = None, name: str | None = None
) -> Any:
    """Return evenly spread numbers; arguments as of ``tf.random.uniform``."""
    if as_dtype(dtype).is_integer and maxval is None:
        raise ValueError("Must specify maxval for integer dtype %r" % as_dtype(dtype))  # noqa: UP031
    return _random("random.uniform", "random_uniform", name, seed, shape, minval=minval, maxval=maxval, dtype=dtype)


def random_gamma(
    shape: Any, alpha: Any, beta: Any = None, dtype: Any = float32, seed: Any = None, name: str | None = None
) -> Any:
    """Return numbers of gamma distributions; arguments as of ``tf.random.gamma``."""
    return _random("random.gamma", "random_gamma", name, seed, shape, alpha=alpha, beta=beta, dtype=dtype)


def random_poisson(lam: Any, shape: Any, dtype: Any = float32, seed: Any = None, name: str | None = None) -> Any:
    """Return numbers of Poisson distributions, ``tf.compat.v1.random_poisson``: the rates come first."""
    return _random("random.poisson", "random_poisson", name, seed, shape, lam=lam, dtype=dtype)


def poisson(shape: Any, lam: Any, dtype: Any = float32, seed: Any = None, name: str | None = None) -> Any:
    """Return numbers of Poisson distributions; arguments as of ``tf.random.poisson``."""
    return random_poisson(lam, shape, dtype, seed, name)


def multinomial(
    logits: Any, num_samples: Any, seed: Any = None, name: str | None = None, output_dtype: Any = None
) -> Any:
    """Return classes drawn for each row of logits, ``tf.compat.v1.multinomial``."""
    dtype = "int64" if output_dtype is None else output_dtype
    return _random("random.categorical", "Multinomial", name, seed, logits, num_samples, dtype=dtype)


def categorical(logits: Any, num_samples: Any, dtype: Any = None, seed: Any = None, name: str | None = None) -> Any:
    """Return classes drawn for each row of logits; arguments as of ``tf.random.categorical``."""
    return multinomial(logits, num_samples, seed, name, dtype)


def random_shuffle(value: Any, seed: Any = None, name: str | None = None) -> Any:
    """Return the rows in random order; arguments as of ``tf.random.shuffle``."""
    return _random("random.shuffle", "RandomShuffle", name, seed, value)


def random_crop(value: Any, size: Any, seed: Any = None, name: str | None = None) -> Any:
    """Return a block of a tensor at a random place, ``tf.random_crop``."""
    if not building():
        return NAMES["image.random_crop"](value, size, seed, name)
    shape = op("shape")(value)
    places = random_uniform(op("shape")(shape), 0, 2**31 - 1, "int32", seed)
    begin = op("math.floormod")(places, shape - size + 1)
    return op("slice")(value, begin, size, name=name)


def dropout_at(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None, name: str | None = None) -> Any:
    """Return a tensor of which elements are zero with a probability, and the others larger; ``tf.nn.dropout``."""
    if not building():
        return NAMES["nn.dropout"](x, rate, noise_shape, seed, name)
    if isinstance(rate, int | float) and not isinstance(rate, bool):
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be a scalar tensor or a float in the range [0, 1), got {rate!r}")
        if rate == 0:
            return op("identity")(x)
    seeds = (get_default_graph().seed, None if seed is None else int(seed))
    return recorded(
        "dropout", name, _dropped, (x, rate, noise_shape), {}, random=True, random_seeds=seeds, role="random"
    )


def _dropped(x: Any, rate: Any, noise_shape: Any, seed: Any) -> Any:
    return NAMES["nn.experimental.stateless_dropout"](x, rate, seed, noise_shape=noise_shape)
