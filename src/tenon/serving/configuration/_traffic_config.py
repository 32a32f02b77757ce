"""The file of the rules of traffic."""

from __future__ import annotations

from tenon.base import InvalidArgumentError
from tenon.serving.traffic import TrafficTable, read_traffic_table


def parse_traffic_table(content: bytes, source: str) -> TrafficTable:
    """Parse the JSON of a ``--traffic_config_file``.

    Args:
        content: of the file.
        source: its name, for errors.

    Raises:
        InvalidArgumentError: it breaks a rule.
    """
    try:
        return read_traffic_table(content)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"{source}: {error.message}") from error
