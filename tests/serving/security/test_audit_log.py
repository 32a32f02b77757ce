"""The audit keeps its lines: through restarts, rotation, full disks and killed processes."""

import logging
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial

import pytest

from tenon.base import FailedPreconditionError, InvalidArgumentError, ResourceExhaustedError, UnavailableError
from tenon.serving.security import AuditConfig, AuditLog, verify_audit
from tests.serving.security.audits import full_disk, lines, record, writing
from tests.serving.security.credentials import wait_for


@pytest.fixture
def path(tmp_path):
    return tmp_path / "logs" / "audit.jsonl"


def test_records_become_lines_in_their_order(path):
    with writing(path) as log:
        for number in range(1000):
            log.reserve()
            log.write(record(str(number)))
    assert [line["event"] for line in lines(path)] == ["start"] + ["request"] * 1000
    assert [line.get("model") for line in lines(path)[1:]] == [str(number) for number in range(1000)]
    assert verify_audit(path).lines == 1001


def test_lines_are_in_the_file_without_a_close(path):
    with writing(path) as log:
        log.write(record("soon"))
        wait_for(lambda: b"soon" in path.read_bytes())


def test_lines_are_in_the_file_whether_they_follow_others_at_once_or_end_a_rest(path):
    with writing(path) as log:
        for number in range(8):
            log.write(record(name := f"line{number}"))
            wait_for(partial(has, path, name))
            if number % 2:
                wait_for(lambda: log._sleeping)  # until it is woken
    assert verify_audit(path).lines == 9


def has(path, text):
    return text.encode() in path.read_bytes()


def test_a_restart_goes_on_with_the_chain(path):
    for name in ("first", "second"):
        with writing(path) as log:
            log.write(record(name))
    summary = verify_audit(path)
    assert (summary.lines, summary.complete, summary.torn) == (4, True, 0)
    assert [line["seq"] for line in lines(path)] == [0, 1, 2, 3]


@pytest.mark.parametrize("torn", [b"{", b'{"seq":2,"time":"20', b'{"seq":2}', b"\xff\x00"])
def test_a_line_that_a_killed_process_left_unfinished_stays_and_is_told(path, torn):
    with writing(path) as log:
        log.write(record())
    with open(path, "ab") as file:
        file.write(torn.removesuffix(b"}"))
    for _ in range(2):
        with writing(path) as log:
            log.write(record())
    summary = verify_audit(path)
    assert (summary.lines, summary.torn) == (7, 1)


WRITER = """
import sys
from tenon.serving.security import AuditConfig, AuditLog, AuditRecord
log = AuditLog(AuditConfig(__import__("pathlib").Path(sys.argv[1]), max_bytes=20_000, keep_files=100))
number = 0
while True:
    log.write(AuditRecord(0.0, model=str(number)))
    number += 1
"""


def test_a_killed_process_leaves_an_audit_that_can_be_verified_and_continued(path):
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: size_of_all(path) > 50_000)
        finally:
            process.send_signal(signal.SIGKILL)
    before = verify_audit(path)
    assert before.complete
    with writing(path) as log:
        log.write(record())
    after = verify_audit(path)
    assert after.lines == before.lines + 2
    assert after.torn <= 1


def size_of_all(path):
    """Return the bytes of all files; one that is renamed meanwhile counts for nothing."""
    size = 0
    for each in path.parent.glob("audit.jsonl*"):
        with suppress(FileNotFoundError):
            size += each.stat().st_size
    return size


def test_two_processes_cannot_write_one_audit(path):
    with writing(path), pytest.raises(FailedPreconditionError, match="is being written by another process"):
        AuditLog(AuditConfig(path))
    with writing(path):
        pass


def test_files_are_rotated_and_the_chain_goes_through_them(path):
    for _ in range(3):
        with writing(path, max_bytes=4096, keep_files=4) as log:
            for number in range(40):
                log.write(record(str(number)))
                if number % 10 == 0:
                    wait_for(lambda: not log._queue)
    summary = verify_audit(path)
    assert len(summary.files) == 5
    assert not summary.complete  # the oldest are gone
    assert all(each.stat().st_size <= 2 * 4096 for each in summary.files)


