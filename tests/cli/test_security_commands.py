"""Keys are made, and audits checked, from the shell."""

import time

import pytest

from tenon.cli import main
from tenon.serving.security import Action, AuditConfig, AuditLog, AuditRecord, Gate, SecurityConfig


def test_a_key_from_the_shell_opens_the_gate_for_its_scopes(tmp_path, capsys):
    file = tmp_path / "keys.json"
    assert main(["api-key", str(file), "--client", "zoe", "--scopes", "predict:m,metrics", "--days", "1"]) == 0
    key = capsys.readouterr().out.strip()
    assert key not in file.read_text()
    gate = Gate(SecurityConfig(api_keys=file))
    identity = gate.identify({"x-api-key": key}.get)
    assert (identity.client, identity.may(Action.PREDICT, "m"), identity.may(Action.ADMIN, "")) == ("zoe", True, False)
    gate.close()


@pytest.mark.parametrize("scopes", ["nonsense", "predict:", ""])
def test_a_scope_that_means_nothing_makes_no_key(tmp_path, scopes, capsys):
    assert main(["api-key", str(tmp_path / "keys.json"), "--client", "zoe", "--scopes", scopes]) == 2
    assert "tenon api-key:" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_told(tmp_path, capsys):
    file = tmp_path / "none" / "keys.json"
    assert main(["api-key", str(file), "--client", "zoe", "--scopes", "predict:*"]) == 1
    captured = capsys.readouterr()
    assert "there is no new key" in captured.err
    assert captured.out == ""


def test_an_audit_is_checked(tmp_path, capsys):
    file = tmp_path / "audit.jsonl"
    log = AuditLog(AuditConfig(file))
    log.write(AuditRecord(time.time(), client="zoe"), reserved=False)
    log.close()
    assert main(["audit", str(file)]) == 0
    said = capsys.readouterr().out
    assert "unbroken, from its first line on" in said
    last = said.rpartition("last hash: ")[2].strip()
    assert main(["audit", str(file), "--hash", last]) == 0
    file.write_text(file.read_text().replace("zoe", "eve"))
    assert main(["audit", str(file), "--hash", last]) == 1  # the newest line is vouched for by a hash kept elsewhere
    assert "lines were cut off, or it is another audit" in capsys.readouterr().err
