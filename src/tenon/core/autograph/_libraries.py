"""Whose functions are left as they are."""

from __future__ import annotations

import sys
from typing import Final

_LIBRARIES: Final = {
    "absl",
    "chex",
    "equinox",
    "flax",
    "grain",
    "hypothesis",
    "IPython",
    "jax",
    "jaxlib",
    "jaxtyping",
    "keras",
    "malt",
    "matplotlib",
    "ml_dtypes",
    "numpy",
    "optax",
    "orbax",
    "pandas",
    "PIL",
    "pytest",
    "_pytest",
    "scipy",
    "sklearn",
    "tenon",
    "tensorboard",
    "tqdm",
}
"""Packages that do without AutoGraph: they stage on their own, or know no tensors."""


def is_library(module: str) -> bool:
    """Tell whether the functions of a module are never converted.

    Example:
        >>> [is_library(name) for name in ("jax.numpy", "collections", "my_model.layers")]
        [True, True, False]
    """
    package = module.partition(".")[0]
    return package in _LIBRARIES or package in sys.stdlib_module_names
