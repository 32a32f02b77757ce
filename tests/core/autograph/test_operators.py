"""What converted code calls finds the right function to call."""

from __future__ import annotations

import functools

import jax
import numpy as np
import pytest

from tenon.core.autograph import convert
from tenon.core.autograph._operators import operators_for
from tests.core.autograph.jax_staging import STAGING, compiled


def positive(x):
    return 1 if x > 0 else 0


class StaticCall:
    """Its ``__call__`` takes no ``self``."""

    @staticmethod
    def __call__(x):
        return positive(x)


class OwnCall:
    """An instance's own ``__call__`` means nothing to Python."""

    def __init__(self):
        self.__call__ = lambda x: "never"

    def __call__(self, x):
        return positive(x)


class Scaled:
    """Called through its class."""

    def __call__(self, x):
        return 2 if x > 0 else 1


class Meta(type):
    """A metaclass whose classes are called through it, and have no hash."""

    def __eq__(cls, other):
        return cls is other

    def __call__(cls, x):
        return super().__call__(x)


class Made(metaclass=Meta):
    """What a metaclass makes."""

    def __init__(self, x):
        self.x = x


def test_operators_are_made_once_for_a_way_of_staging():
    assert operators_for(STAGING, True) is operators_for(STAGING, True)
    assert operators_for(STAGING, True) is not operators_for(STAGING, False)


@pytest.mark.parametrize("function", [StaticCall(), OwnCall(), functools.partial(functools.partial(positive))])
def test_objects_are_called_as_python_calls_them(function):
    assert convert(lambda x: function(x), STAGING)(3) == 1


def test_an_object_whose_call_is_a_users_method_is_converted():
    assert int(compiled(lambda x: Scaled()(x))(3)) == 2


def test_classes_are_called_plainly():
    assert convert(lambda x: Made(x).x, STAGING)(3) == 3


def test_arguments_of_partials_come_first_and_keywords_last_win():
    def function(*args, **kwargs):
        return args, kwargs

    made = functools.partial(functools.partial(function, 1, a=1, b=1), 2, b=2, c=2)
    assert convert(lambda: made(3, c=3), STAGING)() == made(3, c=3)


def test_what_cannot_be_called_fails_as_in_python():
    with pytest.raises(TypeError, match="'int' object is not callable"):
        convert(lambda x: x(1), STAGING)(3)


def test_a_builtin_is_replaced_only_for_tensors():
    def function(x, values):
        return len(x) + len(values), max(values), int("7", base=8), list(range(2)), float(x=x) if False else 0.5

    assert jax.jit(convert(function, STAGING), static_argnums=1)(np.arange(3), (1, 5))[1] == 5
    assert convert(function, STAGING)([1, 2], (4, 3)) == function([1, 2], (4, 3))
