import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError

FIELDS = {"int64": "int64_list", "float32": "float_list", "string": "bytes_list"}
INTEGERS = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4)


def feature(values, dtype):
    lists = {"int64": tf.train.Int64List, "float32": tf.train.FloatList, "string": tf.train.BytesList}
    return tf.train.Feature(**{FIELDS[dtype]: lists[dtype](value=values)})


def example(dtype="int64", **features):
    row = {key: feature(values, dtype) for key, values in features.items()}
    return tf.train.Example(features=tf.train.Features(feature=row)).SerializeToString()


@settings(max_examples=15)  # each form of the rows compiles its own conversion
@given(st.lists(INTEGERS, min_size=1, max_size=4))
def test_rows_of_any_length_are_read_in_every_way(rows):
    strings = [example(a=row) for row in rows]
    ragged = tf.io.parse_example(strings, {"a": tf.io.RaggedFeature(tf.int64)})["a"]
    sparse = tf.io.parse_example(strings, {"a": tf.io.VarLenFeature(tf.int64)})["a"]
    padded = tf.io.parse_example(strings, {"a": tf.io.FixedLenSequenceFeature([], tf.int64, True)})["a"]
    assert ragged.to_list() == rows
    np.testing.assert_array_equal(tf.sparse.to_dense(sparse).numpy(), padded.numpy())
    np.testing.assert_array_equal(ragged.to_tensor().numpy(), padded.numpy())
    for row, string in zip(rows, strings, strict=True):
        single = tf.io.parse_single_example(string, {"a": tf.io.FixedLenFeature([len(row)], tf.int64)})
        assert single["a"].numpy().tolist() == row


@pytest.mark.parametrize(("dtype", "values"), [("int64", [1, 2]), ("float32", [1.5, 2.5]), ("string", [b"x", b"y"])])
def test_features_of_every_type_are_read(dtype, values):
    strings = [example(dtype, a=values), example(dtype)]
    default = [values[0]] * 2
    found = tf.io.parse_example(strings, {"a": tf.io.FixedLenFeature([2], dtype, default)})["a"]
    assert found.dtype == dtype
    assert found.numpy().tolist() == [values, default]
    padded = tf.io.parse_example(strings, {"a": tf.io.FixedLenSequenceFeature([], dtype, True, values[1])})["a"]
    assert padded.numpy().tolist() == [values, [values[1]] * 2]


def test_no_examples_give_no_rows():
    features = {"a": tf.io.FixedLenFeature([2], tf.int64), "b": tf.io.RaggedFeature(tf.float32)}
    found = tf.io.parse_example(np.empty(0, object), features)
    assert found["a"].shape == (0, 2)
    assert found["b"].to_list() == []


def test_sparse_features_are_sorted_unless_they_are():
    strings = [example(i=[3, 1], v=[30, 10]), example(i=[], v=[])]
    found = tf.io.parse_example(strings, {"a": tf.io.SparseFeature("i", "v", tf.int64, 5)})["a"]
    assert found.indices.numpy().tolist() == [[0, 1], [0, 3]]
    assert found.values.numpy().tolist() == [10, 30]
    assert found.dense_shape.numpy().tolist() == [2, 5]
    kept = tf.io.parse_example(strings, {"a": tf.io.SparseFeature("i", "v", tf.int64, 5, already_sorted=True)})["a"]
    assert kept.values.numpy().tolist() == [30, 10]
    single = tf.io.parse_single_example(strings[0], {"a": tf.io.SparseFeature(["i", "i"], "v", tf.int64, [5, 6])})["a"]
    assert single.indices.numpy().tolist() == [[1, 1], [3, 3]]
    with pytest.raises(InvalidArgumentError, match="has not one index for each value"):
        tf.io.parse_example([example(i=[1], v=[1, 2])], {"a": tf.io.SparseFeature("i", "v", tf.int64, 5)})
    with pytest.raises(ValueError, match="one size for each index key"):
        tf.io.parse_example(strings, {"a": tf.io.SparseFeature(["i"], "v", tf.int64, [5, 6])})


@pytest.mark.parametrize(
    ("partition", "numbers"),
    [
        (tf.io.RaggedFeature.RowSplits, [0, 1, 1, 3]),
        (tf.io.RaggedFeature.RowLengths, [1, 0, 2]),
        (tf.io.RaggedFeature.RowStarts, [0, 1, 1]),
        (tf.io.RaggedFeature.RowLimits, [1, 1, 3]),
        (tf.io.RaggedFeature.ValueRowIds, [0, 2, 2]),
    ],
)
def test_ragged_features_are_cut_as_another_feature_says(partition, numbers):
    read = {"a": tf.io.RaggedFeature(tf.int64, "v", [partition("p")], tf.int64)}
    string = example(v=[7, 8, 9], p=numbers)
    assert tf.io.parse_single_example(string, read)["a"].to_list() == [[7], [], [8, 9]]
    several = tf.io.parse_example([string, string], read)["a"]
    assert several.to_list() == [[[7], [], [8, 9]]] * 2
    assert several.row_splits.dtype == tf.int64


