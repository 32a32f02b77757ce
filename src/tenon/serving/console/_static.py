"""The page and its files, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from tenon.serving.http import Headers, HttpRequest, Response

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

SECURITY_HEADERS: Headers = [
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]
"""What browsers are told with every answer; not to be changed."""

_FOLDER = Path(__file__).parent
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
}
_PLACES = {"static": "/static/", "openapi": "/openapi/"}
_SHORT = {"/": "/static/index.html", "/openapi.json": "/openapi/admin.json"}


@dataclass(frozen=True)
class StaticFile:
    """A file that anybody may have.

    Args:
        content: its bytes.
        content_type: for the header of that name.
        etag: changes with the bytes.
    """

    content: bytes
    content_type: str
    etag: str


@cache
def static_files() -> dict[str, StaticFile]:
    """Return the files by their paths in URLs."""
    found = {
        place + path.relative_to(_FOLDER / folder).as_posix(): _read(path)
        for folder, place in _PLACES.items()
        for path in sorted((_FOLDER / folder).rglob("*"))
        if path.is_file()
    }
    return found | {short: found[path] for short, path in _SHORT.items()}


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    return StaticFile(content, _TYPES[path.suffix], f'"{sha256(content).hexdigest()[:32]}"')


def serve_file(file: StaticFile, request: HttpRequest) -> Response:
    """Return a file, or 304 if the client has it.

    Args:
        file: the file.
        request: ``if-none-match`` is looked at.
    """
    headers = [("Content-Type", file.content_type), ("ETag", file.etag), ("Cache-Control", "no-cache")]
    if request.headers.get("if-none-match") == file.etag:
        return Response(304, headers + SECURITY_HEADERS, b"")
    return Response(200, headers + SECURITY_HEADERS, file.content)
