"""Options are checked when they are made."""

import math
from pathlib import Path

import pytest

from tenon.base import InvalidArgumentError
from tenon.serving import ModelConfig, ModelServerConfig, ServerOptions

CONFIG = ModelServerConfig((ModelConfig("a", Path("/a")),))


def test_models_are_named_in_one_way():
    assert ServerOptions(config=CONFIG).model_server_config() is CONFIG
    with pytest.raises(InvalidArgumentError, match=r"name the models in one way; received \['models', 'config'\]"):
        ServerOptions(models={"a": Path("/a")}, config=CONFIG)
    with pytest.raises(InvalidArgumentError, match="name at least one model"):
        ServerOptions()


def test_a_server_may_begin_without_models_if_told_so():
    assert ServerOptions(config=ModelServerConfig()).model_server_config().models == ()


def test_relative_directories_become_absolute():
    (model,) = ServerOptions(models={"m": Path("m")}).model_server_config().models
    assert model.base_path == Path.cwd() / "m"


def test_a_model_without_a_name_is_refused():
    with pytest.raises(InvalidArgumentError, match="name: a model's name must be non-empty"):
        ServerOptions(models={"": Path("/m")})


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("drain_seconds", math.nan),
        ("reload_timeout_seconds", math.inf),
        ("load_retry_interval_seconds", -1.0),
        ("max_num_load_retries", -1),
        ("num_unload_threads", 2**31),
        ("port", 65536),
    ],
)
def test_numbers_out_of_their_range_are_refused(option, value):
    with pytest.raises(InvalidArgumentError, match=f"{option}: must .*; received {value}"):
        ServerOptions(config=CONFIG, **{option: value})
