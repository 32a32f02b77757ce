import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError

FIELDS = st.text('ab ",\n', max_size=6)


def columns(*arguments, **options):
    return [column.numpy().tolist() for column in tf.io.decode_csv(*arguments, **options)]


@given(st.lists(FIELDS, min_size=2, max_size=4))
def test_lines_are_read_as_pythons_csv_writes_them(fields):
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="").writerow(fields)
    assert columns([line.getvalue()], [""] * len(fields)) == [[field.encode()] for field in fields]


def test_columns_have_the_dtypes_of_their_defaults():
    found = tf.io.decode_csv(["1,2.5,a,7", ",,,"], [9, 9.0, "z", tf.constant([3], tf.int64)])
    assert [column.dtype for column in found] == [tf.int32, tf.float32, tf.string, tf.int64]
    assert [column.numpy().tolist() for column in found] == [[1, 9], [2.5, 9.0], [b"a", b"z"], [7, 3]]


def test_shapes_are_kept():
    assert columns([["1,2"], ["3,4"]], [0, 0]) == [[[1], [3]], [[2], [4]]]
    assert columns("1,2", [0, 0]) == [1, 2]
    assert columns(np.empty((0,), object), [0, ""]) == [[], []]


def test_columns_can_be_selected():
    assert columns(["1,2,3"], [0, 0], select_cols=[0, 2]) == [[1], [3]]
    with pytest.raises(ValueError, match="select_cols is not strictly increasing"):
        columns(["1,2,3"], [0, 0], select_cols=[2, 0])
    with pytest.raises(ValueError, match="Length of select_cols and record_defaults do not match"):
        columns(["1,2,3"], [0, 0], select_cols=[0])
    with pytest.raises(ValueError, match="select_cols contains negative values"):
        columns(["1,2,3"], [0], select_cols=[-1])


def test_separators_quotes_and_missing_values_can_be_said():
    assert columns(["a;b"], ["", ""], field_delim=";") == [[b"a"], [b"b"]]
    assert columns(['"a,b'], ["", ""], use_quote_delim=False) == [[b'"a'], [b"b"]]
    assert columns(["NA,1"], [5, 0], na_value="NA") == [[5], [1]]
    with pytest.raises(InvalidArgumentError, match="field_delim should be only 1 char; received ',,'"):
        columns(["a"], [""], field_delim=",,")


@pytest.mark.parametrize(
    ("line", "defaults", "message"),
    [
        ("1,2", [0, 0, 0], "Expect 3 fields but have 2 in record 0"),
        ("", [""], "Expect 1 fields but have 0 in record 0"),
        (",1", [tf.constant([], tf.int32), 0], "Field 0 is required but missing in record 0!"),
        ("a,1", [0, 0], "Field 0 in record 0 is not a valid int32: a"),
        ("3000000000", [0], "Field 0 in record 0 is not a valid int32: 3000000000"),
        ('a"b', [""], "Unquoted fields cannot have quotes/CRLFs inside"),
        ('"a"b', [""], "Quote inside a string has to be escaped by another quote"),
        ('"a', [""], "Quoted field has to end with quote followed by delim or end"),
        ("true", [False], "record_defaults: bool is not in the list of allowed values"),
        ("1", [tf.constant([1, 2])], "record_defaults: must be one value each, or none"),
    ],
)
def test_what_does_not_fit_is_refused(line, defaults, message):
    with pytest.raises(InvalidArgumentError, match=message):
        columns([line], defaults)


def test_numbers_that_are_too_large_are_infinite():
    assert columns(["1e40"], [0.0]) == [[float("inf")]]
