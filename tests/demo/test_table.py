import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.demo import read_table
from tenon.demo._table import MAX_CLASSES, MAX_FEATURES, MIN_ROWS

TAXI = Path(__file__).resolve().parents[3] / "shared/data/chicago_taxi.csv"
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=32)


def write(tmp_path: Path, header: Sequence[str], rows: Sequence[Sequence[object]], name: str = "table.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(",".join(map(str, row)) for row in [header, *rows]) + "\n")
    return path


def column(values: Sequence[object], label: Sequence[object] | None = None) -> list[list[object]]:
    return [[value, index % 2 if label is None else label[index]] for index, value in enumerate(values)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(FLOATS, st.sampled_from(["", "NA", "nan", "null", "None"])), min_size=20, max_size=30))
def test_numbers_come_through_and_missing_cells_are_nan(tmp_path: Path, values: list[float | str]) -> None:
    path = write(tmp_path, ["x", "always", "y"], [[value, index, index % 2] for index, value in enumerate(values)])
    expected = np.array([math.nan if isinstance(value, str) else value for value in values], np.float32)
    dataset = read_table(path, "y")
    if len(np.unique(expected[~np.isnan(expected)])) < 2:
        assert "x" not in dataset.inputs
    else:
        np.testing.assert_array_equal(dataset.inputs["x"], expected)
    assert dataset.inputs["always"].tolist() == list(range(len(values)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["ja", "nein", "NA", "1"]), min_size=30, max_size=30).filter(
        lambda v: {"ja", "nein"} <= set(v)
    )
)
def test_labels_of_text_are_sorted_classes(tmp_path: Path, labels: list[str]) -> None:
    dataset = read_table(write(tmp_path, ["x", "y"], column(range(30), labels)), "y")
    assert dataset.classes == tuple(sorted(set(labels)))
    assert [dataset.classes[label] for label in dataset.labels] == labels


def test_labels_of_integers_are_classes_in_the_order_of_numbers(tmp_path: Path) -> None:
    dataset = read_table(write(tmp_path, ["x", "y"], column(range(30), [10, 9, -1] * 10)), "y")
    assert dataset.classes == ("-1", "9", "10")
    assert dataset.labels.tolist() == [2, 1, 0] * 10
    assert "'y' holds integers: 3 classes to tell apart." in dataset.notes


@pytest.mark.parametrize("labels", [[0.5, 1, 2] * 10, list(range(MAX_CLASSES + 5)), ["1e3", "2", ".5"] * 10])
def test_other_numbers_are_values_to_estimate(tmp_path: Path, labels: list[object]) -> None:
    dataset = read_table(write(tmp_path, ["x", "y"], column(range(len(labels)), labels)), "y")
    assert dataset.classes is None
    assert dataset.labels.dtype == np.float32
    np.testing.assert_array_equal(dataset.labels, np.array(labels, np.float32))


def test_rows_without_a_label_are_dropped_and_counted(tmp_path: Path) -> None:
    labels = [0.5, "", "NA", 1.5] * 15
    dataset = read_table(write(tmp_path, ["x", "y"], column(range(60), labels)), "y")
    assert len(dataset) == 30
    assert dataset.inputs["x"][:3].tolist() == [0, 3, 4]
    assert "30 rows without 'y' are dropped." in dataset.notes


def test_columns_that_cannot_be_inputs_are_named_with_the_reason(tmp_path: Path) -> None:
    rows = [[index, index, "red" if index == 7 else index, "", 3, "1e39", index, index % 2] for index in range(30)]
    header = ["", "a/b", "colour", "empty", "same", "huge", "a_b", "y"]
    dataset = read_table(write(tmp_path, header, rows), "y")
    assert list(dataset.inputs) == ["a_b", "a_b_"]
    assert dataset.notes[1:] == (
        "left out: column 1, it has no name.",
        "left out: column 'colour', row 9: 'red' is not a number.",
        "left out: column 'empty', it is empty.",
        "left out: column 'same', it holds only the value 3.",
        "left out: column 'huge', row 2: '1e39' is too large.",
    )


@pytest.mark.parametrize("cell", ["1_000", "0x10", "inf", "1,5", "٣", "1 2", "$3"])  # an Arabic three
def test_only_plain_decimals_are_numbers(tmp_path: Path, cell: str) -> None:
    path = write(tmp_path, ["x", "z", "y"], [[f'"{cell}"', index, index % 2] for index in range(30)])
    assert any(f"row 2: {cell!r} is not a number" in note for note in read_table(path, "y").notes)


@pytest.mark.parametrize(
    ("header", "rows", "label", "rule"),
    [
        (["x", "y"], column(range(30)), "z", r"has no column 'z'; it has \['x', 'y'\]"),
        (["x", ""], column(range(30)), "", "has no column ''"),
        (["x", "y"], column(range(MIN_ROWS - 1)), "y", "at least 20 rows with a label; received 19"),
        (["x", "y"], column(range(30), [""] * 30), "y", "received 0"),
        (["x", "y"], column(range(30), ["a"] * 30), "y", "must have at least two values; received only 'a'"),
        (["x", "y"], column(range(30), [1.5] * 30), "y", "must have at least two values; received only '1.5'"),
        (["x", "y"], column(range(300), [f"c{i}" for i in range(300)]), "y", "at most 100 classes; received 300"),
        (["x", "y"], column(range(30), [0.5] * 29 + ["1e99"]), "y", "column 'y', row 31: '1e99' is too large"),
        (["x", "y"], column(["a"] * 30), "y", "needs a column of numbers .* column 'x', row 2: 'a' is not a number"),
        (["y"], [[index % 2] for index in range(30)], "y", "needs a column of numbers beside the label"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(
    tmp_path: Path, header: list[str], rows: list[list[object]], label: str, rule: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=rule):
        read_table(write(tmp_path, header, rows), label)


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    header = [f"x{index}" for index in range(MAX_FEATURES + 1)]
    rows = [[*range(row, row + len(header)), row % 2] for row in range(30)]
    with pytest.raises(InvalidArgumentError, match="at most 256 columns of numbers; received 257"):
        read_table(write(tmp_path, [*header, "y"], rows), "y")


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no such file"):
        read_table(tmp_path / "none.csv", "y")


@pytest.mark.parametrize(("name", "model"), [("a b.c.csv", "a_b_c"), ("__.csv", "table"), ("x-1_y.csv", "x-1_y")])
def test_the_model_is_called_like_the_file_in_letters_that_a_url_can_hold(
    tmp_path: Path, name: str, model: str
) -> None:
    assert read_table(write(tmp_path, ["x", "y"], column(range(30)), name), "y").name == model


@pytest.mark.skipif(not TAXI.exists(), reason=f"the taxi table is not at {TAXI}")
def test_a_real_table_is_read() -> None:
    dataset = read_table(TAXI, "payment_type")
    assert len(dataset) == 15002
    assert dataset.classes is not None
    assert {"Cash", "Credit Card"} <= set(dataset.classes)
    assert "fare" in dataset.inputs
    assert any(note.startswith("left out: column 'company', row 2") for note in dataset.notes)
