"""What processes tell each other arrives as it was."""

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tenon.base import Code, InternalError, InvalidArgumentError, NotFoundError, ResourceExhaustedError
from tenon.formats import message_class
from tenon.serving import All, Latest, ModelConfig, ModelServerConfig, ServableRequest, ServerOptions, Specific
from tenon.serving.configuration import MonitoringConfig
from tenon.serving.security import TlsConfig
from tenon.serving.telemetry import RequestLogOptions
from tenon.serving.traffic import Breach, Rollback, read_traffic_table
from tenon.serving.workers._assignment import Assignment
from tenon.serving.workers._values import dumps, loads

TABLE = b"""{"models": {"m": {
  "aliases": {"champion": 1, "canary": 3},
  "split": [{"version": "champion", "weight": 95}, {"version": "canary", "weight": 5}],
  "experiments": [{"name": "e", "share": 0.2, "arms": [{"name": "b", "version": 1}, {"name": "r", "version": 3}]}],
  "shadows": [{"version": 7, "sample_rate": 0.1}],
  "rollback": {"canary": "canary", "champion": "champion", "max_error_rate": 0.02}}}}"""

CONFIG = ModelServerConfig(
    (
        ModelConfig("a", Path("/m/a"), Specific((1, 2)), {"stable": 1, "@": 2}),
        ModelConfig("b", Path("/m/b"), All(), logging=RequestLogOptions("/var/log/b", 0.5)),
        ModelConfig("c", Path("/m/c"), Latest(3)),
    )
)

OPTIONS = ServerOptions(
    config=CONFIG,
    ssl=TlsConfig(b"certificate\xff", b"key", b"authority", client_verify=True),
    monitoring=MonitoringConfig(enable=True),
    batching_parameters=message_class("tensorflow.serving.BatchingParameters")(max_batch_size={"value": 8}),
    trusted_keys=(Path("/k1"), Path("/k2")),
    require_signed_models=True,
    compile_cache=Path("cache"),
)

ROLLBACK = Rollback("m", 3, 12.5, "slow", Breach("max_error_rate", 0.02, 0.5, 1e-9, 100, 50))

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.just("@"), inner)
        | st.dictionaries(st.integers(), inner)
        | st.lists(inner).map(tuple)
    ),
)


@given(PLAIN)
def test_plain_values_arrive_as_they_were(value):
    assert loads(dumps(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        CONFIG,
        OPTIONS,
        ROLLBACK,
        read_traffic_table(TABLE),
        ServableRequest("m", label="canary"),
        Assignment(1, 2, 1, OPTIONS, read_traffic_table(TABLE), (ROLLBACK,), 5, 6),
    ],
    ids=lambda value: type(value).__name__,
)
def test_data_classes_arrive_equal_and_of_their_class(value):
    arrived = loads(dumps(value))
    assert arrived == value
    assert type(arrived) is type(value)


def test_errors_arrive_with_code_message_and_advice_when_to_come_again():
    error = loads(dumps(ResourceExhaustedError("too much", retry_after=2.5)))
    assert (type(error), error.message, error.retry_after) == (ResourceExhaustedError, "too much", 2.5)
    assert isinstance(loads(dumps(NotFoundError("nothing here"))), NotFoundError)


def test_an_error_of_a_narrower_class_arrives_as_one_of_its_code():
    class TooLongError(InvalidArgumentError):
        pass

    error = loads(dumps(TooLongError("too long")))
    assert (error.code, error.message) == (Code.INVALID_ARGUMENT, "too long")


def test_what_nobody_expects_is_a_fault_of_ours():
    with pytest.raises(InternalError, match="cannot be told of object"):
        dumps({"x": object()})
