"""Which models are served: every rule of TensorFlow Serving's config, and its words."""

from contextlib import suppress
from pathlib import Path

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.formats import message_class
from tenon.serving import All, Latest, Specific
from tenon.serving.configuration import (
    ModelConfig,
    ModelServerConfig,
    parse_model_server_config,
    read_model_server_config,
)
from tenon.serving.telemetry import RequestLogOptions

WHOLE = """
model_config_list {
  config {
    name: "first" base_path: "/models/first" model_platform: "tensorflow"
    model_version_policy { specific { versions: 42 versions: 43 } }
    version_labels { key: "stable" value: 42 }
    version_labels { key: "canary" value: 43 }
  }
  config { name: "second" base_path: "file:///models/with%20space" model_version_policy { all {} } }
  config { name: "third" base_path: "/models/third" model_version_policy { latest { num_versions: 2 } }
    logging_config {
      log_collector_config { type: "tfrecord" filename_prefix: "/logs/third" }
      sampling_config { sampling_rate: 0.25 }
    }
  }
}
"""

LOG = "log_collector_config { filename_prefix: '/logs/m' } sampling_config {"


def parse(text):
    return parse_model_server_config(text.encode(), "models.txt")


def one(fields):
    return parse(f"model_config_list {{ config {{ {fields} }} }}").models[0]


def test_all_that_a_config_may_say_is_read():
    first, second, third = parse(WHOLE).models
    assert first == ModelConfig("first", Path("/models/first"), Specific((42, 43)), labels={"stable": 42, "canary": 43})
    assert second == ModelConfig("second", Path("/models/with space"), All())
    assert third.version_policy == Latest(2)
    assert third.logging == RequestLogOptions("/logs/third", 0.25, "tfrecord")


def test_a_file_is_read_and_named_in_errors(tmp_path):
    file = tmp_path / "models.config"
    file.write_text(WHOLE)
    assert list(read_model_server_config(file).servables) == ["first", "second", "third"]
    file.write_text("model_config_list { config { name: 'a' } }")
    with pytest.raises(InvalidArgumentError, match=f"{file}: model 'a': base_path: must be a local directory"):
        read_model_server_config(file)
    with pytest.raises(NotFoundError, match="there is no such file"):
        read_model_server_config(tmp_path / "none")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", Latest(1)),
        ("model_version_policy {}", Latest(1)),
        ("model_version_policy { latest {} }", Latest(1)),
        ("model_version_policy { latest { num_versions: 0 } }", Latest(1)),
        ("model_version_policy { specific {} }", Specific(())),
    ],
)
def test_defaults_of_version_policies_are_tensorflow_servings(policy, expected):
    assert one(f"name: 'm' base_path: '/m' {policy}").version_policy == expected


@pytest.mark.parametrize("platform", ["", "model_platform: 'tensorflow'", "model_type: TENSORFLOW"])
def test_the_platform_may_be_tensorflow_or_left_out(platform):
    assert one(f"name: 'm' base_path: '/m' {platform}").name == "m"


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ("name: 'm' base_path: '/m' model_platform: 'caffe'", "model 'm': requests unsupported platform.*'caffe'"),
        ("name: 'm' base_path: '/m' model_type: OTHER", "requests unsupported platform.*'OTHER'"),
        ("name: 'm' base_path: '/m' model_type: 77", "received '77'"),
        ("name: 'm' base_path: 'models/m'", "model 'm': base_path: must be absolute; received 'models/m'"),
        ("name: 'm' base_path: 's3://bucket/m'", "model 'm': base_path: must be a local directory; received 's3://"),
        ("name: 'm' base_path: 'file://host/m'", "must be a local directory"),
        ("name: 'm' base_path: '/a\\0b'", "must be a local directory"),
        ("name: 'm'", "model 'm': base_path: must be a local directory; received ''"),
        ("base_path: '/m'", "name: a model's name must be non-empty"),
        (
            "name: 'm' base_path: '/m' version_labels { key: '' value: 3 }",
            "version_labels: .* received '' for version 3",
        ),
        ("name: 'm' base_path: '/m' version_labels { key: 'a' value: 'b' }", "models.txt, line 1"),
        (
            "name: 'm' base_path: '/m' logging_config { " + LOG + " sampling_rate: 1.5 } }",
            "sampling_rate: .* received 1.5",
        ),
        ("name: 'm' base_path: '/m' logging_config { " + LOG + " sampling_rate: nan } }", "received nan"),
        (
            "name: 'm' base_path: '/m' logging_config {}",
            r"model 'm': logging_config\.log_collector_config.filename_prefix",
        ),
        (
            "name: 'm' base_path: '/m' logging_config { custom_logging_config {} }",
            r"model 'm': logging_config\.custom_logging_config: ",
        ),
    ],
)
def test_what_breaks_a_rule_is_refused_with_the_model_and_the_field(fields, match):
    with pytest.raises(InvalidArgumentError, match=match):
        one(fields)


def test_two_models_of_one_name_are_refused():
    model = "config { name: 'm' base_path: '/m' }"
    with pytest.raises(
        InvalidArgumentError, match=r"models.txt: model_config_list: .* received \['m'\] more than once"
    ):
        parse(f"model_config_list {{ {model} {model} }}")


def test_a_custom_config_is_refused_with_its_type():
    message = message_class("tensorflow.serving.ModelServerConfig")()
    message.custom_model_config.type_url = "type.googleapis.com/my.Config"
    with pytest.raises(InvalidArgumentError, match=r"custom_model_config: must not be set; .*my\.Config"):
        ModelServerConfig.from_proto(message)


def test_no_models_at_all_are_a_config_but_an_empty_file_is_none():
    assert parse("model_config_list {}").models == ()
    for text in ("", "\n", "# models come later"):
        with pytest.raises(InvalidArgumentError, match=r"models.txt: model_config_list: must be there"):
            parse(text)


def test_thousands_of_names_are_compared_quickly():
    models = tuple(ModelConfig(f"m{number % 19_999}", Path("/m")) for number in range(20_000))
    with pytest.raises(InvalidArgumentError, match="more than once"):
        ModelServerConfig(models)


@given(st.binary(max_size=200))
def test_any_message_is_read_or_refused(data):
    message = message_class("tensorflow.serving.ModelServerConfig")()
    try:
        message.MergeFromString(data)
    except DecodeError:
        return
    with suppress(InvalidArgumentError):
        ModelServerConfig.from_proto(message)
