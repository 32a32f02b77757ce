"""PredictRequests: read whole once, and by comparison where nothing but the numbers of a tensor has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from tenon.base import InvalidArgumentError, TensorSpec
from tenon.formats import decode_varint, make_ndarray, message_class
from tenon.serving.answering import MAX_GROWTH_BYTES
from tenon.serving.grpc._parsing import parsed, servable_request
from tenon.serving.servables import ServableRequest

LARGE = 4096
"""Bytes of a message from which on protocol buffers' copies of it cost more than a comparison."""

MAX_FRAME_BYTES = 1024
"""What may stand around a tensor in a message that is remembered."""

MAX_SIZES, MAX_ALIKE = 64, 8
"""Sizes of messages that are remembered, and messages of one size."""

MAX_FIELDS = 64
"""Fields of a message that are looked at; more of them are not as usual."""

PAUSE = 15
"""Large messages that are left to protocol buffers after one that is not as usual."""

_PredictRequest: Final = message_class("tensorflow.serving.PredictRequest")
_VARINT, _LENGTH_DELIMITED = 0, 2
_INPUTS, _KEY, _VALUE, _TENSOR_CONTENT = (number << 3 | _LENGTH_DELIMITED for number in (2, 1, 2, 4))


class PredictRequest(NamedTuple):
    """What a client asks of Predict.

    Args:
        servable: which servable.
        signature_name: which signature; empty for the default.
        output_filter: names of the outputs wanted; empty for all.
        protos: the inputs as messages, by name.
        known: inputs that are arrays already, by name; they are in ``protos`` too, perhaps without their numbers.
    """

    servable: ServableRequest
    signature_name: str
    output_filter: tuple[str, ...]
    protos: Mapping[str, Any]
    known: Mapping[str, np.ndarray]

    def arrays(self, specs: Mapping[str, TensorSpec]) -> dict[str, np.ndarray]:
        """Return all inputs as arrays, perhaps read-only, and not aligned to the size of their elements.

        Raises:
            InvalidArgumentError: one is no tensor.
        """
        del specs  # the messages tell their own dtypes
        known = self.known
        return {name: known[name] if name in known else _array(name, proto) for name, proto in self.protos.items()}


@dataclass(frozen=True)
class _Frame:
    """A message without the numbers of one tensor: what another must repeat, byte by byte, to mean the same.

    Lengths stand in front of what they measure, so where head, tail and size are equal, the numbers lie in one place.
    """

    size: int
    head: bytes
    tail: bytes
    request: PredictRequest
    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    count: int

    def fits(self, data: bytes) -> bool:
        return len(data) == self.size and data.startswith(self.head) and data.endswith(self.tail)

    def fill(self, data: bytes) -> PredictRequest:
        """Return the request with the numbers of another message that fits; they are a view of its bytes."""
        array = np.frombuffer(data, self.dtype, self.count, len(self.head)).reshape(self.shape)
        return self.request._replace(known={self.name: array})


class PredictRequests:
    """Reads the requests of one event loop.

    A client that sends image after image repeats everything around the numbers. The first message of its kind is
    parsed by protocol buffers; one that is equal to it but for the content of its one large tensor means the same.
    Nothing of a request is kept besides what stood around that content.
    """

    def __init__(self) -> None:
        self._frames: dict[int, list[_Frame]] = {}
        self._pause = 0

    def read(self, data: bytes) -> PredictRequest:
        """Return what a message asks.

        Args:
            data: a ``tensorflow.serving.PredictRequest``.

        Raises:
            InvalidArgumentError: it is none, or names no model.
        """
        for frame in self._frames.get(len(data), ()):
            if frame.fits(data):
                return frame.fill(data)
        message = parsed(_PredictRequest, data)
        request = PredictRequest(
            servable_request(message),
            message.model_spec.signature_name,
            tuple(message.output_filter),
            message.inputs,
            {},
        )
        if len(data) >= LARGE:
            self._remember(data, request)
        return request

    def _remember(self, data: bytes, request: PredictRequest) -> None:
        self._pause -= 1
        if self._pause >= 0:
            return
        frame = _frame(data, request)
        self._pause = PAUSE if frame is None else 0
        if frame is None:
            return
        if len(self._frames) >= MAX_SIZES:
            self._frames.clear()
        alike = self._frames.setdefault(len(data), [])
        if len(alike) >= MAX_ALIKE:
            alike.clear()
        alike.append(frame)


def _frame(data: bytes, request: PredictRequest) -> _Frame | None:
    """Return what stands around the content of a message's one large tensor; ``None`` where that is not as usual."""
    try:
        name, start, stop = _content_place(data)
        if len(data) - (stop - start) > MAX_FRAME_BYTES:
            return None
        array = make_ndarray(request.protos[name])
    except (ValueError, InvalidArgumentError):
        return None
    message = parsed(_PredictRequest, data)
    message.inputs[name].ClearField("tensor_content")
    kept = request._replace(protos=message.inputs)
    return _Frame(len(data), data[:start], data[stop:], kept, name, array.dtype, array.shape, array.size)


def _content_place(data: bytes) -> tuple[str, int, int]:
    """Return the name of the largest input, and where its content begins and ends.

    Protocol buffers take more than clients write: fields that come again and replace what was there. Where such a field
    could replace the content, or its tensor, the message is refused.

    Raises:
        ValueError: the message has another form.
    """
    entries = [(start, stop) for tag, start, stop in _fields(data, 0, len(data)) if tag == _INPUTS]
    names = [data[slice(*_only(data, entry, _KEY))] for entry in entries]
    largest = max(entries, key=lambda place: place[1] - place[0], default=(0, 0))
    tensor = _only(data, largest, _VALUE)
    if len(names) != len(set(names)):
        raise ValueError("a name comes twice")
    return names[entries.index(largest)].decode(), *_only(data, tensor, _TENSOR_CONTENT)


def _only(data: bytes, place: tuple[int, int], wanted: int) -> tuple[int, int]:
    """Return where the only field with a tag lies, in the message at some place.

    Raises:
        ValueError: there is none, or another.
    """
    [found] = [(start, stop) for tag, start, stop in _fields(data, *place) if tag == wanted]
    return found


def _fields(data: bytes, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Yield the fields of the message in a part of the data: tag, begin and end of the value.

    Raises:
        ValueError: one does not end inside, or is neither a varint nor of stated length; or there are too many.
    """
    for _ in range(MAX_FIELDS):
        if start >= stop:
            return
        tag, start = decode_varint(data, start)
        value, begin = decode_varint(data, start)
        if tag & 7 not in (_VARINT, _LENGTH_DELIMITED):
            raise ValueError(f"a field of wire type {tag & 7}")
        start = begin + value if tag & 7 == _LENGTH_DELIMITED else begin
        if start > stop:
            raise ValueError("a field ends behind its message")
        yield tag, begin, start
    raise ValueError("too many fields")


def _array(name: str, proto: Any) -> np.ndarray:
    try:
        return make_ndarray(proto, max_bytes=MAX_GROWTH_BYTES)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"tensor parsing error: {name}: {error.message}") from error
