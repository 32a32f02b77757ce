import os
import re
import socket
import subprocess
import sys
import threading
import time

import pytest

from tenon.base import DataLossError, FailedPreconditionError
from tenon.formats import EventFileWriter, RecordWriter, message_class, read_events

Event = message_class("tensorflow.Event")


def scalar(step, value=0.5):
    event = Event(step=step, wall_time=1.0)
    event.summary.value.add(tag="loss", simple_value=value)
    return event


def steps(path):
    return [event.step for event in read_events(path)][1:]


def test_the_file_has_tensorflows_name(tmp_path):
    before = int(time.time())
    with EventFileWriter(tmp_path / "deep" / "logs", ".v2") as writer:
        pass
    assert writer.path.parent == tmp_path / "deep" / "logs"
    pattern = rf"events\.out\.tfevents\.(\d{{10}})\.{re.escape(socket.gethostname())}\.{os.getpid()}\.\d+\.v2"
    assert before <= int(re.fullmatch(pattern, writer.path.name)[1]) <= time.time()


def test_the_first_event_is_the_version_and_is_there_at_once(tmp_path):
    writer = EventFileWriter(tmp_path)
    (first,) = read_events(writer.path)
    writer.close()
    assert first.file_version == "brain.Event:2"
    assert first.source_metadata.writer == "tenon.formats"
    assert abs(first.wall_time - time.time()) < 60


def test_events_are_read_in_the_order_of_writing(tmp_path):
    events = [scalar(step) for step in (3, 1, 2)]
    with EventFileWriter(tmp_path) as writer:
        for event in events:
            writer.write(event)
    assert list(read_events(writer.path))[1:] == events


def test_two_writers_of_one_moment_have_two_files(tmp_path):
    with EventFileWriter(tmp_path) as one, EventFileWriter(tmp_path) as two:
        assert one.path != two.path


def test_flush_makes_events_readable(tmp_path):
    with EventFileWriter(tmp_path) as writer:
        writer.write(scalar(1))
        writer.flush()
        assert steps(writer.path) == [1]


def test_a_full_queue_is_flushed(tmp_path):
    with EventFileWriter(tmp_path, max_queue=3) as writer:
        writer.write(scalar(1))
        writer.write(scalar(2))
        assert steps(writer.path) == []
        writer.write(scalar(3))
        assert steps(writer.path) == [1, 2, 3]


def test_an_old_flush_is_renewed_by_the_next_event(tmp_path):
    with EventFileWriter(tmp_path, flush_seconds=0) as writer:
        writer.write(scalar(1))
        assert steps(writer.path) == [1]


def test_close_flushes_and_may_be_repeated(tmp_path):
    writer = EventFileWriter(tmp_path)
    writer.write(scalar(1))
    writer.close()
    writer.close()
    writer.flush()
    assert steps(writer.path) == [1]


def test_a_closed_writer_refuses_events(tmp_path):
    writer = EventFileWriter(tmp_path)
    writer.close()
    with pytest.raises(FailedPreconditionError, match=r"events\.out\.tfevents\..*: the event file is closed"):
        writer.write(scalar(1))


def test_threads_do_not_tear_each_others_events(tmp_path):
    with EventFileWriter(tmp_path) as writer:
        threads = [
            threading.Thread(target=lambda start=start: [writer.write(scalar(start + i)) for i in range(200)])
            for start in range(0, 1600, 200)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(steps(writer.path)) == list(range(1600))


KILLED = """
import os, signal, sys
from tenon.formats import EventFileWriter, message_class
writer = EventFileWriter(sys.argv[1])
for step in range(13):
    writer.write(message_class("tensorflow.Event")(step=step))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_flushed_survives_the_death_of_the_process(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
    (path,) = tmp_path.iterdir()
    assert steps(path) == list(range(10))


def test_a_record_that_is_no_event_is_reported(tmp_path):
    path = tmp_path / "data.tfrecord"
    with open(path, "wb") as file:
        RecordWriter(file).write(b"\xff")
    with pytest.raises(DataLossError, match=r"data\.tfrecord: record 0 is no tensorflow\.Event"):
        list(read_events(path))
