import os
import shlex
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tenon.base import FailedPreconditionError, UnavailableError
from tenon.demo._server import Endpoint, choose_endpoint, get_json, serve_command, served
from tests.demo.conftest import save_double


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, compile_cache: Path) -> None:
    monkeypatch.setenv("TENON_CACHE_DIR", str(compile_cache))


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_server_answers_in_the_block_and_ends_with_it(tmp_path: Path) -> None:
    save_double(tmp_path / "double")
    endpoint = choose_endpoint("double")
    with served(endpoint, tmp_path / "double", tmp_path / "log") as process:
        assert get_json(endpoint.url)["model_version_status"][0]["state"] == "AVAILABLE"
        assert listens(endpoint.port)
    assert process.returncode == 0
    assert not listens(endpoint.port)
    assert not listens(endpoint.rest_api_port)
    assert "successfully loaded" in (tmp_path / "log").read_text()


def fail() -> None:
    raise ValueError


@pytest.mark.parametrize(
    ("leave", "error"),
    [
        (fail, ValueError),
        (lambda: os.kill(os.getpid(), signal.SIGTERM), SystemExit),
        (lambda: os.kill(os.getpid(), signal.SIGHUP), SystemExit),
    ],
)
def test_a_server_ends_when_the_block_is_left_by_an_error_or_a_signal(
    tmp_path: Path, leave: Callable[[], None], error: type[BaseException]
) -> None:
    save_double(tmp_path / "double")
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(error), served(choose_endpoint("double"), tmp_path / "double", tmp_path / "log") as process:
        leave()
    assert process.returncode == 0
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_server_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(UnavailableError, match=r"(?s)code 1 before its model answered.*its base path cannot be listed"),
        served(choose_endpoint("none"), tmp_path / "none", tmp_path / "log"),
    ):
        pass


def test_a_server_that_dies_in_the_block_is_told(tmp_path: Path) -> None:
    save_double(tmp_path / "double")
    with (
        pytest.raises(UnavailableError, match="ended with the code -9"),
        served(choose_endpoint("double"), tmp_path / "double", tmp_path / "log") as process,
    ):
        process.kill()


def test_free_ports_differ_and_wanted_ones_are_kept() -> None:
    endpoint = choose_endpoint("m")
    assert 0 < endpoint.port != endpoint.rest_api_port > 0
    assert choose_endpoint("m", endpoint.port, 0).port == endpoint.port


def test_a_taken_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(FailedPreconditionError, match=f"port {port}: cannot listen"):
            choose_endpoint("m", 0, port)


def test_the_command_is_one_that_a_shell_takes() -> None:
    line = shlex.join(serve_command(Endpoint("m", 1, 2), Path("a b/m"), "python"))
    assert line == "python -m tenon serve --model 'm=a b/m' --port 1 --rest-api-port 2"
