"""OpenSSF's own tool, model_signing, verifies what Tenon signed, and Tenon what it signed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tenon.base import DataLossError
from tenon.saved_model import TensorSpec, save, sign, verify
from tests.saved_model.signing_keys import CURVES, new_key, private_pem, public_pem

pytestmark = pytest.mark.interop

SIGNATURE = "assets.extra/tenon/model.sig"
THEIRS = """
import json, pathlib, sys
from model_signing import hashing, signing, verifying

def refused(root, public):
    try:
        verifying.Config().use_elliptic_key_verifier(public_key=public).verify(root, root / sys.argv[2])
    except ValueError as error:
        return str(error)

answers = {}
for folder in pathlib.Path(sys.argv[1]).iterdir():
    root, private, public = folder / "model", folder / "key.pem", folder / "public.pem"
    answer = answers[folder.name] = {"as signed": refused(root, public)}
    (root / "added").write_bytes(b"")
    answer["added"] = refused(root, public)
    (root / "added").unlink()
    if folder.name == "blake2":
        hashes = hashing.Config().use_file_serialization(hashing_algorithm="blake2")
    else:
        hashes = hashing.Config()
    hashes.set_ignored_paths(paths=[sys.argv[2]])
    signer = signing.Config().use_elliptic_key_signer(private_key=private)
    signer.set_hashing_config(hashes).sign(root, root / sys.argv[2])
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory, run_in_tensorflow):
    """Models that Tenon signed with a key of every kind; their tool verified each, and then signed it anew."""
    root = tmp_path_factory.mktemp("signed")
    for name in (*CURVES, "blake2"):
        key, folder = new_key((CURVES.get(name) and name) or "P-256"), root / name
        spec = {"serving_default": {"x": TensorSpec((None,), "float32")}}
        save(lambda w, x: x * w, folder / "model", spec, variables=np.float32(2))
        (folder / "model/a name: with ünusual letters").write_bytes(b"")
        (folder / "key.pem").write_bytes(private_pem(key))
        (folder / "public.pem").write_bytes(public_pem(key))
        sign(folder / "model", folder / "key.pem")
    answers = json.loads(run_in_tensorflow(THEIRS, root, SIGNATURE))
    return {folder.name: (folder, answers[folder.name]) for folder in root.iterdir()}


@pytest.mark.parametrize("name", CURVES)
def test_their_tool_verifies_our_signature(folders, name):
    _, answer = folders[name]
    assert answer["as signed"] is None
    assert answer["added"].startswith("Signature mismatch:")


@pytest.mark.parametrize("name", [*CURVES, "blake2"])
def test_we_verify_the_signature_of_their_tool(folders, name):
    folder, _ = folders[name]
    signed = verify(folder / "model", [folder / "public.pem"])
    text = json.loads((folder / "model" / SIGNATURE).read_text())
    assert signed.key_id == text["verificationMaterial"]["publicKey"]["hint"]
    (folder / "model/added").write_bytes(b"")
    with pytest.raises(DataLossError, match="added since: 'added'"):
        verify(folder / "model", [folder / "public.pem"])
    (folder / "model/added").unlink()
