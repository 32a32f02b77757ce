"""The private names of JAX that lowering rules and the compile cache need, all in this file.

``tests/xla/test_jax_internals.py`` has a list of them and says which one an installed JAX lacks.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Final

from jax._src import compilation_cache as _compilation_cache
from jax._src.compilation_cache_interface import CacheInterface
from jax.extend.core import Primitive
from jax.interpreters import mlir

__all__ = ["CacheInterface", "forget_store", "holds_a_program", "keep_programs_in", "plain_lowering"]

Store = tuple[CacheInterface, str]
"""What JAX keeps compiled programs in, and the directory."""


def plain_lowering(primitive: Primitive, platform: str) -> Any:
    """Return how JAX lowers a primitive for a platform.

    Args:
        primitive: which.
        platform: ``"cpu"``, ``"cuda"``, ...
    """
    own = mlir._platform_specific_lowerings[platform].get(primitive)
    return (own or mlir._lowerings[primitive]).rule


def forget_store() -> None:
    """Let JAX look at the settings of its compile cache again when it next compiles."""
    _compilation_cache.reset_cache()


def holds_a_program(entry: bytes) -> bool:
    """Tell whether an entry of JAX's compile cache can be unpacked; its checksum tells that nothing is missing."""
    try:
        return bool(_compilation_cache.decompress_executable(entry))
    except (zlib.error, ValueError):
        return False


_own_store: Final = _compilation_cache.get_file_cache


def keep_programs_in(store: Callable[[str], Store | None]) -> None:
    """Let JAX keep programs in what ``store`` makes of a directory; where that is ``None``, in its own.

    Args:
        store: is told the directory.
    """
    _compilation_cache.get_file_cache = lambda path: store(path) or _own_store(path)
