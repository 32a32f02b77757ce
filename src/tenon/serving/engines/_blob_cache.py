"""What was expensive to make, kept on disk: converted programs, measurements."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tenon.base import write_file

MAX_BYTES = 4 * 1024**3
"""Size at which the blobs that were used longest ago are dropped."""

_log = logging.getLogger("tenon.serving")


class BlobCache:
    """Bytes by key in a directory, which processes may share; what is damaged counts as missing.

    A blob is written whole or not at all, after its SHA-256. When the disk is full or read-only, nothing is kept.

    Args:
        directory: where; made when first needed. ``None`` keeps nothing.
        max_bytes: of all blobs together.
    """

    def __init__(self, directory: Path | None, max_bytes: int = MAX_BYTES) -> None:
        self._directory, self._max_bytes = directory, max_bytes

    def get(self, key: str) -> bytes | None:
        """Return the blob under a key that ``blob_key`` made, or ``None``."""
        if self._directory is None:
            return None
        path = self._directory / key
        try:
            stored = path.read_bytes()
            path.touch()  # used now: others are dropped first
        except OSError:
            return None
        digest, blob = stored[:32], stored[32:]
        return blob if digest == hashlib.sha256(blob).digest() else None

    def put(self, key: str, blob: bytes) -> None:
        """Keep a blob, in place of what the key had, and make room for it."""
        if self._directory is None or len(blob) > self._max_bytes:
            return
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            write_file(self._directory / key, hashlib.sha256(blob).digest() + blob)
            self._drop_oldest()
        except OSError as error:
            _log.warning("compile cache: %s cannot be written: %s", self._directory, error.strerror)

    def read_all(self) -> dict[str, bytes]:
        """Return every blob that is whole, by key."""
        names = [] if self._directory is None or not self._directory.is_dir() else sorted(self._directory.iterdir())
        blobs = {path.name: self.get(path.name) for path in names}
        return {key: blob for key, blob in blobs.items() if blob is not None}

    def _drop_oldest(self) -> None:
        if self._directory is None:
            return
        files = list(_present(self._directory))
        total = sum(stat.st_size for stat, _ in files)
        for stat, path in sorted(files, key=lambda pair: pair[0].st_mtime_ns):
            if total <= self._max_bytes:
                return
            path.unlink(missing_ok=True)
            total -= stat.st_size


def _present(directory: Path) -> Iterator[tuple[os.stat_result, Path]]:
    """Yield the files of a directory; what others rename or drop meanwhile is left out."""
    for path in directory.iterdir():
        with suppress(FileNotFoundError):
            yield path.stat(), path


def blob_key(kind: str, identity: Mapping[str, Any]) -> str:
    """Return a file name for what is determined by ``identity``.

    Args:
        kind: the start of the name.
        identity: all that the blob depends on; can be written as JSON.

    Example:
        >>> blob_key("report", {"signature": "f"})[:14]
        'report-00e96ea'
    """
    canonical = json.dumps(identity, sort_keys=True, separators=(",", ":")).encode()
    return f"{kind}-{hashlib.sha256(canonical).hexdigest()}"
