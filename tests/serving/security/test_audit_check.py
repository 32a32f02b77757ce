"""Tampering with an audit shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import DataLossError, NotFoundError
from tenon.serving.security import verify_audit
from tenon.serving.security._audit_records import FIRST_HASH, chain_hash, render
from tests.serving.security.audits import record, writing

MODELS = st.lists(st.sampled_from(["a", "b", "a\nb"]), min_size=3, max_size=8)


def chained(models):
    made, previous = [], FIRST_HASH
    for number, model in enumerate(models):
        made.append(render(record(model), number, previous))
        previous = chain_hash(made[-1:])
    return made


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("audit") / "audit.jsonl"


def put(path, lines):
    path.write_bytes(b"".join(line + b"\n" for line in lines))


@given(MODELS)
def test_what_was_written_is_intact(path, models):
    put(path, chained(models))
    summary = verify_audit(path)
    assert (summary.lines, summary.complete, summary.torn) == (len(models), True, 0)
    assert summary.last_hash == chain_hash(chained(models)[-1:])


@given(MODELS, st.data())
def test_a_changed_byte_shows(path, models, data):
    lines = chained(models)
    number = data.draw(st.integers(0, len(lines) - 2))
    place = data.draw(st.integers(0, len(lines[number]) - 1))
    byte = data.draw(st.sampled_from(b'09af"{} x\n'))
    if lines[number][place] == byte:
        return
    lines[number] = lines[number][:place] + bytes([byte]) + lines[number][place + 1 :]
    put(path, lines)
    with pytest.raises(DataLossError, match=r"audit\.jsonl, line \d+: "):
        verify_audit(path)


@given(MODELS, st.data())
def test_a_line_that_was_removed_moved_or_inserted_shows(path, models, data):
    lines = chained(models)
    number = data.draw(st.integers(1, len(lines) - 2))
    spoil = data.draw(st.sampled_from([_remove, _repeat, _swap, _insert]))
    put(path, spoil(lines, number))
    with pytest.raises(DataLossError):
        verify_audit(path)


def _remove(lines, number):
    return lines[:number] + lines[number + 1 :]


def _repeat(lines, number):
    return lines[: number + 1] + lines[number:]


def _swap(lines, number):
    return [*lines[: number - 1], lines[number], lines[number - 1], *lines[number + 1 :]]


def _insert(lines, number):
    return [*lines[:number], b"garbage", *lines[number:]]


def test_a_first_line_that_was_removed_makes_the_audit_incomplete(path):
    put(path, chained("abc")[1:])
    assert not verify_audit(path).complete


def test_lines_that_were_cut_off_show_against_a_hash_kept_elsewhere(path):
    lines = chained("abc")
    known = chain_hash(lines[-1:])
    put(path, lines)
    assert verify_audit(path, known).last_hash == known
    put(path, lines[:-1])
    with pytest.raises(NotFoundError, match="has no line with the hash"):
        verify_audit(path, known)


def test_an_unfinished_line_at_the_end_is_told_and_garbage_is_not_taken_for_one(path):
    lines = chained("abc")
    path.write_bytes(b"\n".join(lines)[:-30])
    assert verify_audit(path).torn == 1
    put(path, [*lines, b"garbage"])
    with pytest.raises(DataLossError, match="line 4: is no line of an audit"):
        verify_audit(path)


def test_what_is_before_a_torn_line_is_in_the_chain_too(tmp_path):
    path = tmp_path / "audit.jsonl"
    for _ in range(2):
        with writing(path) as log:
            log.write(record("model"))
        with open(path, "ab") as file:
            file.write(b'{"torn')
    verify_audit(path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"model":"model"', b'"model":"other"', 1))
    with pytest.raises(DataLossError):
        verify_audit(path)


def test_an_audit_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(NotFoundError, match="there is no such audit"):
        verify_audit(tmp_path / "audit.jsonl")


def test_an_empty_file_is_an_audit_without_lines(tmp_path):
    (tmp_path / "audit.jsonl").touch()
    assert verify_audit(tmp_path / "audit.jsonl").lines == 0
