"""Where a TensorBundle's parts lie: ``PREFIX.index`` and ``PREFIX.data-SHARD-of-COUNT``."""

from __future__ import annotations

import glob
import os
from pathlib import Path

HEADER_KEY = b""
VERSION = 1


def index_path(prefix: str | os.PathLike[str]) -> Path:
    """Return the path of the table of entries."""
    return Path(f"{os.fspath(prefix)}.index")


def shard_path(prefix: str | os.PathLike[str], shard: int = 0, count: int = 1) -> Path:
    """Return the path of a file of tensors."""
    return Path(f"{os.fspath(prefix)}.data-{shard:05d}-of-{count:05d}")


def shard_files(prefix: str | os.PathLike[str]) -> dict[Path, int]:
    """Return the files that hold tensors of a bundle at this prefix, and how many shards each says there are."""
    path = Path(prefix)
    pattern = f"{glob.escape(path.name)}.data-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9]"
    return {file: int(file.name[-5:]) for file in sorted(path.parent.glob(pattern))}


def fixed_lengths(lengths: list[int]) -> bytes:
    """Return the bytes that stand for string lengths in a checksum: 32 bits each, 64 for those that need it."""
    return b"".join([length.to_bytes(4 if length < 2**32 else 8, "little") for length in lengths])
