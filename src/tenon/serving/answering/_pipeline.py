"""What every request passes, whatever its protocol."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from tenon.base import CancelledError, DeadlineExceededError, InternalError, TenonError
from tenon.serving.answering._call import Call
from tenon.serving.servables import Manager, ServableHandle, ServableRequest

T = TypeVar("T")

_CLIENTS_CLOCK = 0.02
"""By what share of its time a client may give up before the server's deadline: gRPC rounds up what it tells."""

_ON_THE_WAY = 0.01
"""Seconds by which it may do so besides: the server's time begins when the request has come."""


class Interceptor(ABC):
    """Sees every request come, find its target, and end.

    The three methods are called in the event loop, in this order, and must not block. Where several interceptors
    stand in a row, ``begin`` and ``admit`` go down the row and ``finish`` comes back up.
    """

    @abstractmethod
    def begin(self, call: Call) -> None:
        """A request has come; only its headers are known.

        Raises:
            TenonError: it is refused. Its ``finish`` is not called then.
        """

    @abstractmethod
    def admit(self, call: Call) -> None:
        """The servable asked for is known (``call.request``); nothing of the model was touched.

        Raises:
            TenonError: it is refused.
        """

    @abstractmethod
    def finish(self, call: Call, error: TenonError | None) -> None:
        """The request has ended, with an answer or with ``error``; called once after every ``begin``."""


class Selector(ABC):
    """Decides which version answers a request that leaves it open."""

    @abstractmethod
    def select(self, call: Call, request: ServableRequest) -> ServableRequest:
        """Return the request as it is to be answered: with a version, or as it came."""


@dataclass(frozen=True)
class AnsweringOptions:
    """What an operator decides of all answers.

    Args:
        check_method_name: Classify, Regress and MultiInference want signatures that are made for them
            (``--enable_signature_method_name_check``).
        tensor_content: gRPC answers carry raw bytes rather than lists of numbers
            (``--enable_serialization_as_tensor_content``).
    """

    check_method_name: bool = False
    tensor_content: bool = False


class Pipeline:
    """Take requests past the interceptors to the servables.

    Args:
        manager: where the versions live.
        interceptors: in the order in which they see a request come.
        selector: decides between versions; ``None`` leaves it to the manager.
        options: what holds for all answers.

    Attributes:
        manager: the manager given.
        options: the options given.

    Example:
        >>> from tenon.serving.answering._call import Protocol
        >>> from tenon.serving.testing import StaticManager, half_plus_two
        >>> pipeline = Pipeline(StaticManager({"m": {3: half_plus_two()}}))
        >>> async def ask(call):
        ...     with pipeline.open(call) as handle:
        ...         return str(handle.id)
        >>> call = Call(Protocol.REST, "Predict", {}.get, 0.0, request=ServableRequest.latest("m"))
        >>> asyncio.run(pipeline.answer(call, lambda: ask(call)))
        '{name: m version: 3}'
    """

    def __init__(
        self,
        manager: Manager,
        interceptors: Sequence[Interceptor] = (),
        selector: Selector | None = None,
        options: AnsweringOptions | None = None,
    ) -> None:
        self.manager = manager
        self.options = options or AnsweringOptions()
        self._begins = tuple([each.begin for each in interceptors])
        self._admits = tuple([each.admit for each in interceptors])
        self._finishes = tuple([each.finish for each in reversed(interceptors)])
        self._selector = selector

    async def answer(self, call: Call, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work of one request between its ``begin`` and its ``finish``.

        Args:
            call: the request.
            work: reads, admits, runs and renders; started only when nobody refuses the request.

        Raises:
            TenonError: of an interceptor, or of the work.
        """
        if not self._begins:
            return await work()
        begun = 0
        error: TenonError | None = None
        try:
            for begin in self._begins:
                begin(call)
                begun += 1
            return await work()
        except BaseException as raised:
            error = _as_error(call, raised)
            raise
        finally:
            for finish in self._finishes[len(self._finishes) - begun :]:
                finish(call, error)

    def admit(self, call: Call, request: ServableRequest | None = None) -> ServableRequest:
        """Let the interceptors look at which servable is asked for, before anything of it is touched.

        Args:
            call: the request.
            request: the servable asked for, if the call does not say so yet.

        Returns:
            The servable asked for.

        Raises:
            TenonError: an interceptor refuses.
        """
        if request is not None:
            call.request = request
        if call.request is None:
            raise InternalError("a call must say which servable it asks for before it is admitted. Report it.")
        for admit in self._admits:
            admit(call)
        return call.request

    def admit_to_server(self, call: Call) -> None:
        """Let the interceptors look at a request that asks the server for something, and no servable.

        Raises:
            TenonError: an interceptor refuses.
        """
        for admit in self._admits:
            admit(call)

    def open(self, call: Call) -> ServableHandle:
        """Return a handle of the version that answers ``call``, which was admitted before, and write it down.

        Raises:
            NotFoundError: no such model, or the version is not available.
            InvalidArgumentError: an unknown label.
        """
        request = call.request
        if request is None:
            raise InternalError("a call must be admitted before its servable is opened. Report it.")
        if self._selector is not None:
            request = self._selector.select(call, request)
        handle = self.manager.servable_handle(request)
        call.id = handle.id
        return handle


def _as_error(call: Call, raised: BaseException) -> TenonError:
    if isinstance(raised, TenonError):
        return raised
    if isinstance(raised, asyncio.CancelledError):
        if _time_is_over(call):
            return DeadlineExceededError("The time that the request had was over.")
        return CancelledError("The client went away.")
    return InternalError(f"{type(raised).__name__}: {raised}")


def _time_is_over(call: Call) -> bool:
    """Whether a call that was cancelled was so for its deadline, by the server's clock or by the client's."""
    if call.deadline is None:
        return False
    early = _ON_THE_WAY + _CLIENTS_CLOCK * (call.deadline - call.started)
    return monotonic() >= call.deadline - early
