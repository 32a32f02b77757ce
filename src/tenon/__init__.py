"""Tenon: train, export, serve and watch models on OpenXLA, with TensorFlow's files and protocols.

``import tenon as tf`` has TensorFlow's names. Every name loads when it is first used: ``import tenon`` itself imports
neither JAX nor Keras.

    >>> import tenon as tf
    >>> tf.math.add([1, 2], 3).numpy().tolist()
    [4, 5]
"""

from __future__ import annotations

from typing import Any

from tenon._front_door import install, lookup, names_of

__version__ = "0.1.0"

install()


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return __dir__()
    if name.startswith("__"):
        raise AttributeError(f"module 'tenon' has no attribute {name!r}")
    value = lookup(name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*names_of(""), "__version__"})
