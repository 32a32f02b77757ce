"""Whether an audit is what was written: every line holds the hash of the line before it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenon.base import DataLossError, NotFoundError
from tenon.serving.security._audit_files import in_order
from tenon.serving.security._audit_log import START
from tenon.serving.security._audit_records import FIRST_HASH, chain_hash, parse_line


@dataclass(frozen=True)
class AuditSummary:
    """What an intact audit holds.

    Args:
        files: the files, the oldest first.
        lines: how many lines they have.
        complete: whether they begin with the very first line, so that none was rotated away.
        torn: how many lines a killed process left unfinished.
        last_hash: the hash of the last line; a later audit must still contain it.
    """

    files: tuple[Path, ...]
    lines: int
    complete: bool
    torn: int
    last_hash: str


def verify_audit(path: str | os.PathLike[str], known_hash: str | None = None) -> AuditSummary:
    """Check the chain through all files of an audit.

    It shows lines that were changed, inserted, removed or moved. Two things it cannot show by itself: that the newest
    lines were cut off, and that everything was written anew by somebody who may write the files. For these, keep a hash
    elsewhere (a server logs the last one when it stops), and give it here.

    Args:
        path: the newest file; the rotated ones beside it are checked, too.
        known_hash: the hash of a line that must be there.

    Returns:
        What was found.

    Raises:
        NotFoundError: there is no file, or ``known_hash`` is the hash of none of its lines.
        DataLossError: the chain is broken; the message names the file and the line.

    Example:
        >>> import tempfile
        >>> from tenon.serving.security import AuditConfig, AuditLog
        >>> path = Path(tempfile.mkdtemp()) / "audit.jsonl"
        >>> AuditLog(AuditConfig(path)).close()
        >>> verify_audit(path).lines
        1
    """
    files = in_order(Path(path))
    if not files:
        raise NotFoundError(f"{path}: there is no such audit.")
    chain = _Chain()
    seen = known_hash in (None, FIRST_HASH)
    for path_, number, content in _lines(files):
        chain.add(content.removesuffix(b"\n"), f"{path_}, line {number}")
        seen = seen or chain.last_hash == known_hash
    if chain.torn_place and content.endswith(b"\n"):
        raise DataLossError(f"{chain.torn_place}: is no line of an audit.")
    if not seen:
        raise NotFoundError(
            f"{path}: has no line with the hash {known_hash}: lines were cut off, or it is another audit."
        )
    return AuditSummary(tuple(files), chain.lines, chain.complete, chain.torn, chain.last_hash)


def _lines(files: list[Path]) -> Iterator[tuple[Path, int, bytes]]:
    for path in files:
        with open(path, "rb") as file:
            for number, content in enumerate(file, 1):
                yield path, number, content


class _Chain:
    """What has been read so far.

    Attributes:
        lines: how many lines.
        torn: how many of them are unfinished.
        torn_place: where the last of them is, if nothing whole came after it.
        complete: whether the first line was the very first.
        last_hash: what the next line must refer to.
    """

    def __init__(self) -> None:
        self.lines = self.torn = 0
        self.torn_place = ""
        self.complete = False
        self.last_hash = FIRST_HASH
        self._sequence: int | None = None
        self._tail: list[bytes] = []

    def add(self, line: bytes, place: str) -> None:
        """Read the next line.

        Raises:
            DataLossError: it does not follow what is before it.
        """
        fields = parse_line(line)
        if fields is None:
            self.torn, self.torn_place = self.torn + 1, place
        else:
            self._check(fields, place)
            self._sequence, self._tail, self.torn_place = fields["seq"], [], ""
        self._tail.append(line)
        self.lines += 1
        self.last_hash = chain_hash(self._tail)

    def _check(self, fields: dict[str, Any], place: str) -> None:
        if not self.lines:
            self.complete = fields["seq"] == 0
        known = self._sequence is not None or fields["seq"] == 0  # else what is before it was rotated away
        if known and fields.get("prev") != self.last_hash:
            raise DataLossError(
                f"{place}: does not follow the line before it: one of them was changed, or some between them removed."
            )
        if self._sequence is not None and fields["seq"] != self._sequence + 1:
            raise DataLossError(f"{place}: must be number {self._sequence + 1}; received {fields['seq']}.")
        if self.torn_place and fields.get("event") != START:
            raise DataLossError(f"{self.torn_place}: is no line of an audit.")
