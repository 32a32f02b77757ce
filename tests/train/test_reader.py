import numpy as np
import pytest

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.core.tensors import DType
from tenon.core.variables import Variable
from tenon.train import Checkpoint, list_variables, load_checkpoint, load_variable

V = "v/.ATTRIBUTES/VARIABLE_VALUE"
S = "s/.ATTRIBUTES/VARIABLE_VALUE"


@pytest.fixture
def path(tmp_path):
    return Checkpoint(v=Variable([[1.0, 2.0]]), s=Variable("text")).save(tmp_path / "ckpt")


def test_a_reader_tells_keys_shapes_and_dtypes(path):
    reader = load_checkpoint(path)
    assert reader.get_variable_to_shape_map()[V] == [1, 2]
    dtype = reader.get_variable_to_dtype_map()[V]
    assert isinstance(dtype, DType)
    assert dtype == "float32"
    assert (reader.has_tensor(V), reader.has_tensor("nothing")) == (True, False)
    assert f"{V} (DT_FLOAT) [1,2]\n" in reader.debug_string().decode()


def test_a_reader_reads(path):
    reader = load_checkpoint(path)
    np.testing.assert_array_equal(reader.get_tensor(V), [[1.0, 2.0]])
    assert reader.get_tensor(S) == b"text"
    assert isinstance(reader.get_tensor("save_counter/.ATTRIBUTES/VARIABLE_VALUE"), np.int64)
    with pytest.raises(NotFoundError, match="there is no tensor 'nothing'"):
        reader.get_tensor("nothing")


@pytest.mark.parametrize("where", ["path", "folder"])
def test_a_folder_stands_for_its_latest_checkpoint(path, tmp_path, where):
    given = path if where == "path" else tmp_path
    assert load_variable(given, V).tolist() == [[1.0, 2.0]]
    assert dict(list_variables(given))[V] == [1, 2]
    assert [name for name, _ in list_variables(given)] == sorted(dict(list_variables(given)))


def test_a_folder_without_checkpoints_is_refused(tmp_path):
    with pytest.raises(InvalidArgumentError, match="Couldn't find 'checkpoint' file or checkpoints in given directory"):
        load_checkpoint(tmp_path)


def test_a_checkpoint_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"nothing\.index: there is no such bundle"):
        load_checkpoint(tmp_path / "nothing")
