import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.demo._csv import MAX_LINE, SEPARATORS, read_rows

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
NAMES = st.lists(st.text("abcdefgh", min_size=1, max_size=3), min_size=2, max_size=5, unique=True)


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(), names=NAMES, separator=st.sampled_from(SEPARATORS), encoding=st.sampled_from(["utf-8", "utf-8-sig"])
)
def test_what_the_csv_module_writes_is_read_back(
    tmp_path: Path, data: st.DataObject, names: list[str], separator: str, encoding: str
) -> None:
    cells = st.lists(TEXT, min_size=len(names), max_size=len(names))
    rows = data.draw(st.lists(cells.filter(lambda row: any(cell.strip() for cell in row)), max_size=6))
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=separator).writerows([names, *rows])
    read = read_rows(write(tmp_path, buffer.getvalue(), encoding))
    assert read.header == tuple(names)
    assert [list(row) for row in read.cells] == rows
    assert (read.numbers, read.total) == (tuple(range(2, len(rows) + 2)), len(rows))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_ends_a_row(tmp_path: Path, end: str) -> None:
    read = read_rows(write(tmp_path, end.join(["a,b", "1,2", "3,4", ""])))
    assert [list(row) for row in read.cells] == [["1", "2"], ["3", "4"]]


def test_separators_inside_quotes_do_not_count(tmp_path: Path) -> None:
    read = read_rows(write(tmp_path, '"size, in m, about";b\n"1;5";2\n'))
    assert read.header == ("size, in m, about", "b")
    assert read.cells[0] == ["1;5", "2"]


def test_blank_rows_are_skipped_and_counted_as_a_spreadsheet_does(tmp_path: Path) -> None:
    read = read_rows(write(tmp_path, "\na,b\n\n1,2\n , \n3,4\n"))
    assert (read.header, read.numbers) == (("a", "b"), (4, 6))


def test_one_column_is_a_table(tmp_path: Path) -> None:
    assert read_rows(write(tmp_path, "a\n1\n")).cells[0] == ["1"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "the first row must name the columns; received an empty file"),
        ("\n\n", "received an empty file"),
        ("1,2\n3,4\n", r"received the numbers \['1', '2'\]. Add a header"),
        ("a,b,a\n", r"received \['a'\] more than once"),
        ("a,b\n1,2\n1,2,3\n", "must have 2 cells, as the header has; received 3 in row 3"),
        ("a,b\n1\n", "received 1 in row 2"),
        ('a,b\n1,2\n"1"x,2\n', "row 3 is broken"),
        ('a,b\n1,2\n"1,2\n', "row 3 is broken"),
        ("a," + "x" * MAX_LINE, "a line may hold 1000000 characters"),
    ],
)
def test_what_is_no_table_is_refused_with_the_row(tmp_path: Path, text: str, rule: str) -> None:
    with pytest.raises(InvalidArgumentError, match=rule):
        read_rows(write(tmp_path, text))


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="must be UTF-8 text"):
        read_rows(write(tmp_path, "a,b\n1,2\n", "utf-16"))
    with pytest.raises(InvalidArgumentError, match="Save it as CSV in UTF-8"):
        read_rows(write(tmp_path, "grösse,b\n1,2\n", "latin-1"))


def test_a_missing_file_and_a_directory_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"none\.csv: there is no such file"):
        read_rows(tmp_path / "none.csv")
    with pytest.raises(InvalidArgumentError, match="it is a directory"):
        read_rows(tmp_path)


def test_of_a_large_file_a_sample_of_the_rows_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n" + "".join(f"{row},{-row}\n" for row in range(2, 1002)))
    read = read_rows(path, max_cells=200)
    assert (len(read.cells), read.total) == (100, 1000)
    assert list(read.numbers) == sorted(set(read.numbers))
    assert [row[0] for row in read.cells] == [str(number) for number in read.numbers]
    assert 300 < sum(read.numbers) / 100 < 700
    assert read_rows(path, max_cells=200) == read


def test_a_broken_row_is_found_even_outside_the_sample(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n" + "1,2\n" * 500 + "1\n")
    with pytest.raises(InvalidArgumentError, match="row 502"):
        read_rows(path, max_cells=4)
