"""What a person may choose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tenon.base import InvalidArgumentError


@dataclass(frozen=True)
class DemoOptions:
    """How to run the demo.

    Args:
        output: folder of everything that is written; made when it is missing.
        data: a CSV file with a header row; ``None`` for the bundled digits.
        label: the column of ``data`` to predict; given exactly when ``data`` is.
        epochs: passes over the training rows; ``None`` for what the data usually needs.
        port: gRPC port of the server; 0 takes a free one.
        rest_api_port: REST port of the server; 0 takes a free one.

    Raises:
        InvalidArgumentError: one of ``data`` and ``label`` without the other, or a number out of its range.

    Example:
        >>> DemoOptions().output
        PosixPath('tenon-demo')
    """

    output: Path = Path("tenon-demo")
    data: Path | None = None
    label: str | None = None
    epochs: int | None = None
    port: int = 0
    rest_api_port: int = 0

    def __post_init__(self) -> None:
        if (self.data is None) != (self.label is None):
            given, missing = ("--label", "--data FILE.csv") if self.data is None else ("--data", "--label COLUMN")
            raise InvalidArgumentError(f"{given}: needs {missing} beside it; received {given} alone.")
        if self.epochs is not None and self.epochs < 1:
            raise InvalidArgumentError(f"--epochs: must be at least 1; received {self.epochs}.")
        for name, port in (("--port", self.port), ("--rest-api-port", self.rest_api_port)):
            if not 0 <= port < 2**16:
                raise InvalidArgumentError(f"{name}: must lie in 0..65535, 0 for a free one; received {port}.")
        if self.port == self.rest_api_port != 0:
            raise InvalidArgumentError(f"--rest-api-port: must differ from --port; received {self.port} for both.")
