"""Values of Python that functions are called with."""

import collections

Pair = collections.namedtuple("Pair", "p q")


class Thing:
    """An object that is only itself."""


class Equal:
    """An object that equals others with the same content."""

    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return isinstance(other, Equal) and self.x == other.x

    def __hash__(self):
        return hash(self.x)
