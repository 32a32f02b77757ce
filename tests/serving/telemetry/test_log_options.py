"""TensorFlow Serving's logging_config."""

import pytest
from google.protobuf import text_format

from tenon.base import InvalidArgumentError
from tenon.formats import descriptor_pool, message_class
from tenon.serving.telemetry import RequestLogOptions


def parsed(text: str) -> RequestLogOptions:
    message = message_class("tensorflow.serving.LoggingConfig")()
    return RequestLogOptions.from_proto(text_format.Parse(text, message, descriptor_pool=descriptor_pool()))


def test_a_logging_config_is_read():
    options = parsed(
        'log_collector_config { type: "parquet" filename_prefix: "/logs/digits" } '
        "sampling_config { sampling_rate: 0.25 }"
    )
    assert options == RequestLogOptions("/logs/digits", 0.25, "parquet")


def test_records_are_the_default():
    assert parsed('log_collector_config { filename_prefix: "a" }') == RequestLogOptions("a", 0.0, "tfrecord")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('log_collector_config { type: "kafka" filename_prefix: "a" }', "log_collector_config.type: .*'kafka'"),
        ("sampling_config { sampling_rate: 0.1 }", "log_collector_config.filename_prefix: must be"),
        ('log_collector_config { filename_prefix: "/" }', "log_collector_config.filename_prefix: must be"),
        (
            'log_collector_config { filename_prefix: "a" } sampling_config { sampling_rate: 2 }',
            "sampling_rate: must lie",
        ),
        ('log_collector_config { filename_prefix: "a" } sampling_config { sampling_rate: nan }', "sampling_rate: must"),
        ('custom_logging_config { type_url: "x/y" }', "custom_logging_config: must not be set"),
    ],
)
def test_what_has_no_meaning_is_refused(text, message):
    with pytest.raises(InvalidArgumentError, match=message):
        parsed(text)


@pytest.mark.parametrize("field", ["max_file_bytes", "max_file_seconds"])
def test_files_have_a_size_and_an_age(field):
    with pytest.raises(InvalidArgumentError, match=f"{field}: must be positive; received 0"):
        RequestLogOptions("a", **{field: 0})