def test_a_full_disk_is_told_and_lines_that_wait_are_written_when_there_is_room(path, caplog):
    with caplog.at_level(logging.WARNING, "tenon.serving"), writing(path) as log:
        wait_for(lambda: path.read_bytes().endswith(b"\n"))
        with full_disk(path.stat().st_size + 100):  # the first line is cut in two
            for number in range(5):
                log.write(record(str(number)))
            wait_for(lambda: log._failing)
            log.write(record("late"))
        wait_for(lambda: b"late" in path.read_bytes())
    assert verify_audit(path).lines == 7
    assert verify_audit(path).torn == 0
    assert ["cannot be written" in caplog.messages[0], "is written again" in caplog.messages[1]] == [True, True]


def test_lines_that_found_no_place_are_counted_in_a_line(path):
    with writing(path, queue_lines=5) as log:
        wait_for(lambda: path.stat().st_size)
        with full_disk(path.stat().st_size):
            log.write(record())
            wait_for(lambda: log._failing)
            for _ in range(20):
                log.reserve()  # never refuses
                log.write(record())
            lost = log.lost
    assert 15 <= lost <= 20
    assert [line["reason"] for line in lines(path) if line["event"] == "lost"] == [f"{lost} lines were not kept"]
    assert verify_audit(path).lines == 1 + 1 + 20 + 1 - lost


def test_a_strict_audit_refuses_what_it_could_not_write(path):
    with writing(path, strict=True) as log:
        wait_for(lambda: path.stat().st_size)
        log.reserve()
        with full_disk(path.stat().st_size):
            log.write(record("kept"))
            wait_for(lambda: log._failing)
            with pytest.raises(UnavailableError, match="The audit cannot be written, so nothing is answered"):
                log.reserve()
        wait_for(lambda: not log._failing)
        log.reserve()
        log.write(record("after"))
    assert [line["model"] for line in lines(path)[1:]] == ["kept", "after"]
    assert log.lost == 0
    with pytest.raises(UnavailableError):
        log.reserve()  # it is closed


def test_a_strict_audit_has_a_place_for_each_request_in_work(path):
    with writing(path, strict=True, queue_lines=3) as log:
        wait_for(lambda: path.stat().st_size)
        for _ in range(3):
            log.reserve()
        with pytest.raises(ResourceExhaustedError, match="as fast as requests come") as caught:
            log.reserve()
        assert caught.value.retry_after
        log.give_up()
        log.reserve()
        log.write(record())
        wait_for(lambda: not log._queue)
        log.reserve()
        for _ in range(3):
            log.write(record())
    assert verify_audit(path).lines == 5


def test_what_a_full_disk_does_not_take_before_the_end_is_told_and_the_next_start_goes_on(path, caplog):
    with caplog.at_level(logging.ERROR, "tenon.serving"), writing(path) as log:
        wait_for(lambda: path.stat().st_size)
        with full_disk(path.stat().st_size + 50):
            log.write(record())
            log.close()
    assert "some lines could not be written" in caplog.messages[-1]
    with writing(path) as log:
        log.write(record())
    assert (verify_audit(path).lines, verify_audit(path).torn) == (4, 1)


def test_a_file_that_cannot_be_opened_is_an_error_and_not_locked(path):
    path.mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        AuditLog(AuditConfig(path))
    path.rmdir()
    with writing(path):
        pass


def test_lines_may_be_flushed_to_the_disk(path):
    with writing(path, fsync=True) as log:
        log.write(record())
    assert verify_audit(path).lines == 2


def test_the_log_tells_how_the_chain_ends(path, caplog):
    with caplog.at_level(logging.INFO, "tenon.serving"), writing(path) as log:
        log.write(record())
    assert verify_audit(path).last_hash in caplog.text


@pytest.mark.parametrize("wrong", [{"queue_lines": 0}, {"max_bytes": 10}, {"keep_files": 0}])
def test_a_configuration_is_checked(path, wrong):
    (name,) = wrong
    with pytest.raises(InvalidArgumentError, match=f"{name}: must be at least"):
        AuditConfig(path, **wrong)


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        AuditLog(AuditConfig(tmp_path / "file" / "audit.jsonl"))
