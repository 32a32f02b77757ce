"""Flags become options; what has no effect is told, what cannot be is refused."""

import argparse
from dataclasses import fields
from pathlib import Path

import pytest

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.cli._serve import add_arguments
from tenon.serving import ServerOptions
from tenon.serving.configuration import FLAGS, Effect, server_options

MODEL = {"model_base_path": "/models/m"}

TENSORFLOW_SERVINGS = """
port grpc_socket_path rest_api_port rest_api_num_threads rest_api_timeout_in_ms rest_api_enable_cors_support
grpc_channel_arguments grpc_max_threads enable_grpc_healthcheck_service enable_batching batching_parameters_file
enable_per_model_batching_parameters allow_version_labels_for_unavailable_models model_config_file
model_config_file_poll_wait_seconds model_name model_base_path num_load_threads num_unload_threads
max_num_load_retries load_retry_interval_micros file_system_poll_wait_seconds flush_filesystem_caches
tensorflow_session_parallelism tensorflow_intra_op_parallelism tensorflow_inter_op_parallelism
tensorflow_session_config_file per_process_gpu_memory_fraction platform_config_file saved_model_tags
use_alts_credentials ssl_config_file enable_model_warmup num_request_iterations_for_warmup
monitoring_config_file remove_unused_fields_from_bundle_metagraph prefer_tflite_model num_tflite_pools
num_tflite_interpreters_per_pool enable_signature_method_name_check xla_cpu_compilation_enabled
xla_gpu_compilation_enabled enable_profiler thread_pool_factory_config_file mixed_precision skip_initialize_tpu
enable_serialization_as_tensor_content version
"""


def parse(*words):
    parser = argparse.ArgumentParser(allow_abbrev=False, exit_on_error=False)
    add_arguments(parser)
    return server_options(vars(parser.parse_args(words)))


def test_every_flag_of_tensorflow_serving_is_known():
    assert sorted(flag.name for flag in FLAGS if not flag.ours) == sorted(TENSORFLOW_SERVINGS.split())


def test_a_flag_sets_an_option_that_there_is_and_no_two_set_one():
    options = [flag.option for flag in FLAGS if flag.option]
    assert set(options) <= {field.name for field in fields(ServerOptions)}
    assert len(set(options)) == len(options)


def test_every_option_has_a_flag():
    by_flag = {flag.option for flag in FLAGS}
    assert {field.name for field in fields(ServerOptions)} - by_flag == {"models", "config", "model_config_file"}


def test_a_command_of_tensorflow_serving_works_word_for_word():
    options = parse("--port=8500", "--rest_api_port=8501", "--model_name=m", "--model_base_path=/models/m")
    assert options == ServerOptions(models={"m": Path("/models/m")})


def test_a_model_without_a_name_is_called_default():
    assert parse("--model_base_path=/models/m").models == {"default": Path("/models/m")}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--rest_api_enable_cors_support"], True),
        (["--rest_api_enable_cors_support=true"], True),
        (["--rest-api-enable-cors-support", "TRUE"], True),
        (["--rest_api_enable_cors_support=1"], True),
        (["--rest_api_enable_cors_support=false"], False),
        (["--rest_api_enable_cors_support", "--rest_api_enable_cors_support=0"], False),
        ([], False),
    ],
)
def test_a_boolean_may_stand_alone_or_have_a_value(words, expected):
    assert parse("--model=m=/m", *words).rest_api_enable_cors_support is expected


def test_another_word_for_a_boolean_is_refused():
    with pytest.raises(argparse.ArgumentError, match=r"must be one of .*'false', 'true'.*; received 'perhaps'"):
        parse("--model=m=/m", "--exit_on_failed_load=perhaps")


@pytest.mark.parametrize(
    ("given", "option", "expected"),
    [
        ({"rest_api_timeout_in_ms": 1500}, "rest_api_timeout_seconds", 1.5),
        ({"load_retry_interval_micros": 250_000}, "load_retry_interval_seconds", 0.25),
        ({"load_retry_interval_micros": -1}, "load_retry_interval_seconds", 0),
        ({"compile_cache": "/cache"}, "compile_cache", Path("/cache")),
        ({"ssl_config_file": ""}, "ssl", None),
        ({"monitoring_config_file": ""}, "monitoring", None),
    ],
)
def test_values_are_converted(given, option, expected):
    assert getattr(server_options(MODEL | given), option) == expected


