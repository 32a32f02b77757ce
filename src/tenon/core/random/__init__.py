"""Random numbers: TensorFlow's functions, seeds and generators on JAX's counter-based bits.

TensorFlow's rules say which sequences are equal and when they start again; the bits are Tenon's own.

>>> set_seed(1)
>>> first = uniform([2]).numpy()
>>> set_seed(1)
>>> (first == uniform([2]).numpy()).all()
np.True_
"""

from tenon.core.random._algorithms import Algorithm
from tenon.core.random._generator import Generator, create_rng_state
from tenon.core.random._global_generator import get_global_generator, set_global_generator
from tenon.core.random._initializers import Constant, Initializer, Ones, RandomNormal, RandomUniform, Zeros
from tenon.core.random._seeds import set_seed
from tenon.core.random._stateful import (
    categorical,
    gamma,
    normal,
    poisson,
    shuffle,
    truncated_normal,
    uniform,
)
from tenon.core.random._stateless import (
    fold_in,
    index_shuffle,
    split,
    stateless_binomial,
    stateless_categorical,
    stateless_gamma,
    stateless_normal,
    stateless_parameterized_truncated_normal,
    stateless_poisson,
    stateless_shuffle,
    stateless_truncated_normal,
    stateless_uniform,
)

__all__ = [
    "Algorithm",
    "Constant",
    "Generator",
    "Initializer",
    "Ones",
    "RandomNormal",
    "RandomUniform",
    "Zeros",
    "categorical",
    "create_rng_state",
    "fold_in",
    "gamma",
    "get_global_generator",
    "index_shuffle",
    "normal",
    "poisson",
    "set_global_generator",
    "set_seed",
    "shuffle",
    "split",
    "stateless_binomial",
    "stateless_categorical",
    "stateless_gamma",
    "stateless_normal",
    "stateless_parameterized_truncated_normal",
    "stateless_poisson",
    "stateless_shuffle",
    "stateless_truncated_normal",
    "stateless_uniform",
    "truncated_normal",
    "uniform",
]
