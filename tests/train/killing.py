"""Kill a process at each of its file operations, one after the other, and tell what is left.

Usage: killing.py SCENARIO FOLDER. Prints a line of JSON for every moment at which a child was killed. Children are
forked before JAX starts, so that each costs no import.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import numpy as np

from tenon.core.variables import Variable
from tenon.train import Checkpoint, CheckpointManager, latest_checkpoint, load_checkpoint

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir")


def in_child(work, kill_at=None):
    """Run ``work`` in a child that kills itself before its file operation number ``kill_at``; return its status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        work(lambda: None if kill_at is None else kill_before(kill_at))
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def kill_before(number):
    seen = 0

    def hook(event, arguments):
        nonlocal seen
        if event in EVENTS and str(FOLDER) in str(arguments[0]):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def objects(value):
    return Checkpoint(a=Variable(np.full(5000, value, np.float32)), b=[Variable(value)])


def manager_of(value):
    return CheckpointManager(objects(value), FOLDER, max_to_keep=2)


def values(path):
    """Return the values in a checkpoint: one, if it is whole."""
    reader = load_checkpoint(path)
    found = {*reader.get_tensor("a/.ATTRIBUTES/VARIABLE_VALUE").tolist()}
    return sorted(found | {float(reader.get_tensor("b/0/.ATTRIBUTES/VARIABLE_VALUE"))})


def three_saves(_):
    for value in (1, 2, 3):
        manager = manager_of(value)
        if manager.latest_checkpoint:
            manager.checkpoint.save_counter.assign(value - 1)
        manager.save()


def fourth_save(arm):
    manager = manager_of(4)
    manager.checkpoint.save_counter.assign(3)
    arm()
    manager.save()


def go_on(_):
    manager = manager_of(0)
    manager.restore_or_initialize()
    for variable in (manager.checkpoint.a, *manager.checkpoint.b):
        variable.assign(variable * 0 + 5)
    manager.save()


def left_by_manager():
    latest = latest_checkpoint(FOLDER)
    found = {"latest": latest[-6:], "values": values(latest)}
    assert in_child(go_on) == 0
    return found | {"values after": values(latest_checkpoint(FOLDER)), "index files": len(list(FOLDER.glob("*.index")))}


def one_write(_):
    objects(1).write(FOLDER / "best")


def second_write(arm):
    checkpoint = objects(2)
    arm()
    checkpoint.write(FOLDER / "best")


def left_by_write():
    found = {"values": values(FOLDER / "best")}
    assert in_child(lambda _: objects(3).write(FOLDER / "best")) == 0
    visible = sorted(path.name[-5:] for path in FOLDER.glob("best*"))
    return found | {"values after": values(FOLDER / "best"), "visible files": len(visible)}


SCENARIOS = {"manager": (three_saves, fourth_save, left_by_manager), "write": (one_write, second_write, left_by_write)}

if __name__ == "__main__":
    prepare, work, left = SCENARIOS[sys.argv[1]]
    FOLDER = Path(sys.argv[2])
    status, number = signal.SIGKILL, 0
    FOLDER.mkdir()
    assert in_child(prepare) == 0
    prepared = FOLDER.rename(FOLDER.with_name("prepared"))
    while status == signal.SIGKILL:
        number += 1
        shutil.rmtree(FOLDER, ignore_errors=True)
        shutil.copytree(prepared, FOLDER)
        status = in_child(work, number)
        print(json.dumps({"number": number, "killed": status == signal.SIGKILL} | left()), flush=True)
    sys.exit(status)
