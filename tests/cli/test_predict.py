"""``tenon predict`` at the shell."""

import io
import json
import sys

import numpy as np
import pytest

from tenon.cli import main
from tests.serving.client.servers import serving
from tests.serving.servers import free_port


@pytest.fixture(scope="module", params=["grpc", "http"])
def url(request):
    with serving(request.param) as url:
        yield url


@pytest.fixture
def predict(url, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = main(["predict", url, *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_json_goes_in_and_comes_out(predict):
    assert predict("half", "--json", "[1.0, 2, NaN]") == (0, '{"y":[2.5,3.0,NaN]}\n', "")
    assert predict("half", "--json", '{"x": [5]}', "--version", "1") == (0, '{"y":[4.5]}\n', "")


def test_json_is_read_from_stdin(predict, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"x": [{"b64": "YQ=="}, "b"]}')))
    code, out, _ = predict("many", "--json", "-", "--signature", "text", "--outputs", "text")
    assert (code, json.loads(out)) == (0, {"text": ["a", "b"]})


def test_bytes_that_are_no_text_are_base64(url, predict):
    if url.startswith("grpc"):
        assert predict("many", "--json", '{"x": [{"b64": "/w=="}]}', "--signature", "object")[1] == (
            '{"x":[{"b64":"/w=="}]}\n'
        )


def test_arrays_come_from_files_and_go_to_one(predict, tmp_path):
    a, b = np.ones((2, 2), "f4"), np.int32([1, 2])
    np.save(tmp_path / "a.npy", a)
    np.save(tmp_path / "b.npy", b)
    np.savez(tmp_path / "all.npz", a=a, b=b)
    for words in (["a=a.npy", "b=b.npy"], ["all.npz"]):
        assert predict("many", "--output", "out.npz", "--inputs", *words) == (0, "", "")
        with np.load("out.npz") as answer:
            assert {name: answer[name].tolist() for name in answer.files} == {"sum": [3, 4], "b": [1, 2]}
    np.save(tmp_path / "x=1.npy", np.float32([1]))
    assert predict("half", "--inputs", "x=1.npy")[1] == '{"y":[2.5]}\n'


def test_strings_and_half_floats_go_to_a_file(url, predict):
    predict("many", "--json", '["a", "bc"]', "--signature", "object", "--output", "out.npz")
    with np.load("out.npz") as answer:
        assert answer["x"].tolist() == [b"a", b"bc"]
    if url.startswith("grpc"):
        predict("many", "--json", "[1.5]", "--signature", "float16", "--output", "out.npz")
        with np.load("out.npz") as answer:
            assert (answer["x"].dtype, answer["x"].tolist()) == (np.float32, [1.5])
        assert predict("many", "--json", "[1.5]", "--signature", "float16")[1] == '{"x":[1.5]}\n'
        code, _, told = predict("many", "--json", '["a\\u0000"]', "--signature", "object", "--output", "out.npz")
        assert (code, "cut zeros from the end" in told) == (2, True)


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["none", "--json", "[1]"], 1, "tenon predict: Servable not found for request: Latest(none)"),
        (["half", "--json", "[1"], 2, "JSON: the text cannot be read"),
        (["half", "--json", '["a"]'], 2, "input 'x': must be float32; received strings"),
        (["half", "--json", "[1]", "--outputs", "z"], 2, "output tensor alias not found in signature: z"),
        (["half", "--json", "[1]", "--timeout", "-1"], 2, "timeout: must be a number of seconds above 0"),
        (["half", "--json", "[1]", "--version", "1", "--label", "a"], 2, "give one of them"),
        (["half", "--json", "[1]", "--key", "a"], 2, "one needs the other"),
        (["half", "--json", "[1]", "--output", "none/out.npz"], 1, "cannot be written (No such file"),
        (["half", "--inputs", "none.npy"], 1, "'none.npy' cannot be read (No such file"),
        (["half", "--inputs", "x=none.npy"], 1, "'none.npy' cannot be read"),
        (["half", "--inputs", "x=a", "x=b"], 1, "'a' cannot be read"),
        (["many", "--inputs", "a.npy", "b.npy"], 2, "must be NAME=FILE.npy for several inputs; received 'a.npy'"),
    ],
)
def test_what_cannot_be_done_is_said(predict, words, code, text):
    found, out, told = predict(*words)
    assert (found, out) == (code, "")
    assert text in told


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_files_that_are_no_arrays_are_told(predict, tmp_path, content):
    (tmp_path / "x.npy").write_bytes(content)
    code, _, told = predict("half", "--inputs", "x.npy")
    assert (code, "'x.npy' must be an array of numbers or text" in told) == (2, True)


def test_a_file_that_would_run_code_is_not_opened(predict, tmp_path):
    np.save(tmp_path / "x.npy", np.array([print], object), allow_pickle=True)
    code, _, told = predict("half", "--inputs", "x.npy")
    assert (code, "must be an array of numbers or text" in told) == (2, True)


def test_secrets_come_from_the_environment(url, predict, monkeypatch):
    monkeypatch.setenv("TENON_TOKEN", "no\nheader")
    code, _, told = predict("half", "--json", "[1]")
    assert (code, "authorization" in told, "no\nheader" in told) == (2, True, False)


def test_nobody_listening_exits_1(capsys):
    words = ["predict", f"http://127.0.0.1:{free_port()}", "m", "--json", "[1]", "--timeout", "0.2"]
    assert main(words) == 1
    assert "the connection failed: Connection refused" in capsys.readouterr().err
