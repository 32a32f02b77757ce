"""Ragged tensors of lists, padded tensors and sparse tensors, and back; strings in rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core import NAMES, strings
from tenon.core.ragged import RaggedTensor, constant
from tenon.core.sparse import SparseTensor

FEW = settings(max_examples=6)  # XLA compiles for each new shape
ROWS = st.lists(st.lists(st.integers(1, 9), max_size=4), min_size=1, max_size=5)


@FEW
@given(ROWS)
def test_rows_survive_a_padded_and_a_sparse_tensor(rows):
    ragged = constant(rows, dtype="int64", ragged_rank=1)
    padded = ragged.to_tensor()
    width = max(map(len, rows))
    assert padded.numpy().tolist() == [row + [0] * (width - len(row)) for row in rows]
    if width:
        assert RaggedTensor.from_tensor(padded, padding=0).to_list() == rows
        assert RaggedTensor.from_tensor(padded, lengths=ragged.row_lengths()).to_list() == rows
    assert RaggedTensor.from_sparse(ragged.to_sparse()).to_list() == rows


def test_padding_to_a_shape():
    ragged = constant([[8, 2, 5], [7], []])
    assert ragged.to_tensor(-1, shape=[None, 2]).numpy().tolist() == [[8, 2], [7, -1], [-1, -1]]
    assert ragged.to_tensor(shape=[4, 1]).numpy().tolist() == [[8], [7], [0], [0]]
    assert constant([["a"], []]).to_tensor("?").numpy().tolist() == [[b"a"], [b"?"]]
    assert constant([["a"], []]).to_tensor().numpy().tolist() == [[b"a"], [b""]]
    assert constant([[True], []]).to_tensor().numpy().tolist() == [[True], [False]]
    inner = RaggedTensor.from_row_splits([[1, 2], [3, 4]], [0, 0, 2])
    assert inner.to_tensor([7, 8]).numpy().tolist() == [[[7, 8], [7, 8]], [[1, 2], [3, 4]]]
    with pytest.raises(ValueError, match="not compatible"):
        ragged.to_tensor(shape=[3])


def test_dense_tensors_as_rows():
    assert RaggedTensor.from_tensor([[1, 2], [3, 4]]).shape.as_list() == [2, 2]
    assert RaggedTensor.from_tensor(np.zeros((2, 3, 4)), ragged_rank=2).shape.as_list() == [2, 3, 4]
    padded = [[[1, 0], [1, 2]], [[0, 0], [3, 0]]]
    assert RaggedTensor.from_tensor(padded, padding=0, ragged_rank=2).to_list() == [[[1], [1, 2]], [[], [3]]]
    assert RaggedTensor.from_tensor(padded, lengths=([2, 1], [1, 2, 0])).to_list() == [[[1], [1, 2]], [[]]]
    with pytest.raises(ValueError, match="but not both"):
        RaggedTensor.from_tensor([[1]], lengths=[1], padding=0)
    with pytest.raises(ValueError, match="ragged_rank"):
        RaggedTensor.from_tensor([1, 2])
    with pytest.raises(InvalidArgumentError, match="one for each"):
        RaggedTensor.from_tensor([[1], [2]], lengths=[1])


def test_sparse_matrices_must_have_their_elements_in_a_row():
    with pytest.raises(InvalidArgumentError, match="right-ragged"):
        RaggedTensor.from_sparse(SparseTensor([[0, 1]], [1], [1, 2]))
    with pytest.raises(TypeError, match="SparseTensor"):
        RaggedTensor.from_sparse([[1]])
    with pytest.raises(ValueError, match="must be 2"):
        RaggedTensor.from_sparse(SparseTensor([[0]], [1], [1]))
    deep = constant([[[1, 2], [3]], [], [[4]]]).to_sparse()
    assert deep.indices.numpy().tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 0], [2, 0, 0]]


def test_lists_of_python():
    assert constant(3).numpy() == 3
    assert constant([1, 2]).numpy().tolist() == [1, 2]
    assert constant([]).shape.as_list() == [0]
    assert constant([[]]).to_list() == [[]]
    assert constant([[[1, 2], [3, 4]], [[5, 6]]], ragged_rank=1).shape.as_list() == [2, None, 2]
    assert constant([[[1, 2], [3, 4]], [[5, 6]]], inner_shape=(2,)).shape.as_list() == [2, None, 2]
    assert constant([np.array([1, 2]), np.array([3])]).to_list() == [[1, 2], [3]]
    assert constant([[1], []], dtype="float64", row_splits_dtype="int32").row_splits.dtype == "int32"
    for wrong in ([[1], 2], [1, [2]], [[[1]], [2]]):
        with pytest.raises(ValueError, match="same nesting depth"):
            constant(wrong)
    with pytest.raises(ValueError, match="ragged_rank"):
        constant([[1]], ragged_rank=2)


def test_strings_in_rows():
    words = strings.split(["moss on stone", "fern", ""])
    assert words.to_list() == [[b"moss", b"on", b"stone"], [b"fern"], []]
    assert strings.length(words).to_list() == [[4, 2, 5], [4], []]
    assert ("*" + words).to_list()[1] == [b"*fern"]
    assert strings.reduce_join(words, axis=1, separator=" ").numpy().tolist() == [b"moss on stone", b"fern", b""]
    assert strings.reduce_join(words, axis=-1, keepdims=True)[0].numpy().tolist() == [b"mossonstone"]
    assert strings.join([words, "!"]).to_list()[1] == [b"fern!"]
    assert strings.bytes_split(words).to_list()[1] == [[b"f", b"e", b"r", b"n"]]
    assert strings.substr(words, 0, 2).to_list()[1] == [b"fe"]
    codes = strings.unicode_decode(["h\u00e9", ""], "UTF-8")
    assert codes.to_list() == [[104, 233], []]
    assert strings.unicode_encode(codes, "UTF-8").numpy().tolist() == ["h\u00e9".encode(), b""]
    assert NAMES["strings.regex_replace"](words, "e", "_").to_list()[1] == [b"f_rn"]


def test_ngrams_of_rows():
    rows = constant([["a", "b", "c"], ["d"], []])
    assert strings.ngrams(rows, 2).to_list() == [[b"a b", b"b c"], [], []]
    assert strings.ngrams(rows, 2, pad_values=("<", ">")).to_list()[1] == [b"< d", b"d >"]
    assert strings.ngrams(rows, 2, preserve_short_sequences=True).to_list()[1] == [b"d"]
    assert strings.ngrams([["a", "b"], ["c", "d"]], [1, 2], "").numpy().tolist() == [
        [b"a", b"b", b"ab"],
        [b"c", b"d", b"cd"],
    ]
    with pytest.raises(ValueError, match="greater than 0"):
        strings.ngrams(rows, 0)
