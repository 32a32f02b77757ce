import os
import signal
import subprocess
import sys

import jax
import numpy as np
import pytest

from tenon.base import AlreadyExistsError, FailedPreconditionError, InvalidArgumentError, NotFoundError
from tenon.core.tensors import Tensor, constant
from tenon.core.variables import Module, Variable
from tenon.train import AsyncCheckpointer, Checkpoint, KeepAny, KeepBest, KeepEvery, KeepLatest
from tests.train.objects import module


def some_module(number):
    return module(
        w=Variable([number, 1.0]),
        rows=[Variable(number), Variable(f"text {number}")],
        table={"a/b.c ä": Variable([True])},
        double=Variable(0.1 * number, dtype="float64"),
        long=Variable(2**40 + number, dtype="int64"),
        half=Variable([number], dtype="bfloat16"),
        empty=Variable(np.zeros((0, 2), np.float32)),
    )


def values(held):
    variables = [held.w, *held.rows, held.table["a/b.c ä"], held.double, held.long, held.half, held.empty]
    return [np.asarray(variable.numpy()).tolist() for variable in variables]


def test_a_checkpoint_is_saved_and_restored(tmp_path):
    with AsyncCheckpointer(tmp_path) as checkpointer:
        checkpointer.save(7, Checkpoint(held=some_module(3)))
        other = some_module(0)
        checkpointer.restore(target=Checkpoint(held=other)).assert_consumed()
    assert values(other) == values(some_module(3))


def test_what_is_saved_is_what_was_true_when_save_was_called(tmp_path):
    held = module(v=Variable(np.zeros(100_000, np.float32)))
    with AsyncCheckpointer(tmp_path) as checkpointer:
        for step in range(3):
            held.v.assign(np.full(100_000, step, np.float32))
            checkpointer.save(step, Checkpoint(held))
        held.v.assign(np.full(100_000, 9, np.float32))
        checkpointer.restore(1, Checkpoint(held))
    assert set(held.v.numpy()) == {1.0}


def test_objects_may_appear_after_the_restore(tmp_path):
    with AsyncCheckpointer(tmp_path) as checkpointer:
        checkpointer.save(1, Checkpoint(held=some_module(3)))
        held = Module()
        status = checkpointer.restore(target=Checkpoint(held=held)).expect_partial()
        held.w = Variable([0.0, 0.0])
        held.rows = [Variable(0), Variable("")]
        assert held.w.numpy().tolist() == [3, 1]
        assert held.rows[1].numpy() == b"text 3"
        with pytest.raises(AssertionError, match="double"):
            status.assert_consumed()


def test_pytrees_come_back_as_arrays_of_numpy(tmp_path):
    tree = {
        "a": [jax.numpy.ones(2), (np.arange(3), Variable(2.5))],
        "number": 3,
        "tensor": constant([1.0]),
        "half": jax.numpy.ones(1, "bfloat16"),
        "none": None,
    }
    with AsyncCheckpointer(tmp_path) as checkpointer:
        checkpointer.save(1, tree)
        found = checkpointer.restore()
    assert [type(leaf) for leaf in jax.tree.leaves(found)] == [np.ndarray] * 6
    assert found["a"][0].tolist() == [1, 1]
    assert [part.tolist() for part in found["a"][1]] == [[0, 1, 2], 2.5]
    assert (found["number"], found["tensor"].tolist(), found["half"].dtype) == (3, [1.0], "bfloat16")


