import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.core.configuration import DeviceSpec

NUMBERS = st.none() | st.integers(0, 99)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", DeviceSpec()),
        ("cpu:0", DeviceSpec(device_type="CPU", device_index=0)),
        ("/gpu:1", DeviceSpec(device_type="GPU", device_index=1)),
        ("/device:GPU:*", DeviceSpec(device_type="GPU")),
        ("GPU", DeviceSpec(device_type="GPU")),
        ("/device:XLA_CPU:0", DeviceSpec(device_type="CPU", device_index=0)),
        ("/job:worker/replica:1/task:2/device:TPU:3", DeviceSpec("worker", 1, 2, "TPU", 3)),
    ],
)
def test_names_of_devices_are_read(text, expected):
    assert DeviceSpec.from_string(text) == expected


@given(NUMBERS, NUMBERS, st.sampled_from([None, "CPU", "GPU", "TPU"]), NUMBERS)
def test_what_is_written_is_read_again(replica, task, kind, index):
    spec = DeviceSpec("worker", replica, task, kind, index if kind else None)
    assert DeviceSpec.from_string(spec.to_string()) == spec


def test_what_another_specification_says_comes_first():
    spec = DeviceSpec.from_string("/job:worker/CPU:0")
    assert spec.make_merged_spec(DeviceSpec.from_string("GPU:1")).to_string() == "/job:worker/device:GPU:1"
    assert spec.replace(device_index=2).to_string() == "/job:worker/device:CPU:2"
    assert repr(spec.parse_from_string("GPU")) == "DeviceSpec('/device:GPU:*')"


@pytest.mark.parametrize("text", ["foo", "cpu:x", "device:FOO:0", "/job:a/foo:1"])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(ValueError, match=r"Unknown attribute .* is encountered while parsing the device spec"):
        DeviceSpec.from_string(text)
