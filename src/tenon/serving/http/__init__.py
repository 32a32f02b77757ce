"""What every API over HTTP shares: requests, responses, errors, deadlines, and the web server below them."""

from tenon.serving.http._bodies import JSON_HEADERS, MAX_INFLATED_BYTES, error_body, inflated_body, plain_body
from tenon.serving.http._messages import (
    HTTP_STATUS,
    BodyTooLargeError,
    Headers,
    HttpApi,
    HttpRequest,
    RequestHeaders,
    Response,
    error_headers,
    http_status,
)
from tenon.serving.http._server import DEFAULT_MAX_REQUEST_BYTES, DEFAULT_TIMEOUT_SECONDS, HttpServer

__all__ = [
    "DEFAULT_MAX_REQUEST_BYTES",
    "DEFAULT_TIMEOUT_SECONDS",
    "HTTP_STATUS",
    "JSON_HEADERS",
    "MAX_INFLATED_BYTES",
    "BodyTooLargeError",
    "Headers",
    "HttpApi",
    "HttpRequest",
    "HttpServer",
    "RequestHeaders",
    "Response",
    "error_body",
    "error_headers",
    "http_status",
    "inflated_body",
    "plain_body",
]