def test_a_target_says_the_structure_and_where_arrays_lie(tmp_path):
    device = jax.devices()[0]
    target = {"a": (jax.device_put(np.zeros(2, np.float32), device), np.zeros((), np.int64))}
    with AsyncCheckpointer(tmp_path) as checkpointer:
        checkpointer.save(1, {"a": (np.float32([1, 2]), 3)})
        found = checkpointer.restore(1, target)
        array, number = found["a"]
        assert isinstance(array, jax.Array)
        assert (array.tolist(), number.tolist(), type(number)) == ([1, 2], 3, np.ndarray)
        described = jax.ShapeDtypeStruct((2,), np.float32, sharding=jax.sharding.SingleDeviceSharding(device))
        assert isinstance(checkpointer.restore(1, {"a": (described, number)})["a"][0], jax.Array)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"b": np.zeros(2, np.float32)}, "target: does not fit what was saved"),
        ({"a": np.zeros(3, np.float32)}, r"target\['a'\]: has shape \(3,\) and dtype float32; saved in .* are \(2,\)"),
        ({"a": np.zeros(2, np.int32)}, r"target\['a'\]: has shape \(2,\) and dtype int32; saved in .* float32"),
        ([np.zeros(2, np.float32)], "target: does not fit"),
    ],
)
def test_a_target_that_does_not_fit_is_refused(tmp_path, target, message):
    with AsyncCheckpointer(tmp_path) as checkpointer:
        checkpointer.save(1, {"a": np.float32([1, 2])})
        with pytest.raises(InvalidArgumentError, match=message):
            checkpointer.restore(1, target)


def test_a_pytree_is_no_checkpoint(tmp_path):
    with AsyncCheckpointer(tmp_path) as checkpointer:
        checkpointer.save(1, {"a": np.ones(2)})
        with pytest.raises(InvalidArgumentError, match="holds a pytree, no Checkpoint"):
            checkpointer.restore(1, Checkpoint(v=Variable(1)))


@pytest.mark.parametrize(
    "leaf", ["text", np.zeros((0, 2)), object(), constant("text")], ids=["text", "empty", "object", "strings"]
)
def test_what_cannot_be_saved_is_refused_with_its_place(tmp_path, leaf):
    with AsyncCheckpointer(tmp_path) as checkpointer:
        with pytest.raises(
            InvalidArgumentError, match=r"checkpoint_or_pytree\['a'\]\[0\]: must be an array of numbers"
        ):
            checkpointer.save(1, {"a": [leaf]})
        assert checkpointer.steps == ()


def test_steps_stay_as_the_policy_says_and_the_next_one_knows_them(tmp_path):
    policy = KeepAny([KeepLatest(2), KeepBest("loss"), KeepEvery(4)])
    with AsyncCheckpointer(tmp_path, policy) as checkpointer:
        for step in range(1, 8):
            checkpointer.save(step, {"a": np.ones(1)}, metrics={"loss": abs(step - 3)})
        checkpointer.wait()
        assert (checkpointer.steps, checkpointer.latest_step) == ((3, 4, 6, 7), 7)
    with AsyncCheckpointer(tmp_path, policy) as checkpointer:
        assert checkpointer.metrics(3) == {"loss": 0.0}
        checkpointer.save(9, {"a": np.ones(1)}, metrics={"loss": 5})
        checkpointer.wait()
        assert checkpointer.steps == (3, 4, 7, 9)


def test_a_step_that_training_was_rolled_back_from_is_deleted(tmp_path):
    with AsyncCheckpointer(tmp_path, KeepLatest(2)) as checkpointer:
        for step in (10, 20, 5, 6, 7):
            checkpointer.save(step, {"a": np.ones(1)})
        checkpointer.wait()
        assert checkpointer.steps == (6, 7, 20)
        checkpointer.delete(20)
        assert checkpointer.latest_step == 7


def test_a_step_is_saved_once_and_missing_steps_are_named(tmp_path):
    with AsyncCheckpointer(tmp_path) as checkpointer:
        with pytest.raises(NotFoundError, match=r"there is no step; the steps are \[\]"):
            checkpointer.restore()
        checkpointer.save(3, {"a": np.ones(1)})
        with pytest.raises(AlreadyExistsError, match="step: 3 is saved already"):
            checkpointer.save(3, {"a": np.ones(1)})
        for call in (checkpointer.restore, checkpointer.metrics, checkpointer.delete):
            with pytest.raises(NotFoundError, match=r"there is no step 4; the steps are \[3\]"):
                call(4)


def test_a_closed_one_refuses(tmp_path):
    checkpointer = AsyncCheckpointer(tmp_path)
    checkpointer.close()
    checkpointer.close()
    for call in (checkpointer.wait, checkpointer.restore, lambda: checkpointer.steps):
        with pytest.raises(FailedPreconditionError, match="the checkpointer is closed"):
            call()


