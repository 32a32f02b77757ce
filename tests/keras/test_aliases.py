import importlib
import sys

import pytest

import tenon.keras
from tenon import keras
from tenon.keras._aliases import OVERRIDES, public_modules, public_names
from tenon.keras._backend import keras as original

MODULES = dict(public_modules())


def test_every_public_name_of_keras_is_kerass_own() -> None:
    for name in public_names():
        if name not in OVERRIDES:
            assert getattr(keras, name) is getattr(original, name)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_public_module_imports_and_differs_only_where_tenon_adds(name: str) -> None:
    module = importlib.import_module(f"tenon.keras.{name}")
    added = OVERRIDES.get(name, {})
    for public in public_names(MODULES[name]):
        expected = added.get(public, getattr(MODULES[name], public))
        assert getattr(module, public) is expected
    assert set(public_names(MODULES[name])) <= set(dir(module))


def test_the_walk_reaches_the_modules_that_people_import() -> None:
    assert {"layers", "ops", "models", "applications.resnet50", "optimizers.schedules", "utils"} <= set(MODULES)


def test_every_override_replaces_something_of_keras() -> None:
    for module, names in OVERRIDES.items():
        for name, value in names.items():
            assert getattr(getattr(keras, module), name) is value
            assert getattr(getattr(original, module), name) is not value


def test_modules_import_in_every_form() -> None:
    import tenon.keras.applications.resnet50
    from tenon.keras import ops
    from tenon.keras.callbacks import TensorBoard
    from tenon.keras.layers import Dense

    assert Dense is original.layers.Dense
    assert ops is original.ops
    assert tenon.keras.applications.resnet50.ResNet50 is original.applications.ResNet50
    assert TensorBoard is keras.callbacks.TensorBoard


def test_the_door_lists_everything_and_nothing_private() -> None:
    assert set(public_names(original)) <= set(dir(tenon.keras))
    assert set(public_names(original)) <= set(tenon.keras.__all__)
    assert not [name for name in tenon.keras.__all__ if name.startswith("_")]
    assert keras.__version__ == original.__version__


def test_a_name_that_keras_lacks_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = keras.no_such_name


def test_star_imports_bring_kerass_names() -> None:
    space: dict[str, object] = {}
    exec("from tenon.keras import *", space)
    assert space["Sequential"] is original.Sequential
    assert "tenon.keras.layers" in sys.modules
