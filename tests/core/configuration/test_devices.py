import json
import os
import subprocess
import sys

import pytest

import tenon as tf
from tenon.base import InvalidArgumentError

CPU = tf.config.PhysicalDevice("/physical_device:CPU:0", "CPU")
UNKNOWN = tf.config.PhysicalDevice("/physical_device:GPU:7", "GPU")

FRESH = """
import json, os
import tenon as tf
from tenon.core.configuration._physical import devices_are_taken

def refused(change):
    try:
        change()
    except RuntimeError as error:
        return str(error)

cpu = tf.config.list_physical_devices("CPU")[0]
two = [tf.config.LogicalDeviceConfiguration()] * 2
found = {"taken by asking": devices_are_taken()}
tf.config.set_logical_device_configuration(cpu, two)
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.set_visible_devices([], "GPU")
found["configured"] = len(tf.config.get_logical_device_configuration(cpu))
found["threads"] = os.environ["NPROC"]
found["logical"] = [device.name for device in tf.config.list_logical_devices()]
tf.config.set_logical_device_configuration(cpu, two)
found["too late"] = [
    refused(lambda: tf.config.set_logical_device_configuration(cpu, two * 2)),
    refused(lambda: tf.config.set_visible_devices([], "CPU")),
    refused(lambda: tf.config.threading.set_intra_op_parallelism_threads(4)),
    refused(lambda: tf.config.threading.set_inter_op_parallelism_threads(4)),
]
with tf.device("CPU:1"):
    a = tf.constant([1.0, 2.0])
    found["placed"] = [x.device for x in (a, a + 1, tf.Variable(a), tf.random.normal([2]), tf.zeros([2]), tf.range(3))]
    with tf.device("/device:CPU:0"):
        found["inner"] = tf.constant(1).device
    with tf.device(None):
        found["left"] = tf.constant(1).device
    with tf.device(tf.config.list_logical_devices()[0]):
        found["logical device"] = tf.constant(1).device
    found["function"] = tf.function(lambda: tf.constant([1.0]) * 2)().device
found["both"] = (a + tf.constant(1.0)).device
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def fresh():
    done = subprocess.run(
        [sys.executable, "-c", FRESH], capture_output=True, text=True, env={**os.environ, "JAX_PLATFORMS": "cpu"}
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_asking_takes_nothing(fresh):
    assert fresh["taken by asking"] is False


def test_a_cpu_can_be_several_devices(fresh):
    assert fresh["configured"] == 2
    assert fresh["logical"] == ["/device:CPU:0", "/device:CPU:1"]


def test_threads_are_told_to_xla(fresh):
    assert fresh["threads"] == "1"


def test_what_comes_too_late_is_refused(fresh):
    things = ["Virtual devices", "Visible devices", "Intra op parallelism", "Inter op parallelism"]
    for thing, message in zip(things, fresh["too late"], strict=True):
        assert message.startswith(f"{thing} cannot be modified after being initialized")


def test_tensors_are_made_and_computed_where_the_context_says(fresh):
    first, second = (f"/job:localhost/replica:0/task:0/device:CPU:{place}" for place in (0, 1))
    assert fresh["placed"] == [second] * 6
    assert fresh["function"] == second
    assert [fresh["inner"], fresh["left"], fresh["logical device"], fresh["both"]] == [first] * 4


def test_there_is_a_cpu():
    assert CPU in tf.config.list_physical_devices()
    assert tf.config.list_physical_devices("CPU") == tf.config.get_visible_devices("CPU") == [CPU]
    assert tf.config.list_logical_devices("CPU")[0].name == "/device:CPU:0"


@pytest.mark.parametrize(
    "call",
    [
        lambda: tf.config.set_visible_devices("x"),
        lambda: tf.config.set_visible_devices(UNKNOWN),
        lambda: tf.config.set_visible_devices([CPU], "GPU"),
        lambda: tf.config.get_logical_device_configuration(UNKNOWN),
        lambda: tf.config.set_logical_device_configuration(UNKNOWN, []),
        lambda: tf.config.experimental.get_memory_growth(UNKNOWN),
        lambda: tf.config.experimental.set_memory_growth(UNKNOWN, True),
    ],
)
def test_devices_that_are_not_there_are_refused(call):
    with pytest.raises(ValueError, match="Unrecognized device"):
        call()


def test_what_jax_cannot_do_is_refused():
    with pytest.raises(ValueError, match="Setting memory limit on CPU virtual devices is currently not supported"):
        tf.config.set_logical_device_configuration(CPU, [tf.config.LogicalDeviceConfiguration(memory_limit=1024)])
    with pytest.raises(ValueError, match="Cannot set memory growth on non-GPU"):
        tf.config.experimental.set_memory_growth(CPU, True)


def test_memory_is_told():
    assert tf.config.experimental.get_memory_info("CPU:0") == {"current": 0, "peak": 0}
    assert tf.config.experimental.get_memory_usage("CPU:0") == 0
    assert tf.config.experimental.get_device_details(CPU) == {}
    with pytest.raises(ValueError, match="No matching devices found for 'CPU:99'"):
        tf.config.experimental.get_memory_info("CPU:99")
    with pytest.raises(ValueError, match="at least a type and an index"):
        tf.config.experimental.get_memory_info("CPU")
    with pytest.raises(ValueError, match="device must be a"):
        tf.config.experimental.get_device_details("CPU:0")


def test_another_device_is_taken_where_one_is_not_there_unless_that_is_forbidden():
    assert tf.config.get_soft_device_placement()
    with tf.device("TPU:3"):
        assert tf.constant(1).device.startswith("/job:localhost")
    tf.config.set_soft_device_placement(False)
    try:
        with (
            pytest.raises(InvalidArgumentError, match="Could not satisfy device specification '/device:TPU:3'"),
            tf.device("TPU:3"),
        ):
            pass
    finally:
        tf.config.set_soft_device_placement(True)
    with pytest.raises(RuntimeError, match="does not support functions"):
        tf.device(lambda operation: "CPU:0")