SHARDED = """
import os, sys
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
import jax, numpy as np
from tenon.core.tensors import Tensor
from tenon.core.variables import Variable
from tenon.train import AsyncCheckpointer, Checkpoint
mesh = jax.make_mesh((4,), ("x",))
sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("x"))
def sharded(values):
    with jax.enable_x64(True):
        return Variable(Tensor(jax.device_put(values, sharding)))
with AsyncCheckpointer(sys.argv[1]) as checkpointer:
    checkpointer.save(1, Checkpoint(v=sharded(np.arange(8) / 3), w=sharded(np.float32([1, 2, 3, 4]))))
    v, w = sharded(np.zeros(8)), Variable([0.0] * 4)
    checkpointer.restore(target=Checkpoint(v=v, w=w)).assert_consumed()
assert v.value().value.sharding == sharding and v.dtype == "float64"
assert v.numpy().tolist() == (np.arange(8) / 3).tolist()
assert w.numpy().tolist() == [1, 2, 3, 4] and len(w.value().value.devices()) == 1
path = Checkpoint(v=v).write(sys.argv[1] + "/tf")
v.assign(np.zeros(8))
Checkpoint(v=sharded(np.zeros(8))).read(path).assert_consumed()
other = sharded(np.zeros(8))
Checkpoint(v=other).read(path)
assert other.value().value.sharding == sharding
print("ok")
"""


def test_arrays_on_several_devices_stay_there(tmp_path):
    command = [sys.executable, "-c", SHARDED, str(tmp_path)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "ok\n"


FULL_DISK = """
import logging, resource, sys
import numpy as np
from tenon.base import AbortedError
from tenon.train import AsyncCheckpointer
logging.disable()
with AsyncCheckpointer(sys.argv[1]) as checkpointer:
    checkpointer.save(1, {"a": np.arange(10)})
    checkpointer.wait()
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    checkpointer.save(2, {"a": np.random.rand(1_000_000)})
    try:
        checkpointer.save(3, {"a": np.arange(10)})
    except AbortedError as error:
        print("aborted", "File too large" in str(error), checkpointer.steps)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    checkpointer.save(2, {"a": np.arange(20)})
    print(checkpointer.restore()["a"].size, checkpointer.steps)
"""


def test_an_error_of_the_background_is_raised_by_the_next_call_which_begins_nothing(tmp_path):
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "aborted True (1,)\n20 (1, 2)\n"


KILLED = """
import sys
import numpy as np
from tenon.train import AsyncCheckpointer
checkpointer = AsyncCheckpointer(sys.argv[1])
for step in range(1, 100):
    checkpointer.save(step, {"a": np.full(2_000_000, step)})
    print(step, flush=True)
"""


@pytest.mark.parametrize("after", [1, 3])
def test_a_process_killed_while_it_saves_leaves_complete_steps(tmp_path, after):
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(after):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    with AsyncCheckpointer(tmp_path) as checkpointer:
        steps = checkpointer.steps
        assert len(steps) >= after - 1
        for step in steps:
            assert set(checkpointer.restore(step)["a"]) == {step}
        checkpointer.save(1000, {"a": np.arange(3)})
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(map(str, (*steps, 1000)))


def test_without_orbax_the_install_line_is_told():
    script = """
import sys
sys.modules["orbax"] = None  # Python's own way to say: not installed
from tenon.train import AsyncCheckpointer
try:
    AsyncCheckpointer("unused")
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "pip install 'tenon-ml[orbax]'" in done.stdout


def test_orbax_is_imported_when_it_is_used():
    script = "import sys, tenon.train; print('orbax' in sys.modules, 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "False False\n"


def test_tensors_of_a_target_say_where_too(tmp_path):
    with AsyncCheckpointer(tmp_path) as checkpointer:
        checkpointer.save(1, {"a": constant([1.0])})
        assert isinstance(checkpointer.restore(1, {"a": Tensor(jax.numpy.zeros(1))})["a"], jax.Array)
