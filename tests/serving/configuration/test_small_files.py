"""Files about metrics and batching."""

import pytest

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.serving.configuration import (
    MonitoringConfig,
    read_batching_parameters,
    read_monitoring_config,
    read_ssl_config,
)

KEY = "-----BEGIN PRIVATE KEY-----\\nsecret\\n-----END PRIVATE KEY-----"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\\nabc\\n-----END CERTIFICATE-----"


@pytest.fixture
def write(tmp_path):
    def to_file(text):
        file = tmp_path / "file.txt"
        file.write_text(text)
        return file

    return to_file


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", MonitoringConfig()),
        ("prometheus_config { enable: true }", MonitoringConfig(enable=True, path="/monitoring/prometheus/metrics")),
        ("prometheus_config { enable: true path: '/metrics' }", MonitoringConfig(enable=True, path="/metrics")),
    ],
)
def test_a_monitoring_config_is_read(write, text, expected):
    assert read_monitoring_config(write(text)) == expected


@pytest.mark.parametrize("path", ["metrics", "/v1/metrics", "/V1/x", "/m?x=1", "/m#x"])
def test_metrics_need_a_path_of_their_own(write, path):
    with pytest.raises(InvalidArgumentError, match=r"file.txt: prometheus_config.path: must begin with '/'"):
        read_monitoring_config(write(f"prometheus_config {{ path: '{path}' }}"))


def test_an_ssl_config_is_read_and_never_prints_its_key(write):
    text = f"server_key: '{KEY}' server_cert: '{CERTIFICATE}' custom_ca: '{CERTIFICATE}' client_verify: true"
    config = read_ssl_config(write(text))
    assert config.client_verify
    assert b"\nsecret\n" in config.key
    assert "secret" not in repr(config)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "file.txt: server_key: must be PEM text"),
        ("server_key: '/etc/key.pem'", "received 12 characters without"),
        (f"server_key: '{KEY}'", "server_cert: must be PEM text"),
        (f"server_key: '{KEY}' server_cert: '{CERTIFICATE}' custom_ca: 'x'", "custom_ca: must be PEM"),
        (f"server_key: '{KEY}' server_cert: '{CERTIFICATE}' client_verify: true", "client_verify: needs client_ca"),
        (f"server_key: '{KEY}' nonsense", "line 1, column"),
        (f"server_key: '{KEY}", "line 1, column"),
    ],
)
def test_a_bad_ssl_config_is_refused_without_a_word_of_the_key(write, text, match):
    with pytest.raises(InvalidArgumentError, match=match) as caught:
        read_ssl_config(write(text))
    assert "secret" not in str(caught.value)
    assert "/etc/key.pem" not in str(caught.value)


def test_batching_parameters_are_read(write):
    message = read_batching_parameters(
        write("max_batch_size { value: 128 } allowed_batch_sizes: 1 allowed_batch_sizes: 128")
    )
    assert message.max_batch_size.value == 128
    assert list(message.allowed_batch_sizes) == [1, 128]
    assert not message.HasField("batch_timeout_micros")


def test_batching_parameters_that_forget_the_wrapper_are_refused(write):
    with pytest.raises(
        InvalidArgumentError, match=r"line 1, column 17: must be a tensorflow.serving.BatchingParameters"
    ):
        read_batching_parameters(write("max_batch_size: 128"))


def test_a_missing_file_is_named(tmp_path):
    for read in (read_batching_parameters, read_monitoring_config):
        with pytest.raises(NotFoundError, match="none: there is no such file"):
            read(tmp_path / "none")