def test_files_that_flags_name_are_read(tmp_path):
    file = tmp_path / "file"
    file.write_text("prometheus_config { enable: true }")
    assert server_options(MODEL | {"monitoring_config_file": str(file)}).monitoring.enable
    with pytest.raises(InvalidArgumentError, match=r"BatchingParameters as text.*prometheus_config"):
        server_options(MODEL | {"batching_parameters_file": str(file)})
    with pytest.raises(NotFoundError, match="none: there is no such file"):
        server_options(MODEL | {"ssl_config_file": str(tmp_path / "none")})


NONE = [flag for flag in FLAGS if flag.effect is Effect.NONE]
REFUSED = [flag for flag in FLAGS if flag.effect is Effect.REFUSED]
OTHER = {bool: lambda default: not default, str: lambda _: "x", int: lambda _: 7, float: lambda _: 0.5}


@pytest.mark.parametrize("flag", NONE, ids=lambda flag: flag.name)
def test_a_flag_without_effect_says_so_once_and_why(flag, caplog):
    assert server_options(MODEL | {flag.name: OTHER[flag.kind](flag.default)}) == server_options(MODEL)
    assert caplog.messages == [f"--{flag.name} has no effect: {flag.text}"]


@pytest.mark.parametrize("flag", REFUSED, ids=lambda flag: flag.name)
def test_a_refused_flag_says_why_and_what_to_do(flag):
    with pytest.raises(InvalidArgumentError) as caught:
        server_options(MODEL | {flag.name: OTHER[flag.kind](flag.default)})
    assert str(caught.value).startswith(f"--{flag.name}: cannot be ")
    assert flag.text in str(caught.value)


@pytest.mark.parametrize("flag", [*NONE, *REFUSED], ids=lambda flag: flag.name)
def test_any_flag_may_have_tensorflow_servings_own_default(flag, caplog):
    server_options(MODEL | {flag.name: flag.default})
    assert caplog.messages == []


def test_a_bad_file_of_keys_is_refused_without_a_word_of_them(tmp_path):
    file = tmp_path / "ssl.config"
    for text in ("server_key: 'MIIEv", "server_key: 'MIIEv' nonsense", "server_key: 'MIIEv' server_cert: 'x' what: 3"):
        file.write_text(text)
        with pytest.raises(InvalidArgumentError, match=r"ssl.config, line 1, column \d+: must be") as caught:
            server_options(MODEL | {"ssl_config_file": str(file)})
        assert "MIIEv" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({}, "models: name at least one model"),
        ({"model": ["a"]}, "--model: must be NAME=DIR; received 'a'"),
        ({"model": ["a=x", "a=y"]}, "--model: each name may be given once; received 'a' twice"),
        ({"model": ["m=x"], "model_name": "m", "model_base_path": "y"}, "received 'm' twice"),
        ({"model_name": "m"}, "--model-name: needs --model-base-path"),
        ({"model": ["a=x"], "model_config_file": "f"}, "--model_config_file: holds all models; received --model 'a=x'"),
        (MODEL | {"model_config_file_poll_wait_seconds": 1.0}, "needs a model_config_file"),
        (MODEL | {"aspired_version_policy": "x"}, r"one of \['availability', 'resource'\]; received 'x'"),
        (MODEL | {"num_load_threads": -1}, "num_load_threads: must be at least 0; received -1"),
        (MODEL | {"rest_api_timeout_in_ms": -1}, "rest_api_timeout_seconds: must be a number of seconds"),
    ],
)
def test_what_makes_no_sense_is_refused(given, match):
    with pytest.raises(InvalidArgumentError, match=match):
        server_options(given)


def test_a_config_file_comes_before_a_base_path(tmp_path):
    file = tmp_path / "models"
    file.write_text("model_config_list { config { name: 'a' base_path: '/a' } }")
    options = server_options(MODEL | {"model_config_file": str(file)})
    assert [model.name for model in options.model_server_config().models] == ["a"]
