"""How arguments of a call meet the parameters of a Python function: by position, defaults filled in."""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from tenon.base import FailedPreconditionError

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Binder:
    """Puts the arguments of calls in the order of the parameters.

    What ``*args`` and ``**kwargs`` of the function take stands as one tuple and one dict.

    Args:
        function: anything that can be called and has a signature.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.signature = _signature(function)
        self.parameters = tuple(self.signature.parameters.values())
        self._plain = len(self.parameters) if all(p.kind in _POSITIONAL for p in self.parameters) else -1

    def bound(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return one value for each parameter.

        Raises:
            TypeError: the arguments do not fit the parameters.
        """
        if not kwargs and len(args) == self._plain:
            return args
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise self.refusal(str(error), args, kwargs) from None
        bound.apply_defaults()
        return tuple(bound.arguments.values())

    def spread(self, values: tuple[Any, ...]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments and keyword arguments of a call that gives the parameters these values."""
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for parameter, value in zip(self.parameters, values, strict=True):
            if parameter.kind in _POSITIONAL:
                args.append(value)
            elif parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                args.extend(value)
            elif parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                kwargs[parameter.name] = value
            else:
                kwargs.update(value)
        return tuple(args), kwargs

    def refusal(self, reason: str, args: Any, kwargs: Any) -> TypeError:
        """Return the error that says why arguments do not fit."""
        return TypeError(
            f"Binding inputs to tf.function failed due to `{reason}`. Received args: {args} and kwargs: {dict(kwargs)} "
            f"for signature: {self.described()}."
        )

    def described(self) -> str:
        """Return the signature as text, values of defaults left out."""
        hidden = [
            p.replace(default=_Hidden(), annotation=inspect.Parameter.empty)
            if p.default is not inspect.Parameter.empty
            else p.replace(annotation=inspect.Parameter.empty)
            for p in self.parameters
        ]
        return str(inspect.Signature(hidden))


class WeakMethod:
    """A method of an object that it does not keep alive.

    Args:
        function: the function, which takes the object first.
        instance: the object.
    """

    def __init__(self, function: Callable[..., Any], instance: Any) -> None:
        self.__func__ = function
        self._instance = weakref.ref(instance)
        self._owner = type(instance).__name__
        functools.update_wrapper(self, function)
        self.__signature__ = inspect.signature(function.__get__(instance, type(instance)))

    @property
    def __self__(self) -> Any:
        """The object.

        Raises:
            FailedPreconditionError: it is gone.
        """
        instance = self._instance()
        if instance is None:
            raise FailedPreconditionError(
                f"tf.function: the {self._owner} object whose method {getattr(self.__func__, '__name__', '')!r} this "
                "is has "
                "been deleted; keep a reference to it as long as the method is called."
            )
        return instance

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__func__(self.__self__, *args, **kwargs)


class _Hidden:
    def __repr__(self) -> str:
        return "<captured_default_value>"


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # a builtin without one
        anything = [
            inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
            inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
        ]
        return inspect.Signature(anything)
