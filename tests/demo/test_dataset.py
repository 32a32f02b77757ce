import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tenon.demo import Dataset, hold_out

LABELS = hnp.arrays(np.int64, st.integers(3, 200), elements=st.integers(0, 4))


def dataset(labels: np.ndarray) -> Dataset:
    return Dataset("x", {"row": np.arange(len(labels), dtype=np.float32)}, labels, tuple("abcde"))


@given(LABELS, st.integers(0, 9))
def test_every_row_is_in_one_part_and_keeps_its_label(labels: np.ndarray, seed: int) -> None:
    train, held_out = hold_out(dataset(labels), seed)
    rows = np.concatenate([train.inputs["row"], held_out.inputs["row"]]).astype(int)
    assert sorted(rows) == list(range(len(labels)))
    np.testing.assert_array_equal(labels[rows], np.concatenate([train.labels, held_out.labels]))


@given(LABELS)
def test_a_fifth_is_held_out_of_all_rows_and_of_every_class(labels: np.ndarray) -> None:
    _, held_out = hold_out(dataset(labels))
    assert abs(len(held_out) - len(labels) / 5) < 1
    for one in np.unique(labels):
        assert abs(np.sum(held_out.labels == one) - np.sum(labels == one) / 5) <= 1


@given(LABELS)
def test_the_same_seed_gives_the_same_split(labels: np.ndarray) -> None:
    one, other = (hold_out(dataset(labels), 3)[1].inputs["row"] for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_another_seed_gives_another_split() -> None:
    one, other = (hold_out(dataset(np.zeros(100, np.int64)), seed)[1].inputs["row"] for seed in (0, 1))
    assert one.tolist() != other.tolist()


def test_rows_are_selected_in_inputs_and_labels_alike() -> None:
    part = dataset(np.array([0, 1, 2, 3])).rows(np.array([3, 1]))
    assert (part.inputs["row"].tolist(), part.labels.tolist(), len(part)) == ([3.0, 1.0], [3, 1], 2)
