"""The frames of HTTP/2 (RFC 9113, section 4 and 6)."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from struct import Struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What a client sends first."""

FRAME_HEADER = Struct(">IBI")
"""Length (24 bits) and type, flags, stream; nine bytes."""

MAX_STREAM_ID = 2**31 - 1
MAX_WINDOW = 2**31 - 1
DEFAULT_WINDOW = 2**16 - 1
DEFAULT_FRAME_SIZE = 2**14
_LARGEST_FRAME_SIZE = 2**24 - 1
_SETTING = Struct(">HI")
_UINT32 = Struct(">I")


class FrameType(IntEnum):
    """The kinds of frames; others are ignored, as the RFC asks."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Flag(IntFlag):
    """The flags of frames."""

    ACK = 0x1
    END_STREAM = 0x1
    END_HEADERS = 0x4
    PADDED = 0x8
    PRIORITY = 0x20


class ErrorCode(IntEnum):
    """Why a stream or a connection ends."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


class Setting(IntEnum):
    """The settings that either side announces."""

    HEADER_TABLE_SIZE = 1
    ENABLE_PUSH = 2
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5
    MAX_HEADER_LIST_SIZE = 6


class Http2Error(Exception):
    """The peer broke a rule that ends the connection.

    Args:
        code: the rule.
        reason: what it did, for its operator.
    """

    def __init__(self, code: ErrorCode, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def frame(kind: FrameType, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Write one frame.

    Example:
        >>> frame(FrameType.PING, Flag.ACK, 0, bytes(8)).hex()
        '0000080601000000000000000000000000'
    """
    return FRAME_HEADER.pack(len(payload) << 8 | kind, flags, stream) + payload


def settings_frame(settings: dict[Setting, int]) -> bytes:
    """Write a SETTINGS frame."""
    return frame(FrameType.SETTINGS, 0, 0, b"".join(_SETTING.pack(key, value) for key, value in settings.items()))


def window_update(stream: int, increment: int) -> bytes:
    """Write a WINDOW_UPDATE frame; stream 0 is the connection."""
    return frame(FrameType.WINDOW_UPDATE, 0, stream, _UINT32.pack(increment))


def reset(stream: int, code: ErrorCode) -> bytes:
    """Write a RST_STREAM frame."""
    return frame(FrameType.RST_STREAM, 0, stream, _UINT32.pack(code))


def go_away(last_stream: int, code: ErrorCode, reason: str = "") -> bytes:
    """Write a GOAWAY frame."""
    return frame(FrameType.GOAWAY, 0, 0, _UINT32.pack(last_stream) + _UINT32.pack(code) + reason.encode())


def read_settings(payload: bytes) -> list[tuple[int, int]]:
    """Read and check the settings of a peer; unknown ones are left out.

    Raises:
        Http2Error: a value outside its range, or a length that is no multiple of six.
    """
    if len(payload) % _SETTING.size:
        raise Http2Error(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS must be a multiple of 6 bytes")
    known = [(key, value) for key, value in _SETTING.iter_unpack(payload) if key in Setting._value2member_map_]
    for key, value in known:
        if key == Setting.INITIAL_WINDOW_SIZE and value > MAX_WINDOW:
            raise Http2Error(ErrorCode.FLOW_CONTROL_ERROR, f"INITIAL_WINDOW_SIZE {value} is too large")
        if key == Setting.MAX_FRAME_SIZE and not DEFAULT_FRAME_SIZE <= value <= _LARGEST_FRAME_SIZE:
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, f"MAX_FRAME_SIZE {value} is out of range")
        if key == Setting.ENABLE_PUSH and value > 1:
            raise Http2Error(ErrorCode.PROTOCOL_ERROR, f"ENABLE_PUSH {value} is no boolean")
    return known


def read_uint32(payload: bytes) -> int:
    """Read the only number of a WINDOW_UPDATE or RST_STREAM, without its reserved bit.

    Raises:
        Http2Error: the payload has another length.
    """
    if len(payload) != _UINT32.size:
        raise Http2Error(ErrorCode.FRAME_SIZE_ERROR, f"4 bytes were due; received {len(payload)}")
    value: int = _UINT32.unpack(payload)[0]
    return value & MAX_WINDOW


def unpadded(payload: bytes, flags: int) -> bytes:
    """Take off the padding of a DATA or HEADERS frame.

    Raises:
        Http2Error: there is more padding than frame.
    """
    if not flags & Flag.PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise Http2Error(ErrorCode.PROTOCOL_ERROR, "the padding is longer than the frame")
    return payload[1 : len(payload) - payload[0]]
