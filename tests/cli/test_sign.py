"""``tenon sign`` and ``tenon verify`` at the shell."""

import os
import pty
import subprocess
import sys

import pytest

from tenon.cli import main
from tests.saved_model.signing_keys import new_key, private_pem, public_pem

KEY = new_key()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("TENON_KEY_PASSPHRASE", raising=False)
    (tmp_path / "key.pem").write_bytes(private_pem(KEY))
    (tmp_path / "encrypted.pem").write_bytes(private_pem(KEY, b"open sesame"))
    (tmp_path / "public.pem").write_bytes(public_pem(KEY))
    (tmp_path / "other.pem").write_bytes(public_pem(new_key()))
    (tmp_path / "m").mkdir()
    (tmp_path / "m/model.tflite").write_bytes(b"...")
    return tmp_path


def tenon(folder, *words):
    return main([word if word.startswith("-") or i == 0 else str(folder / word) for i, word in enumerate(words)])


def test_what_is_signed_is_verified(folder, capsys):
    assert tenon(folder, "sign", "m", "--key", "key.pem") == 0
    assert tenon(folder, "verify", "m", "--key", "other.pem", "public.pem") == 0
    out = capsys.readouterr().out
    assert "signed 1 files with key " in out
    assert "1 files are as they were signed with key " in out


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("sign", "m", "--key", "none.pem"), 1, "none.pem: the key cannot be read (No such file"),
        (("sign", "none", "--key", "key.pem"), 1, "there is no directory at"),
        (("sign", "m", "--key", "public.pem"), 2, "must be a private key in PEM"),
        (("sign", "m", "--key", "encrypted.pem"), 1, "the key is encrypted. Set $TENON_KEY_PASSPHRASE"),
        (("verify", "m", "--key", "public.pem"), 1, "the model is not signed"),
        (("verify", "m", "--key", "key.pem"), 2, "must hold public keys in PEM"),
    ],
)
def test_what_cannot_be_done_is_said(folder, words, code, text, capsys):
    assert tenon(folder, *words) == code
    assert text in capsys.readouterr().err


def test_a_changed_model_exits_1(folder, capsys):
    tenon(folder, "sign", "m", "--key", "key.pem")
    (folder / "m/model.tflite").write_bytes(b"...!")
    assert tenon(folder, "verify", "m", "--key", "public.pem") == 1
    assert "changed since: 'model.tflite'" in capsys.readouterr().err


def test_the_passphrase_comes_from_the_environment(folder, monkeypatch):
    monkeypatch.setenv("TENON_KEY_PASSPHRASE", "open sesame")
    assert tenon(folder, "sign", "m", "--key", "encrypted.pem") == 0
    monkeypatch.setenv("TENON_KEY_PASSPHRASE", "wrong")
    assert tenon(folder, "sign", "m", "--key", "encrypted.pem") == 1


def test_the_passphrase_is_asked_for_at_a_terminal(folder):
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "tenon", "sign", folder / "m", "--key", folder / "encrypted.pem"]
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown = b""
    while b"Passphrase of " not in shown:
        shown += os.read(ours, 1024)
    os.write(ours, b"open sesame\n")
    assert process.wait() == 0
    assert b"open sesame" not in shown
    os.close(ours)


def test_a_model_that_cannot_be_written_says_so(folder, capsys):
    (folder / "m/assets.extra").write_bytes(b"a file where the folder belongs")
    assert tenon(folder, "sign", "m", "--key", "key.pem") == 1
    assert "the signature cannot be written (" in capsys.readouterr().err