@pytest.mark.parametrize(
    ("features", "error", "message"),
    [
        (None, ValueError, "features cannot be None"),
        ({}, ValueError, "features cannot be empty"),
        ({"a": 5}, ValueError, "Unsupported int 5 for key 'a'"),
        ({"a": tf.io.FixedLenFeature([None], tf.int64)}, ValueError, "First dimension of shape for feature a unknown"),
        ({"a": tf.io.FixedLenSequenceFeature([], tf.int64)}, ValueError, "requires allow_missing to be True"),
        (
            {"b": tf.io.FixedLenFeature([], tf.int64)},
            InvalidArgumentError,
            "Feature: b .* is required but could not be",
        ),
        (
            {"a": tf.io.FixedLenFeature([], tf.float32)},
            InvalidArgumentError,
            "Data type: int64 but expected type: float32",
        ),
        ({"a": tf.io.FixedLenFeature([3], tf.int64)}, InvalidArgumentError, "Values size: 2 but output shape"),
        ({"a": tf.io.FixedLenFeature([2], tf.int64, 5)}, InvalidArgumentError, "default_value has 1 values"),
        (
            {"a": tf.io.FixedLenFeature([], tf.int32)},
            InvalidArgumentError,
            "int32 is not in the list of allowed values",
        ),
        ({"a": tf.io.FixedLenSequenceFeature([3], tf.int64, True)}, InvalidArgumentError, "not a multiple of stride"),
    ],
)
def test_what_does_not_fit_is_refused(features, error, message):
    with pytest.raises(error, match=message):
        tf.io.parse_example([example(a=[1, 2])], features)


def test_only_examples_are_parsed():
    read = {"a": tf.io.VarLenFeature(tf.int64)}
    with pytest.raises(InvalidArgumentError, match="Could not parse example input"):
        tf.io.parse_example([b"\xff\xff"], read)
    with pytest.raises(
        InvalidArgumentError, match=r"Expected serialized to be a scalar or vector, got shape: \[1, 1\]"
    ):
        tf.io.parse_example([[b""]], read)
    with pytest.raises(ValueError, match="Input serialized must be a scalar"):
        tf.io.parse_single_example([b""], read)


def sequence(context=None, **lists):
    features = {
        key: tf.train.FeatureList(feature=[feature(step, "int64") for step in steps]) for key, steps in lists.items()
    }
    return tf.train.SequenceExample(
        context=tf.train.Features(feature={key: feature(v, "int64") for key, v in (context or {}).items()}),
        feature_lists=tf.train.FeatureLists(feature_list=features),
    ).SerializeToString()


@given(st.lists(st.lists(INTEGERS, max_size=3), min_size=1, max_size=3))
def test_sequences_of_any_length_are_read(sequences):
    strings = [sequence(x=steps) for steps in sequences]
    _, found, lengths = tf.io.parse_sequence_example(strings, None, {"x": tf.io.RaggedFeature(tf.int64)})
    assert found["x"].to_list() == sequences
    assert lengths == {}
    for string, steps in zip(strings, sequences, strict=True):
        _, single = tf.io.parse_single_sequence_example(string, None, {"x": tf.io.RaggedFeature(tf.int64)})
        assert single["x"].to_list() == steps


def test_sequences_of_fixed_steps_are_padded():
    strings = [sequence({"c": [1]}, x=[[1, 2]]), sequence({"c": [2]}, x=[[3, 4], [5, 6]])]
    read = {"c": tf.io.FixedLenFeature([], tf.int64)}, {"x": tf.io.FixedLenSequenceFeature([2], tf.int64)}
    context, sequences, lengths = tf.io.parse_sequence_example(strings, *read)
    assert context["c"].numpy().tolist() == [1, 2]
    assert sequences["x"].numpy().tolist() == [[[1, 2], [0, 0]], [[3, 4], [5, 6]]]
    assert lengths["x"].numpy().tolist() == [1, 2]


def test_sequences_that_do_not_fit_are_refused():
    missing = {"y": tf.io.FixedLenSequenceFeature([2], tf.int64)}
    with pytest.raises(InvalidArgumentError, match="Feature list 'y' is required but could not be found"):
        tf.io.parse_single_sequence_example(sequence(x=[[1]]), None, missing)
    with pytest.raises(ValueError, match="at least one should have values"):
        tf.io.parse_single_sequence_example(sequence(x=[[1]]))
    with pytest.raises(ValueError, match="Unsupported FixedLenFeature"):
        tf.io.parse_single_sequence_example(sequence(), None, {"x": tf.io.FixedLenFeature([], tf.int64)})
    with pytest.raises(ValueError, match="serialized must be a scalar"):
        tf.io.parse_single_sequence_example([sequence()], None, missing)
    with pytest.raises(InvalidArgumentError, match="Could not parse sequence example"):
        tf.io.parse_single_sequence_example(b"\xff\xff", None, missing)
