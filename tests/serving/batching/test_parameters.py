"""BatchingParameters: TensorFlow Serving's fields and rules, Tenon's and TensorFlow Serving's defaults."""

import pytest
from google.protobuf import text_format

from tenon.base import InvalidArgumentError, processor_count
from tenon.formats import descriptor_pool, message_class
from tenon.serving.batching import BatchingParameters

BROKEN = [
    ({"max_batch_size": 0}, "max_batch_size must be positive; was 0"),
    ({"max_batch_size": 2**17}, "at most 65536; received 131072"),
    ({"batch_timeout_micros": -1}, "batch_timeout_micros must be non-negative; was -1"),
    ({"max_enqueued_batches": 0}, "max_enqueued_batches must be positive; was 0"),
    ({"num_batch_threads": 0}, "num_batch_threads must be positive; was 0"),
    ({"allowed_batch_sizes": (4, 2, 64)}, r"entries must be monotonically increasing; was \[4, 2, 64\]"),
    ({"allowed_batch_sizes": (64, 64)}, "entries must be monotonically increasing"),
    ({"allowed_batch_sizes": (0, 64)}, "entries must be positive"),
    ({"allowed_batch_sizes": (8, 32)}, "must match max_batch_size; last entry was 32; expected 64"),
    (
        {"allowed_batch_sizes": (8, 64), "max_execution_batch_size": 32},
        "must be equal to max_execution_batch_size; last entry was 64; expected 32",
    ),
    ({"max_execution_batch_size": 0}, "max_execution_batch_size must be positive; was 0"),
    ({"max_execution_batch_size": 65}, "max_batch_size must be greater than or equal to max_execution_batch_size"),
    (
        {"max_execution_batch_size": 32, "enable_large_batch_splitting": False},
        "max_execution_batch_size needs enable_large_batch_splitting; was 32 without it",
    ),
]


@pytest.mark.parametrize(("fields", "text"), BROKEN)
def test_parameters_that_break_a_rule_are_refused(fields, text):
    with pytest.raises(InvalidArgumentError, match=text):
        BatchingParameters(**fields)


def test_tenons_defaults_have_powers_of_two_and_take_requests_of_any_length():
    parameters = BatchingParameters()
    assert parameters.batch_sizes == (1, 2, 4, 8, 16, 32, 64)
    assert parameters.batch_timeout_micros == 0
    assert parameters.max_request_rows is None
    assert parameters.num_batch_threads == processor_count()


def test_an_execution_size_bounds_requests_by_the_batch_size():
    parameters = BatchingParameters(max_batch_size=100, max_execution_batch_size=24)
    assert parameters.batch_sizes == (1, 2, 4, 8, 16, 24)
    assert parameters.max_request_rows == 100


def read(text):
    message = message_class("tensorflow.serving.BatchingParameters")()
    return BatchingParameters.from_proto(text_format.Parse(text, message, descriptor_pool=descriptor_pool()))


def test_an_empty_file_means_tensorflow_servings_defaults():
    assert read("") == BatchingParameters(
        max_batch_size=1000, max_enqueued_batches=10, enable_large_batch_splitting=False
    )
    assert read("").max_request_rows == 1000


def test_every_field_of_the_file_is_read():
    text = """
      max_batch_size { value: 128 } batch_timeout_micros { value: 2000 } max_enqueued_batches { value: 3 }
      num_batch_threads { value: 5 } thread_pool_name { value: "ignored" } allowed_batch_sizes: 8
      allowed_batch_sizes: 32 pad_variable_length_inputs: true enable_large_batch_splitting { value: true }
      max_execution_batch_size { value: 32 }
    """
    assert read(text) == BatchingParameters(128, 2000, 3, 5, (8, 32), True, True, 32)


def test_splitting_without_an_execution_size_runs_the_batch_size():
    parameters = read("max_batch_size { value: 16 } enable_large_batch_splitting { value: true }")
    assert (parameters.execution_batch_size, parameters.max_request_rows) == (16, 16)


def test_an_execution_size_says_nothing_without_splitting():
    assert read("max_batch_size { value: 16 } max_execution_batch_size { value: 4 }").execution_batch_size == 16


def test_a_file_with_a_bad_value_is_refused():
    with pytest.raises(InvalidArgumentError, match="num_batch_threads must be positive; was -2"):
        read("num_batch_threads { value: -2 }")
