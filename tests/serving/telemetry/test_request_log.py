"""A sample of requests is written by a thread, which drops and counts rather than making anybody wait."""

import json
import subprocess
import sys
import time

import numpy as np
import pyarrow.parquet
import pytest

from tenon.base import InvalidArgumentError
from tenon.formats import make_ndarray, message_class, read_records
from tenon.serving.servables import ServableId
from tenon.serving.telemetry import LoggedRequest, LogKind, Registry, RequestLog, RequestLogOptions

SCRIPT = """
import json, logging, os, resource, signal, sys, time
from pathlib import Path
import numpy as np
from tenon.serving.servables import ServableId
from tenon.serving.telemetry import LoggedRequest, LogKind, Registry, RequestLog, RequestLogOptions
logging.basicConfig(stream=sys.stderr)
def request(size):
    return LoggedRequest(ServableId("m", 1), "s", LogKind.PREDICT, {"x": np.zeros(size, np.uint8)}, {})
def counts():
    cells = registry.snapshot()["tenon_serving_request_log_records_total"]["cells"]
    return {outcome: count for (outcome,), count in cells}
def wait_for(outcome, count):
    end = time.monotonic() + 60
    while counts()[outcome] < count and time.monotonic() < end:
        time.sleep(0.01)
registry = Registry()
log = RequestLog(registry, {"m": RequestLogOptions(sys.argv[1], 1.0, sys.argv[2])})
"""
KILLED = """
for _ in range(7):
    log.offer(request(10))
wait_for("written", 7)
os.kill(os.getpid(), signal.SIGKILL)
"""
FULL = """
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))  # the disk is full from here on
for size, count, outcome in ((1000, 3, "written"), (30_000, 5, "failed"), (1000, 4, None)):
    for _ in range(count):
        log.offer(request(size))
    if outcome:
        wait_for(outcome, count)
log.close()
print(json.dumps(counts()))
"""
FULL_FROM_THE_BEGIN = """
resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.RLIM_INFINITY))
for _ in range(12):
    log.offer(request(1000))
log.close()
print(json.dumps(counts()))
"""


def run(script: str, *arguments: str, returncode: int = 0) -> subprocess.CompletedProcess:
    done = subprocess.run([sys.executable, "-c", SCRIPT + script, *arguments], capture_output=True, text=True)
    assert done.returncode == returncode, done.stderr
    return done


def options(folder, rate=1.0, **more):
    return RequestLogOptions(str(folder / "log"), rate, **more)


def request(model="m", number=1):
    return LoggedRequest(ServableId(model, 1), "s", LogKind.PREDICT, {"x": np.int32([number])}, {})


def counts(registry: Registry):
    cells = registry.snapshot()["tenon_serving_request_log_records_total"]["cells"]
    return {outcome: count for (outcome,), count in cells}


def numbers(folder):
    read = []
    for path in sorted(folder.glob("*.tfrecord")):
        for record in read_records(path):
            log = message_class("tensorflow.serving.PredictionLog").FromString(record)
            read += make_ndarray(log.predict_log.request.inputs["x"]).tolist()
    return sorted(read)


def wait_until(true):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_what_was_offered_is_in_the_file_in_order_of_its_coming(tmp_path):
    registry = Registry()
    log = RequestLog(registry, {"m": options(tmp_path)})
    for number in range(100):
        log.offer(request(number=number))
    log.close()
    assert numbers(tmp_path) == list(range(100))
    assert counts(registry) == {"written": 100, "dropped": 0, "failed": 0}
    cells = registry.snapshot()[":tensorflow:serving:request_log_count"]["cells"]
    assert cells == [[["m", "OK"], 100], [["m", "RESOURCE_EXHAUSTED"], 0]]


def test_a_file_can_be_read_before_the_log_is_closed(tmp_path):
    registry = Registry()
    log = RequestLog(registry, {"m": options(tmp_path)})
    log.offer(request())
    wait_until(lambda: counts(registry)["written"] == 1)
    (path,) = tmp_path.iterdir()
    assert path.name.endswith(".tmp")
    assert len(list(read_records(path))) == 1
    log.close()


def test_the_rate_is_the_share_that_is_drawn(tmp_path):
    log = RequestLog(
        Registry(), {"all": options(tmp_path), "some": options(tmp_path, 0.3), "none": options(tmp_path, 0)}
    )
    drawn = {name: sum(log.samples(name) for _ in range(2000)) for name in ("all", "some", "none", "unknown")}
    log.close()
    assert (drawn["all"], drawn["none"], drawn["unknown"]) == (2000, 0, 0)
    assert 450 < drawn["some"] < 750


def test_what_does_not_fit_the_queue_is_dropped_and_counted(tmp_path):
    registry = Registry()
    log = RequestLog(registry, {"m": options(tmp_path)}, max_queued=10)
    offered = 0
    while counts(registry)["dropped"] == 0:
        log.offer(request(number=offered))
        offered += 1
    log.close()
    done = counts(registry)
    assert done["failed"] == 0
    assert done["written"] + done["dropped"] == offered
    assert len(numbers(tmp_path)) == done["written"]


