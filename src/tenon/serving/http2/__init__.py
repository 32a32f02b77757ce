"""gRPC over HTTP/2 in an asyncio event loop, made for many small calls."""

from tenon.serving.http2._calls import CallContext, Streaming, Unary
from tenon.serving.http2._connection import Limits
from tenon.serving.http2._server import GrpcServer

__all__ = ["CallContext", "GrpcServer", "Limits", "Streaming", "Unary"]
