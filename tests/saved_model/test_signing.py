"""A signed model is the model that was signed, file for file, or it is refused and the file is named."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tracemalloc
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import (
    DataLossError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    TenonError,
    UnimplementedError,
)
from tenon.saved_model import TensorSpec, read, save, sign, verify
from tenon.saved_model._signature_bundle import (
    Envelope,
    Statement,
    decode_envelope,
    decode_statement,
    encode_envelope,
    encode_statement,
    signed_bytes,
)
from tests.saved_model.signing_keys import CURVES, OTHERS, new_key, private_pem, public_pem
from tests.saved_model.test_damage import without_rights

KEY = new_key()
PRIVATE, PUBLIC = private_pem(KEY), public_pem(KEY)
SIGNATURE = "assets.extra/tenon/model.sig"


def write(root: Path, **files: bytes) -> Path:
    for name, content in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


@pytest.fixture
def model(tmp_path):
    root = write(tmp_path / "1", saved_model=b"graph", variables__data=b"weights", assets__words=b"a\nb\n")
    sign(root, PRIVATE)
    return root


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "1"
    save(lambda w, x: x * w, path, {"serving_default": {"x": TensorSpec((None,), "float32")}}, variables=np.float32(2))
    return path


def bundle(root):
    return json.loads((root / SIGNATURE).read_text())


def resigned(root, change, key=KEY, signer=PRIVATE):
    """Sign anew after ``change`` of the statement: what the owner of a key could say."""
    from tenon.saved_model._signature_keys import read_private_key

    statement = json.loads(base64.b64decode(bundle(root)["dsseEnvelope"]["payload"]))
    change(statement)
    payload = json.dumps(statement).encode()
    private = read_private_key(signer, None)
    (root / SIGNATURE).write_bytes(
        encode_envelope(Envelope(private.public.id, payload, private.sign(signed_bytes(payload))))
    )


def test_a_signed_model_is_verified(model):
    signed = verify(model, [PUBLIC])
    assert (signed.path, signed.files) == (model, 3)
    assert signed == sign(model, PRIVATE)


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("passphrase", [None, b"open sesame"])
def test_keys_on_every_curve_sign_with_and_without_a_passphrase(model, tmp_path, curve, passphrase):
    key = new_key(curve)
    private, public = tmp_path / "key.pem", tmp_path / "public.pem"
    private.write_bytes(private_pem(key, passphrase))
    public.write_bytes(public_pem(key))
    sign(model, private, passphrase=passphrase and passphrase.decode())
    assert verify(model, [PUBLIC, public]).files == 3


def test_a_model_of_tenon_still_reads_and_may_be_renamed_and_copied(saved, tmp_path):
    root = Path(shutil.copytree(saved, tmp_path / "copy"))
    sign(root, PRIVATE)
    moved = root.rename(tmp_path / "2")
    verify(moved, [PUBLIC])
    assert read(moved).signatures["serving_default"](np.float32([3]))["output_0"].tolist() == [6]
    sign(moved, private_pem(new_key()))
    read(moved)


def test_a_damaged_model_is_not_signed(saved, tmp_path):
    root = Path(shutil.copytree(saved, tmp_path / "1"))
    (root / "saved_model.pb").write_bytes(b"other")
    with pytest.raises(DataLossError, match=r"saved_model\.pb: must have"):
        sign(root, PRIVATE)
    assert not (root / SIGNATURE).exists()


def test_one_file_may_hold_several_trusted_keys(model, tmp_path):
    (tmp_path / "keys.pem").write_bytes(b"# old\n" + public_pem(new_key()) + b"\n# new\n" + PUBLIC)
    verify(model, [tmp_path / "keys.pem"])


def test_a_model_without_a_signature_is_refused(tmp_path):
    root = write(tmp_path / "1", saved_model=b"graph")
    with pytest.raises(NotFoundError, match=r"model\.sig: the model is not signed"):
        verify(root, [PUBLIC])


@pytest.mark.parametrize("call", [lambda path: sign(path, PRIVATE), lambda path: verify(path, [PUBLIC])])
def test_a_directory_that_is_not_there_is_not_found(tmp_path, call):
    with pytest.raises(NotFoundError, match="there is no directory"):
        call(tmp_path / "none")


def test_an_empty_directory_is_no_model(tmp_path):
    with pytest.raises(InvalidArgumentError, match="holds no files"):
        sign(tmp_path, PRIVATE)


def test_a_signature_by_another_key_is_refused(model):
    other = new_key()
    sign(model, private_pem(other))
    with pytest.raises(PermissionDeniedError, match="must be made with a trusted key"):
        verify(model, [PUBLIC])


def test_a_signature_that_lies_about_its_key_is_refused(model):
    forged = bundle(model)
    hint = forged["verificationMaterial"]["publicKey"]["hint"]
    sign(model, private_pem(new_key()))
    forged = bundle(model)
    forged["verificationMaterial"]["publicKey"]["hint"] = hint
    (model / SIGNATURE).write_text(json.dumps(forged))
    with pytest.raises(PermissionDeniedError, match="forged or damaged"):
        verify(model, [PUBLIC])
    forged["verificationMaterial"]["publicKey"]["hint"] = ""
    (model / SIGNATURE).write_text(json.dumps(forged))
    with pytest.raises(PermissionDeniedError, match="no trusted key made this signature"):
        verify(model, [PUBLIC])


def test_a_signature_without_the_name_of_its_key_is_tried_with_every_key(model):
    unnamed = bundle(model)
    del unnamed["verificationMaterial"]["publicKey"]["hint"]
    (model / SIGNATURE).write_text(json.dumps(unnamed))
    assert verify(model, [public_pem(new_key()), PUBLIC]).files == 3


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda root: (root / "variables/data").write_bytes(b"Weights"), "changed since: 'variables/data'"),
        (lambda root: write(root, assets__late=b""), "added since: 'assets/late'"),
        (lambda root: write(root, assets_extra__x=b""), "added since: 'assets_extra/x'"),
        (lambda root: (root / "assets/words").unlink(), "removed since: 'assets/words'"),
        (lambda root: (root / "assets/words").rename(root / "assets/text"), "added since: 'assets/text'"),
        (lambda root: shutil.copy(root / SIGNATURE, root / "assets.extra/model.sig"), "added since: 'assets.extra/mod"),
        (lambda root: write(root, **{".git__config": b""}), "added since: '.git/config'"),
    ],
)
def test_a_file_that_is_not_as_it_was_signed_is_named(model, change, text):
    change(model)
    with pytest.raises(DataLossError, match=text):
        verify(model, [PUBLIC])


def test_files_that_swapped_their_content_are_named(model):
    one, other = model / "assets/words", model / "variables/data"
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    with pytest.raises(DataLossError, match="changed since: 'assets/words', 'variables/data'"):
        verify(model, [PUBLIC])


def test_an_error_names_a_few_of_many_files(model):
    write(model, **{f"x{number}": b"" for number in range(9)})
    with pytest.raises(DataLossError, match="'x4' and 4 more"):
        verify(model, [PUBLIC])


def test_the_signature_of_another_model_is_refused(model, tmp_path):
    other = write(tmp_path / "other", saved_model=b"another graph", variables__data=b"weights", assets__words=b"a\nb\n")
    shutil.copytree(model / "assets.extra", other / "assets.extra")
    with pytest.raises(DataLossError, match="changed since: 'saved_model'"):
        verify(other, [PUBLIC])


def link(root):
    (root / "assets/words").unlink()
    (root / "assets/words").symlink_to("../variables/data")


def linked_folder(root):
    (root / "assets/more").symlink_to("/etc")


def broken_link(root):
    (root / "assets/more").symlink_to("nowhere")


def pipe(root):
    os.mkfifo(root / "assets/more")


def listening_socket(root):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(root / "assets/more"))


@pytest.mark.parametrize("make", [link, linked_folder, broken_link, pipe, listening_socket])
def test_links_and_special_files_are_refused_and_never_followed(model, make):
    make(model)
    for call in (lambda: verify(model, [PUBLIC]), lambda: sign(model, PRIVATE)):
        with pytest.raises(DataLossError, match=r"assets/(more|words)': is a (symbolic link|special file)"):
            call()


def test_a_linked_signature_is_refused(model, tmp_path):
    (model / SIGNATURE).rename(tmp_path / "sig")
    (model / SIGNATURE).symlink_to(tmp_path / "sig")
    with pytest.raises(DataLossError, match="must be a file"):
        verify(model, [PUBLIC])


def test_a_signature_of_endless_size_is_not_read(model):
    os.truncate(model / SIGNATURE, 2**40)
    with pytest.raises(DataLossError, match="must be a file of at most"):
        verify(model, [PUBLIC])


def test_a_flipped_bit_is_refused_or_changes_nothing_that_was_signed(model):
    content = (model / SIGNATURE).read_bytes()
    envelope = bundle(model)["dsseEnvelope"]
    payload, signature = (
        content.index(text.encode()) for text in (envelope["payload"], envelope["signatures"][0]["sig"])
    )
    signed = {*range(payload, payload + len(envelope["payload"]) - 4), *range(signature, signature + 90)}
    for place in range(0, len(content), 5):
        (model / SIGNATURE).write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        try:
            verify(model, [PUBLIC])
        except TenonError:
            continue
        assert place not in signed
    for length in range(0, len(content), 11):
        (model / SIGNATURE).write_bytes(content[:length])
        with pytest.raises(DataLossError, match="not JSON"):
            verify(model, [PUBLIC])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def paths_of(value, path=()):
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths_of(inner, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


STATEMENT = Statement("m", "sha256", (SIGNATURE,), {"a": bytes(32), "b/c": bytes(32)})
PAYLOAD = encode_statement(STATEMENT)
ENVELOPE = Envelope("ab", PAYLOAD, b"xyz")


@given(st.data(), JSON)
@settings(max_examples=200)
def test_hostile_json_is_refused_in_our_own_words(data, new):
    for text, decode in ((encode_envelope(ENVELOPE), decode_envelope), (PAYLOAD, decode_statement)):
        whole = json.loads(text)
        path = data.draw(st.sampled_from(list(paths_of(whole))))
        with suppress(DataLossError, UnimplementedError):
            decode(json.dumps(replaced(whole, path, new)).encode())


@given(st.binary(max_size=200))
def test_bytes_that_are_no_signature_are_refused(content):
    for decode in (decode_envelope, decode_statement):
        with pytest.raises(DataLossError):
            decode(content)


@pytest.mark.parametrize("content", [b"[" * 10**6, b'{"a":' * 10**5, b"9" * 10**5, b"\xff", b"", b"null"])
def test_json_that_hurts_parsers_is_refused(content):
    with pytest.raises(DataLossError, match="damaged"):
        decode_envelope(content)


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=8)


@given(st.dictionaries(names, st.binary(min_size=32, max_size=32), min_size=1))
def test_statements_and_envelopes_come_back_as_they_went(digests):
    statement = Statement("m", "sha256", (SIGNATURE,), digests)
    assert decode_statement(encode_statement(statement)) == statement
    assert decode_envelope(encode_envelope(ENVELOPE)) == ENVELOPE


def ignoring(path):
    return lambda statement: statement["predicate"]["serialization"].update(ignore_paths=[path])


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (ignoring("variables"), DataLossError, "must cover the whole model; it leaves out 'variables'"),
        (ignoring("."), DataLossError, "must cover the whole model"),
        (
            lambda s: s["predicate"]["serialization"].update(method="shards"),
            UnimplementedError,
            "must list whole files",
        ),
        (lambda s: s.update(predicateType="https://model_signing/Digests/v0.1"), UnimplementedError, "predicate"),
        (lambda s: s.update(_type="x"), DataLossError, "'_type' must be"),
        (lambda s: s["subject"].append(s["subject"][0]), DataLossError, "must be a list of one"),
        (lambda s: s["predicate"]["resources"].pop(), DataLossError, "subject is not that of its resources"),
        (lambda s: s["predicate"]["resources"].append(s["predicate"]["resources"][0]), DataLossError, "twice"),
        (lambda s: s["predicate"]["resources"][0].update(digest="xy"), DataLossError, "not hexadecimal"),
        (
            lambda s: s["predicate"]["resources"][0].update(algorithm="md5"),
            DataLossError,
            "'algorithm' must be 'sha256'",
        ),
    ],
)
def test_a_statement_that_promises_less_is_refused_though_its_signer_is_trusted(model, change, error, text):
    resigned(model, change)
    with pytest.raises(error, match=text):
        verify(model, [PUBLIC])


def test_a_weak_hash_is_refused(model):
    def weaken(statement):
        statement["predicate"]["serialization"]["hash_type"] = "md5"
        for resource in statement["predicate"]["resources"]:
            resource["algorithm"] = "md5"

    resigned(model, weaken)
    with pytest.raises(UnimplementedError, match=r"hashed by one of \['blake2b', 'sha256'\]; received 'md5'"):
        verify(model, [PUBLIC])


def test_the_algorithm_comes_from_the_trusted_key_alone(model):
    """A signature of another curve or hash, made by whom it may, is no signature of this key."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    confused = bundle(model)
    payload = base64.b64decode(confused["dsseEnvelope"]["payload"])
    weak = KEY.sign(signed_bytes(payload), ec.ECDSA(hashes.SHA1()))
    for signature in (weak, b"", bytes(64), b"\x30\x06\x02\x01\x00\x02\x01\x00"):
        confused["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(signature).decode()
        (model / SIGNATURE).write_text(json.dumps(confused))
        with pytest.raises(PermissionDeniedError, match="forged or damaged"):
            verify(model, [PUBLIC])


def test_a_certificate_is_no_key(model):
    keyless = bundle(model)
    keyless["verificationMaterial"] = {"certificate": {"rawBytes": ""}, "tlogEntries": []}
    (model / SIGNATURE).write_text(json.dumps(keyless))
    with pytest.raises(UnimplementedError, match=r"must be made with a key; received one made with \['certificate'"):
        verify(model, [PUBLIC])


@pytest.mark.parametrize("kind", OTHERS)
def test_keys_of_other_kinds_are_refused(model, kind):
    key = OTHERS[kind]()
    with pytest.raises(InvalidArgumentError, match=r"must be an? (elliptic-curve )?key"):
        sign(model, private_pem(key))
    with pytest.raises(InvalidArgumentError, match="must be a key on the curve"):
        verify(model, [public_pem(key)])


@pytest.mark.parametrize(
    ("keys", "error", "text"),
    [
        ([], InvalidArgumentError, "at least one public key"),
        ([b""], InvalidArgumentError, "must hold public keys in PEM"),
        ([PRIVATE], InvalidArgumentError, "public keys in PEM and nothing else"),
        ([PUBLIC + PRIVATE], InvalidArgumentError, "public keys in PEM and nothing else"),
        ([PUBLIC.replace(b"M", b"N")], InvalidArgumentError, "one cannot be read"),
        (["/none/such.pem"], NotFoundError, r"such\.pem: the key cannot be read \(No such file"),
    ],
)
def test_trusted_keys_that_are_none_are_refused(model, keys, error, text):
    with pytest.raises(error, match=text):
        verify(model, keys)


@pytest.mark.parametrize(
    ("key", "passphrase", "error", "text"),
    [
        (PUBLIC, None, InvalidArgumentError, "must be a private key in PEM"),
        (b"x", None, InvalidArgumentError, "must be a private key in PEM"),
        (private_pem(KEY, b"right"), None, PermissionDeniedError, "the key is encrypted"),
        (private_pem(KEY, b"right"), "wrong", PermissionDeniedError, "the passphrase does not open the key"),
    ],
)
def test_a_key_that_cannot_sign_is_refused(model, key, passphrase, error, text):
    before = (model / SIGNATURE).read_bytes()
    with pytest.raises(error, match=text):
        sign(model, key, passphrase=passphrase)
    assert (model / SIGNATURE).read_bytes() == before


def test_a_passphrase_for_a_bare_key_does_no_harm(model):
    sign(model, PRIVATE, passphrase="unused")
    verify(model, [PUBLIC])


def test_what_a_killed_signer_left_is_swept_up(model):
    leftover = model / "assets.extra/tenon/.model.sig.tmp-1-ab"
    leftover.write_bytes(b"{")
    with pytest.raises(DataLossError, match=r"added since: 'assets\.extra/tenon/\.model\.sig\.tmp-1-ab'"):
        verify(model, [PUBLIC])
    sign(model, PRIVATE)
    verify(model, [PUBLIC])
    assert not leftover.exists()


def test_a_model_that_may_not_be_read_is_named(model):
    with without_rights(model), pytest.raises(PermissionDeniedError, match="may not be read"):
        verify(model, [PUBLIC])


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems have no names that are not UTF-8")
def test_a_name_that_is_no_text_is_refused(model):
    name = os.fsdecode(b"\xff")
    (model / name).write_bytes(b"")
    with pytest.raises(InvalidArgumentError, match=r"names must be UTF-8 to be signed; received '\\udcff'"):
        sign(model, PRIVATE)
    with pytest.raises(DataLossError, match=r"added since: '\\udcff'"):
        verify(model, [PUBLIC])


def test_big_files_are_not_held_in_memory(tmp_path):
    with (write(tmp_path / "1", a=b"") / "a").open("wb") as file:
        file.truncate(64 * 2**20)
    tracemalloc.start()
    try:
        sign(tmp_path / "1", PRIVATE)
        verify(tmp_path / "1", [PUBLIC])
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


def test_a_full_disk_leaves_the_old_signature(model):
    """A file size limit stands for the disk: the new signature does not fit."""
    before = (model / SIGNATURE).read_bytes()
    write(model, **{f"f{number}": b"x" for number in range(40)})
    script = """
import resource, signal, sys
from tenon.saved_model import sign
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
try:
    sign(sys.argv[1], sys.argv[2])
except OSError:
    print("refused")
"""
    (model.parent / "key.pem").write_bytes(PRIVATE)
    words = [sys.executable, "-c", script, model, model.parent / "key.pem"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "refused\n"
    assert (model / SIGNATURE).read_bytes() == before
    assert [path.name for path in (model / SIGNATURE).parent.iterdir()] == ["model.sig"]
