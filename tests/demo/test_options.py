from pathlib import Path

import pytest

from tenon.base import InvalidArgumentError
from tenon.demo import DemoOptions


def test_the_defaults_are_the_digits_on_free_ports() -> None:
    options = DemoOptions()
    assert (options.data, options.label, options.port, options.rest_api_port) == (None, None, 0, 0)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"label": "y"}, "--label: needs --data FILE.csv beside it"),
        ({"data": Path("a.csv")}, "--data: needs --label COLUMN beside it"),
        ({"epochs": 0}, "--epochs: must be at least 1; received 0"),
        ({"port": -1}, "--port: must lie in 0..65535"),
        ({"rest_api_port": 65536}, "--rest-api-port: must lie in 0..65535"),
        ({"port": 8500, "rest_api_port": 8500}, "must differ from --port; received 8500"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, object], rule: str) -> None:
    with pytest.raises(InvalidArgumentError, match=rule):
        DemoOptions(**given)
