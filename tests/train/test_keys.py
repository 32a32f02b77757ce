import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.train._keys import VARIABLE_VALUE, escaped, object_path, slot_path, value_key

NAMES = st.text(st.sampled_from("ab./SA"), min_size=1, max_size=6)
PATHS = st.lists(NAMES, min_size=1, max_size=4)


def unescaped(text: str) -> str:
    return text.replace("..", "\0").replace(".S", "/").replace("\0", ".")


@given(NAMES)
def test_a_name_can_be_told_from_its_escaped_form(name):
    assert "/" not in escaped(name)
    assert unescaped(escaped(name)) == name


@given(PATHS, PATHS)
def test_different_paths_have_different_keys(one, other):
    assert (object_path(one) == object_path(other)) == (one == other)


@given(PATHS)
def test_a_path_can_be_told_from_its_key(path):
    names = value_key(object_path(path), VARIABLE_VALUE).removesuffix("/.ATTRIBUTES/VARIABLE_VALUE").split("/")
    assert [unescaped(name) for name in names] == path


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (["model", "w"], "model/w/.ATTRIBUTES/VARIABLE_VALUE"),
        (["layers", "0"], "layers/0/.ATTRIBUTES/VARIABLE_VALUE"),
        (["d", "x/y"], "d/x.Sy/.ATTRIBUTES/VARIABLE_VALUE"),
        (["d", "z.z"], "d/z..z/.ATTRIBUTES/VARIABLE_VALUE"),
        ([], "/.ATTRIBUTES/VARIABLE_VALUE"),
    ],
)
def test_keys_are_those_of_tensorflow(path, key):
    assert value_key(object_path(path), VARIABLE_VALUE) == key


def test_a_slot_has_the_variable_the_optimizer_and_its_name_in_its_key():
    assert slot_path("model/w", "opt", "m.a") == "model/w/.OPTIMIZER_SLOT/opt/m..a"
