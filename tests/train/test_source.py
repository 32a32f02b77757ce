import numpy as np
import pytest

from tenon.base import DataLossError, NotFoundError
from tenon.core.variables import Variable
from tenon.formats import BundleWriter
from tenon.train import Checkpoint
from tenon.train._keys import OBJECT_GRAPH
from tenon.train._source import BundleSource, object_graph


@pytest.fixture
def path(tmp_path):
    return Checkpoint(a=Variable(1), b=Variable(2)).write(tmp_path / "c")


def test_a_bundle_is_read_tensor_by_tensor(path, tmp_path):
    source = BundleSource(path)
    graph, *keys = source.keys()
    assert graph == OBJECT_GRAPH
    assert keys == ["a/.ATTRIBUTES/VARIABLE_VALUE", "b/.ATTRIBUTES/VARIABLE_VALUE"]
    tensors = source.fetch(dict.fromkeys(keys))
    assert (len(tensors), list(tensors)) == (2, keys)
    assert [int(tensors[key]) for key in keys] == [1, 2]
    (tmp_path / "c.data-00000-of-00001").unlink()
    with pytest.raises(DataLossError, match="the shard that holds the tensor"):
        tensors[keys[0]]


def test_the_graph_is_in_the_bundle(path):
    graph = object_graph(BundleSource(path), path)
    assert [child.local_name for child in graph.nodes[0].children] == ["a", "b"]


def test_a_bundle_may_have_no_graph(tmp_path):
    with BundleWriter(tmp_path / "c") as writer:
        writer.add("a", 1)
    assert object_graph(BundleSource(str(tmp_path / "c")), "c") is None


def test_a_damaged_graph_is_refused(tmp_path):
    with BundleWriter(tmp_path / "c") as writer:
        writer.add(OBJECT_GRAPH, np.array(b"\xff\xff", object))
    with pytest.raises(DataLossError, match="c: the object graph of the checkpoint is damaged"):
        object_graph(BundleSource(str(tmp_path / "c")), "c")


def test_a_missing_bundle_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"nothing\.index"):
        BundleSource(str(tmp_path / "nothing"))
