"""The nouns that every part of serving shares.

*Servable*: the thing that answers. *ServableId*: its name and version. *ServableRequest*: which one a client wants.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenon.base import TensorSpec


@dataclass(frozen=True, order=True)
class ServableId:
    """A servable's name and version; prints as TensorFlow Serving prints it."""

    name: str
    version: int

    def __str__(self) -> str:
        return f"{{name: {self.name} version: {self.version}}}"


@dataclass(frozen=True)
class ServableRequest:
    """Ask for a servable by name and, optionally, by version or label.

    Example:
        >>> str(ServableRequest.latest("digits")), str(ServableRequest.specific("digits", 2))
        ('Latest(digits)', 'Specific(digits, 2)')
    """

    name: str
    version: int | None = None
    label: str | None = None

    @classmethod
    def latest(cls, name: str) -> ServableRequest:
        """Ask for the highest available version."""
        return cls(name)

    @classmethod
    def specific(cls, name: str, version: int) -> ServableRequest:
        """Ask for exactly this version."""
        return cls(name, version)

    def __str__(self) -> str:
        return f"Latest({self.name})" if self.version is None else f"Specific({self.name}, {self.version})"


@dataclass(frozen=True)
class ServableSignature:
    """One signature of a servable.

    Args:
        inputs: a spec per input name.
        outputs: a spec per output name.
        definition: the ``tensorflow.SignatureDef`` message as stored in the SavedModel (tensor names, method name).
    """

    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    definition: Any


class Servable(ABC):
    """The thing that answers: one loaded version of one model.

    Safe to call from many coroutines of one event loop.
    """

    @property
    @abstractmethod
    def signatures(self) -> Mapping[str, ServableSignature]:
        """The signatures by name."""

    @abstractmethod
    async def run(
        self, signature_name: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str] | None = None
    ) -> Mapping[str, np.ndarray]:
        """Run a signature.

        Args:
            signature_name: a key of ``signatures``.
            inputs: an array for every input of the signature, of its dtype.
            outputs: names of the outputs wanted, in order; ``None`` for all.

        Returns:
            The outputs by name, in the order asked for (or the signature's).

        Raises:
            InvalidArgumentError: a shape does not fit the signature, or batch sizes of the inputs differ.
            ResourceExhaustedError: the queue of this signature is full.
        """

    @abstractmethod
    def close(self) -> None:
        """Free the weights and programs; called once, when no handle is left."""
