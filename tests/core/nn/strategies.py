"""Windows of every kind, over images that are just large enough for one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

_NUMBERS = np.random.default_rng(7)


@dataclass(frozen=True)
class Case:
    """An image and how windows move over it, one number or pair for each spatial dimension."""

    images: np.ndarray
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str | list[tuple[int, int]]
    dilations: tuple[int, ...]

    @property
    def rank(self) -> int:
        return len(self.sizes)

    @property
    def explicit(self) -> object:
        """The padding as TensorFlow takes it."""
        return self.padding if isinstance(self.padding, str) else [[0, 0], *map(list, self.padding), [0, 0]]


def numbers(*shape: int) -> np.ndarray:
    """Numbers of which no two are equal."""
    return _NUMBERS.permutation(int(np.prod(shape))).reshape(shape) / np.prod(shape) - 0.5


@st.composite
def cases(draw, ranks=(1, 2, 3), explicit=True, dilated=True, channels=(1, 4), strided_or_dilated=False):
    rank = draw(st.sampled_from(ranks))

    def each(low, high):
        return tuple(draw(st.lists(st.integers(low, high), min_size=rank, max_size=rank)))

    sizes, strides, dilations = each(1, 3), each(1, 3), each(1, 2) if dilated else (1,) * rank
    if strided_or_dilated and max(strides) > 1:
        dilations = (1,) * rank
    more = each(0, 3)
    lengths = [(size - 1) * dilation + 1 + extra for size, dilation, extra in zip(sizes, dilations, more, strict=True)]
    choices = [st.just("SAME"), st.just("VALID")]
    if explicit:
        choices.append(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=rank, max_size=rank))
    padding = draw(st.one_of(choices))
    images = numbers(draw(st.integers(1, 2)), *lengths, draw(st.integers(*channels)))
    return Case(images, sizes, strides, padding, dilations)