def test_the_memory_that_waits_is_bounded(tmp_path):
    registry = Registry()
    log = RequestLog(registry, {"m": options(tmp_path)}, max_queued_bytes=10_000)
    log.offer(LoggedRequest(ServableId("m", 1), "s", LogKind.PREDICT, {"x": np.zeros(20_000)}, {}))
    log.offer(request())
    log.close()
    assert counts(registry) == {"written": 1, "dropped": 1, "failed": 0}


def test_a_closed_log_drops(tmp_path):
    registry = Registry()
    log = RequestLog(registry, {"m": options(tmp_path)})
    log.close()
    log.offer(request())
    log.close()
    assert counts(registry) == {"written": 0, "dropped": 1, "failed": 0}


def test_a_model_that_is_not_logged_is_refused(tmp_path):
    log = RequestLog(Registry(), {"m": options(tmp_path)})
    with pytest.raises(InvalidArgumentError, match=r"request: must be of a model that is logged, \['m'\]; .*'n'"):
        log.offer(request("n"))
    log.close()


def test_other_models_are_logged_after_a_reload(tmp_path):
    log = RequestLog(Registry(), {"a": options(tmp_path / "a"), "b": options(tmp_path / "b")})
    log.offer(request("a", 1))
    log.offer(request("b", 1))
    log.configure({"b": options(tmp_path / "b"), "c": options(tmp_path / "c")})
    assert not log.samples("a")
    wait_until(lambda: numbers(tmp_path / "a") == [1])  # finished without the end of the log
    assert numbers(tmp_path / "b") == []
    log.offer(request("b", 2))
    log.offer(request("c", 1))
    log.close()
    assert numbers(tmp_path / "b") == [1, 2]
    assert len(list((tmp_path / "b").iterdir())) == 1
    assert numbers(tmp_path / "c") == [1]


def test_old_files_are_finished_without_new_requests(tmp_path):
    log = RequestLog(Registry(), {"m": options(tmp_path, max_file_seconds=0.01)})
    log.offer(request())
    wait_until(lambda: numbers(tmp_path) == [1])
    log.close()


def test_a_request_that_is_no_message_costs_itself_only(tmp_path, caplog):
    registry = Registry()
    log = RequestLog(registry, {"m": options(tmp_path)})
    for _ in range(3):
        log.offer(LoggedRequest(ServableId("m", 1), "s", LogKind.PREDICT, b"\xff not a message", b""))
        log.offer(request())
    log.close()
    assert counts(registry) == {"written": 3, "dropped": 0, "failed": 3}
    assert caplog.text.count("requests cannot be logged") == 1


def test_a_directory_that_cannot_be_made_is_said_once_and_hinders_no_other_model(tmp_path, caplog):
    (tmp_path / "file").write_bytes(b"")
    registry = Registry()
    bad = RequestLogOptions(str(tmp_path / "file" / "log"), 1.0)
    log = RequestLog(registry, {"bad": bad, "good": options(tmp_path / "good")})
    for number in range(3):
        log.offer(request("bad"))
        log.offer(request("good", number))
    log.close()
    assert numbers(tmp_path / "good") == [0, 1, 2]
    assert counts(registry) == {"written": 3, "dropped": 0, "failed": 3}
    assert caplog.text.count("requests cannot be logged") == 1


def test_logging_goes_on_when_the_trouble_is_over(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    registry = Registry()
    log = RequestLog(registry, {"m": RequestLogOptions(str(tmp_path / "file" / "log"), 1.0)})
    log.offer(request())
    wait_until(lambda: counts(registry)["failed"] == 1)
    (tmp_path / "file").unlink()
    log.offer(request())
    log.close()
    assert counts(registry) == {"written": 1, "dropped": 0, "failed": 1}


def test_records_of_a_killed_process_are_finished_by_the_next(tmp_path):
    run(KILLED, str(tmp_path / "log"), "tfrecord", returncode=-9)
    assert numbers(tmp_path) == []
    log = RequestLog(Registry(), {"m": options(tmp_path)})
    wait_until(lambda: list(tmp_path.glob("*.tfrecord")))
    log.close()
    (path,) = tmp_path.iterdir()
    assert len(list(read_records(path))) == 7


def test_a_full_disk_costs_records_that_are_counted_and_leaves_whole_files(tmp_path):
    done = run(FULL, str(tmp_path / "log"), "tfrecord")
    assert json.loads(done.stdout) == {"written": 7, "dropped": 0, "failed": 5}
    assert done.stderr.count("requests cannot be logged") == 1
    (path,) = tmp_path.iterdir()
    assert path.suffix == ".tfrecord"
    assert len(list(read_records(path))) == 7


def test_a_full_disk_leaves_no_broken_parquet_file(tmp_path):
    done = run(FULL_FROM_THE_BEGIN, str(tmp_path / "log"), "parquet")
    assert json.loads(done.stdout) == {"written": 0, "dropped": 0, "failed": 12}
    assert list(tmp_path.iterdir()) == []


def test_requests_are_logged_as_parquet_too(tmp_path):
    log = RequestLog(Registry(), {"m": options(tmp_path, type="parquet")})
    for number in range(10):
        log.offer(request(number=number))
    log.close()
    (path,) = tmp_path.iterdir()
    assert pyarrow.parquet.read_table(path)["inputs.x"].to_pylist() == [[number] for number in range(10)]
