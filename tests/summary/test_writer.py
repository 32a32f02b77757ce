import math
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.context import RequestContext
from tensorboard.data.provider import RunTagFilter
from tensorboard.util import tensor_util

from tenon.base import InvalidArgumentError
from tenon.formats import message_class
from tenon.summary import SummaryWriter, histogram_buckets


def read(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()


def values(accumulator: EventAccumulator, tag: str) -> dict[int, np.ndarray]:
    return {event.step: tensor_util.make_ndarray(event.tensor_proto) for event in accumulator.Tensors(tag)}


def test_scalars_are_read_back_as_float32_with_their_steps(tmp_path: Path) -> None:
    numbers = {0: 0.1, 5: -3, 7: np.float64(1e300), 9: math.nan, 2**40: True}
    with SummaryWriter(tmp_path) as writer:
        for step, number in numbers.items():
            writer.scalar("loss", number, step)
    found = values(read(tmp_path), "loss")
    assert list(found) == list(numbers)
    with np.errstate(over="ignore"):
        for step, number in numbers.items():
            np.testing.assert_array_equal(found[step], np.float64(number).astype(np.float32))
            assert found[step].dtype == np.float32


def test_histograms_are_read_back_exactly(tmp_path: Path) -> None:
    data = np.random.default_rng(1).normal(size=(20, 5))
    with SummaryWriter(tmp_path) as writer:
        writer.histogram("weights", data, step=3, buckets=7)
    found = values(read(tmp_path), "weights")
    np.testing.assert_array_equal(found[3], histogram_buckets(data, 7))
    assert found[3].dtype == np.float64


def test_tensorboards_data_provider_sorts_every_summary_to_its_dashboard(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path / "run") as writer:
        writer.scalar("s", 1.0, 0)
        writer.histogram("h", [1.0, 2.0], 0)
        writer.image("i", np.zeros((2, 3, 4, 1), np.uint8), 0)
        writer.text("t", "# *done*", 0)
    multiplexer = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(str(tmp_path)).Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(tmp_path))
    context = RequestContext()
    assert set(provider.list_scalars(context, experiment_id="", plugin_name="scalars")["run"]) == {"s"}
    assert set(provider.list_tensors(context, experiment_id="", plugin_name="histograms")["run"]) == {"h"}
    assert set(provider.list_tensors(context, experiment_id="", plugin_name="text")["run"]) == {"t"}
    assert set(provider.list_blob_sequences(context, experiment_id="", plugin_name="images")["run"]) == {"i"}
    scalars = provider.read_scalars(
        context, experiment_id="", plugin_name="scalars", downsample=10, run_tag_filter=RunTagFilter(runs=["run"])
    )
    assert [(point.step, point.value) for point in scalars["run"]["s"]] == [(0, 1.0)]


def test_pictures_carry_their_size_and_are_limited(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        writer.image("weights", np.zeros((5, 3, 4, 1), np.float32), step=0, max_outputs=2)
    width, height, *pictures = values(read(tmp_path), "weights")[0].tolist()
    assert (width, height, len(pictures)) == (b"4", b"3", 2)
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


def test_a_graph_is_read_back(tmp_path: Path) -> None:
    graph = message_class("tensorflow.GraphDef")()
    graph.node.add(name="x", op="Placeholder")
    graph.node.add(name="y", op="Dense", input=["x"])
    with SummaryWriter(tmp_path) as writer:
        writer.graph(graph)
    found = read(tmp_path).Graph()
    assert [(node.name, node.op, list(node.input)) for node in found.node] == [
        ("x", "Placeholder", []),
        ("y", "Dense", ["x"]),
    ]


def test_what_is_flushed_is_visible_before_the_writer_closes(tmp_path: Path) -> None:
    writer = SummaryWriter(tmp_path)
    writer.scalar("loss", 2.0, step=1)
    writer.flush()
    assert values(read(tmp_path), "loss")[1] == 2.0
    writer.close()
    writer.close()


def test_the_suffix_ends_the_file_name(tmp_path: Path) -> None:
    SummaryWriter(tmp_path, filename_suffix=".v2").close()
    (file,) = tmp_path.iterdir()
    assert file.name.startswith("events.out.tfevents.")
    assert file.name.endswith(".v2")


@pytest.mark.parametrize("value", [[1.0, 2.0], "high", 1j, None])
def test_what_is_no_number_is_refused(tmp_path: Path, value: object) -> None:
    with SummaryWriter(tmp_path) as writer, pytest.raises(InvalidArgumentError, match="value: a scalar must be one"):
        writer.scalar("loss", value, step=0)
