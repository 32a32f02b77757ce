"""TLS: servers are verified, clients show their certificates, over both protocols."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tenon.base import InvalidArgumentError, NotFoundError, UnavailableError
from tenon.formats import message_class
from tenon.serving.client import Client, RetryPolicy
from tenon.serving.client._address import parse_address
from tests.serving.client.servers import answer

ONCE = RetryPolicy(attempts=1)


def certificate(folder, name, issuer=None, *names):
    """Write a certificate and its key; return what signs others with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signer, signing_key = issuer or (subject, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(issuer is None, None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    pem = builder.sign(signing_key, hashes.SHA256()).public_bytes(Encoding.PEM)
    (folder / f"{name}.pem").write_bytes(pem)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / f"{name}.key").write_bytes(private)
    return subject, key


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    authority = certificate(folder, "authority")
    certificate(folder, "server", authority, x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    certificate(folder, "elsewhere", authority, x509.DNSName("elsewhere.example"))
    certificate(folder, "client", authority)
    certificate(folder, "stranger")
    return folder


STATUS = b'{"model_version_status": [{"version": "1", "state": "AVAILABLE", "status": {}}]}'


@contextmanager
def https(folder, name, mutual):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    if mutual:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / "authority.pem")

    def accept():
        with suppress(OSError):
            while True:
                plain, _ = listener.accept()
                with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(65536)
                    connection.sendall(answer(STATUS))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def grpcs(folder, name, mutual):
    response = message_class("tensorflow.serving.GetModelStatusResponse")(
        model_version_status=[{"version": 1, "state": 30}]
    )
    handler = grpc.unary_unary_rpc_method_handler(lambda request, context: response.SerializeToString())
    with ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("tensorflow.serving.ModelService", {"GetModelStatus": handler})]
        )
        pair = ((folder / f"{name}.key").read_bytes(), (folder / f"{name}.pem").read_bytes())
        authority = (folder / "authority.pem").read_bytes() if mutual else None
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair], authority, mutual))
        server.start()
        try:
            yield f"grpcs://127.0.0.1:{port}"
        finally:
            server.stop(None).wait()


@pytest.fixture(params=[https, grpcs])
def serving(request):
    return request.param


def versions(url, **options):
    with Client(url, retry=ONCE, timeout=10, **options) as client:
        return [state.id.version for state in client.status("m")]


def test_a_server_of_a_trusted_authority_is_asked(serving, folder):
    with serving(folder, "server", mutual=False) as url:
        assert versions(url, ca=folder / "authority.pem") == [1]


@pytest.mark.parametrize(("name", "ca"), [("server", "stranger.pem"), ("server", None), ("elsewhere", "authority.pem")])
def test_a_server_that_is_not_trusted_is_not_asked(serving, folder, name, ca):
    with serving(folder, name, mutual=False) as url, pytest.raises(UnavailableError):
        versions(url, ca=ca and folder / ca)


def test_a_client_shows_who_it_is(serving, folder):
    with serving(folder, "server", mutual=True) as url:
        pair = (folder / "client.pem", folder / "client.key")
        assert versions(url, ca=folder / "authority.pem", certificate=pair) == [1]
        with pytest.raises(UnavailableError):
            versions(url, ca=folder / "authority.pem")


@pytest.mark.parametrize("scheme", ["https", "grpcs"])
@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"ca": "none.pem"}, NotFoundError, "cannot be read"),
        ({"ca": "server.key"}, InvalidArgumentError, "must hold certificates"),
        ({"certificate": ("client.pem", "server.key")}, InvalidArgumentError, "a matching key"),
        ({"certificate": ("client.pem", "none.key")}, NotFoundError, "cannot be read"),
    ],
)
def test_files_that_do_not_hold_what_they_should_are_named(folder, scheme, options, error, text):
    given = {
        name: folder / value if isinstance(value, str) else tuple(folder / part for part in value)
        for name, value in options.items()
    }
    with pytest.raises(error, match=text):
        Client(f"{scheme}://127.0.0.1:1", **given)


@pytest.mark.parametrize(
    ("url", "authority", "prefix"),
    [
        ("grpc://a", "a:8500", ""),
        ("http://a", "a:80", ""),
        ("https://A/x/", "a:443", "/x"),
        ("grpcs://[::1]:1", "[::1]:1", ""),
    ],
)
def test_an_address_has_its_ports_and_paths(url, authority, prefix):
    found = parse_address(url)
    assert (found.authority, found.prefix) == (authority, prefix)
