"""Take the values of variables apart into what is staged and what is not, and put them together again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import BuiltinMethodType, MethodType
from typing import Any, Final

import numpy as np

from tenon.core.autograph._staging import Staging, Structure
from tenon.core.autograph._variables import RESULT, Undefined

_NUMBERS: Final = (bool, int, float, complex, np.number, np.bool_)
_NUMERIC_KINDS: Final = "biufcV"
"""NumPy's letters for arrays of numbers; V is that of ml_dtypes."""

_COMPARABLE: Final = (str, bytes, BuiltinMethodType, MethodType)
"""Types whose equal objects may stand for one another."""


class _Staged:
    """Marks the place of a leaf that is staged."""

    def __repr__(self) -> str:
        return "."


STAGED: Final = _Staged()


@dataclass(frozen=True)
class Skeleton:
    """A variable's value without what is staged in it.

    Attributes:
        name: the variable's name.
        structure: how the leaves nest.
        places: the names of the leaves.
        fixed: ``STAGED`` for each leaf that is staged, else the leaf.
    """

    name: str
    structure: Structure
    places: tuple[str, ...]
    fixed: tuple[Any, ...]

    def fill(self, leaves: Mapping[str, Any]) -> Any:
        """Return the value, with the staged leaves taken from ``leaves``."""
        pairs = zip(self.places, self.fixed, strict=True)
        return self.structure.unflatten([leaves[place] if fixed is STAGED else fixed for place, fixed in pairs])

    def fits(self, other: Skeleton) -> bool:
        """Tell whether the same staged leaves fit into both, and all others are the same."""
        if self.structure != other.structure or len(self.fixed) != len(other.fixed):
            return False
        return all(_same(mine, theirs) for mine, theirs in zip(self.fixed, other.fixed, strict=True))

    @property
    def whole(self) -> Any:
        """The value, such as None, if nothing in it is staged; else ``STAGED``."""
        return STAGED if any(leaf is STAGED for leaf in self.fixed) else self.structure.unflatten(self.fixed)

    def __str__(self) -> str:
        return repr(self.structure.unflatten(list(self.fixed)))


@dataclass(frozen=True)
class Packed:
    """The values of some variables.

    Attributes:
        skeletons: one for each variable.
        leaves: all that is staged, by place.
    """

    skeletons: tuple[Skeleton, ...]
    leaves: dict[str, Any]


def pack(staging: Staging, names: Sequence[str], values: Sequence[Any]) -> Packed:
    """Take the values of variables apart."""
    leaves: dict[str, Any] = {}
    return Packed(tuple(_pack(staging, name, value, leaves) for name, value in zip(names, values, strict=True)), leaves)


def unpack(skeletons: Sequence[Skeleton], leaves: Mapping[str, Any]) -> tuple[Any, ...]:
    """Put the values of variables together."""
    return tuple(skeleton.fill(leaves) for skeleton in skeletons)


def zeros(staging: Staging, value: Any) -> Any:
    """Return ``value`` with zeros for all that is staged in it, so that it can come from another trace."""
    packed = pack(staging, [""], [value])
    return unpack(packed.skeletons, {place: staging.zeros_like(leaf) for place, leaf in packed.leaves.items()})[0]


def _pack(staging: Staging, name: str, value: Any, leaves: dict[str, Any]) -> Skeleton:
    found, structure = staging.flatten(value)
    places = tuple(shown(name) + place for place, _ in found)
    staged = partial(_can_be_staged, staging)
    leaves.update((place, leaf) for place, (_, leaf) in zip(places, found, strict=True) if staged(leaf))
    return Skeleton(name, structure, places, tuple(STAGED if staged(leaf) else leaf for _, leaf in found))


def is_result(name: str) -> bool:
    """Tell whether a variable is the one in which malt keeps the function's result."""
    return name.startswith("retval_")


def shown(name: str) -> str:
    """Return what messages call a variable."""
    return RESULT if is_result(name) else name


def _can_be_staged(staging: Staging, leaf: Any) -> bool:
    if isinstance(leaf, np.ndarray):
        return leaf.dtype.kind in _NUMERIC_KINDS
    return isinstance(leaf, _NUMBERS) or staging.is_staged(leaf)


def _same(mine: Any, theirs: Any) -> bool:
    if mine is theirs:
        return True
    if isinstance(mine, Undefined):
        return isinstance(theirs, Undefined)
    return type(mine) is type(theirs) and isinstance(mine, _COMPARABLE) and bool(mine == theirs)
