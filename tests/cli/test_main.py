"""The command line parses, calls, and says what is wrong."""

import subprocess
import sys

import pytest

from tenon.cli import main


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert {"serve", "demo"} <= set(capsys.readouterr().out.split())


@pytest.mark.parametrize("words", [[], ["nope"], ["serve", "--nope"], ["serve", "--port", "x"]])
def test_words_that_make_no_sense_exit_2(words, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert "usage: tenon" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "name at least one model"),
        (["--model", "a"], "must be NAME=DIR; received 'a'"),
        (["--model", "=dir"], "must be NAME=DIR"),
        (["--model", "a=x", "--model", "a=y"], "received 'a' twice"),
        (["--model", "a=x", "--port", "70000"], "port: must lie in 0..65535; received 70000"),
        (["--model", "a=x", "--port", "9000", "--rest-api-port", "9000"], "must differ from port"),
        (["--model", "a=x", "--drain-seconds", "-1"], "drain_seconds: must be a number of seconds, at least 0"),
        (["--model", "a=x", "--drain-seconds", "nan"], "received nan"),
        (["--model", "a=x", "--file-system-poll-wait-seconds", "inf"], "file_system_poll_wait_seconds: must be"),
        (["--model", "a=x", "--model-name", "b"], "--model-name: needs --model-base-path DIR beside it"),
        (
            ["--model", "a=x", "--max-batch-size", "0"],
            "max_batch_size: must be at least 1 and at most 65536; received 0",
        ),
    ],
)
def test_arguments_that_break_a_rule_exit_2_with_the_rule(words, text, capsys):
    assert main(["serve", *words]) == 2
    assert text in capsys.readouterr().err


def test_flags_may_be_spelled_as_in_tensorflow_serving(tmp_path):
    words = ["serve", "--model_name", "m", f"--model_base_path={tmp_path / 'none'}", "--rest_api_port", "0", "--port=0"]
    done = subprocess.run([sys.executable, "-m", "tenon", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "m: servable 'm': its base path cannot be listed" in done.stderr


def test_the_module_and_the_script_are_one():
    done = subprocess.run([sys.executable, "-m", "tenon", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("tenon 0.")
