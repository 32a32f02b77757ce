"""How the process fares."""

import asyncio
import mmap
import time

from tenon.base import DataLossError
from tenon.serving.telemetry import LoopLag, Registry, watch_process, watch_states
from tenon.serving.telemetry._process import open_files, resident_bytes
from tests.serving.doubles import manager


def value(registry: Registry, name: str):
    ((_, found),) = registry.snapshot()[name]["cells"]
    return found


def test_memory_is_that_of_the_process():
    before = resident_bytes()
    with mmap.mmap(-1, 2**26) as block:  # new pages, whatever the process has freed and kept
        block.write(b"x" * len(block))
        assert resident_bytes() > before + 0.9 * len(block)


def test_open_files_are_counted():
    before = open_files()
    with open(__file__), open(__file__):
        assert open_files() == before + 2


def test_the_process_is_read_at_every_snapshot():
    registry = Registry()
    watch_process(registry)
    before = value(registry, "tenon_serving_process_cpu_seconds_total")
    end = time.process_time() + 0.02
    while time.process_time() < end:
        pass
    assert value(registry, "tenon_serving_process_cpu_seconds_total") >= before + 0.02
    assert value(registry, "tenon_serving_process_resident_memory_bytes") > 2**20
    assert value(registry, "tenon_serving_process_open_files") > 2


def test_versions_are_shown_in_their_state():
    registry = Registry()
    watch_states(registry, manager(failure=DataLossError("damaged")))
    cells = registry.snapshot()["tenon_serving_version_state"]["cells"]
    assert sorted(cells) == [
        [["half", "1", "AVAILABLE"], 1],
        [["half", "2", "END"], 1],
        [["half", "3", "AVAILABLE"], 1],
        [["many", "7", "AVAILABLE"], 1],
    ]
    assert registry.snapshot()["tenon_serving_version_state"]["cells"] == cells


def test_a_loop_that_was_blocked_is_late():
    registry = Registry()

    async def main():
        lag = LoopLag(registry)
        lag.start()
        time.sleep(0.4)  # block the loop beyond the timer
        while value(registry, "tenon_serving_event_loop_lag_max_seconds") == 0:
            await asyncio.sleep(0.01)
        lag.stop()
        lag.stop()

    asyncio.run(asyncio.wait_for(main(), 60))
    total, counts = value(registry, "tenon_serving_event_loop_lag_seconds")
    assert sum(counts) >= 1
    assert total >= 0.1
