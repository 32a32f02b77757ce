"""Certificates are checked before they are used, and followed when they change."""

import asyncio
import logging
import re
import ssl
from contextlib import suppress
from datetime import UTC, datetime

import grpc
import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption

from tenon.base import FailedPreconditionError, InvalidArgumentError
from tenon.serving.http2 import GrpcServer, Unary
from tenon.serving.rest import ProbeApi
from tenon.serving.security import TlsConfig, TlsWatcher
from tests.serving.security.credentials import certificate, key_pem, private_key
from tests.serving.servers import http_serving

CERTIFICATE, KEY = certificate()
AUTHORITY, _ = certificate(private_key("ES256", 7), name="authority")
OTHER_CERTIFICATE, OTHER_KEY = certificate(private_key("ES256", 1))


@pytest.fixture
def config(tmp_path):
    (tmp_path / "cert.pem").write_bytes(CERTIFICATE)
    (tmp_path / "key.pem").write_bytes(KEY)
    return TlsConfig(tmp_path / "cert.pem", tmp_path / "key.pem")


def test_a_pair_that_belongs_together_is_loaded(config):
    material = config.load()
    assert (material.certificate, material.key, material.client_ca) == (CERTIFICATE, KEY, None)
    assert 364 <= (material.expires - datetime.now(UTC)).days <= 365


def test_keys_of_other_kinds_are_loaded():
    TlsConfig(*certificate(private_key("RS256"))).load()
    TlsConfig(*certificate(private_key("ES384"))).load()


def test_a_chain_may_follow_the_certificate():
    material = TlsConfig(CERTIFICATE + certificate(ends=2.0)[0], KEY).load()
    assert (material.expires - datetime.now(UTC)).days <= 2


@pytest.mark.parametrize(
    ("cert", "key", "message"),
    [
        (
            certificate(begins=-30.0, ends=-1.0)[0],
            KEY,
            r"SSLConfig: the certificate of CN=localhost is valid .* and not now",
        ),
        (certificate(begins=1.0)[0], KEY, "and not now. Renew it"),
        (CERTIFICATE + certificate(begins=-30.0, ends=-1.0)[0], KEY, "and not now"),
        (CERTIFICATE, OTHER_KEY, "key of the SSLConfig: is not the key of certificate of the SSLConfig"),
        (CERTIFICATE, b"nonsense", "must be a private key in PEM, not encrypted"),
        (CERTIFICATE, CERTIFICATE, "must be a private key in PEM"),
        (CERTIFICATE, key_pem(private_key("ES256"), BestAvailableEncryption(b"p")), "not encrypted"),
        (
            *certificate(private_key("EdDSA"), authority=private_key("ES256")),
            "must be RSA or EC, which every client knows",
        ),
        (b"nonsense", KEY, "must hold certificates in PEM"),
        (KEY, KEY, "must hold certificates in PEM"),
    ],
    ids=range(10),
)
def test_a_pair_that_is_no_good_is_refused(cert, key, message):
    with pytest.raises(FailedPreconditionError, match=message):
        TlsConfig(cert, key).load()


def test_files_are_named_in_messages(config):
    config.key.write_bytes(OTHER_KEY)
    with pytest.raises(
        FailedPreconditionError, match=rf"key {config.key}: is not the key of certificate {config.certificate}"
    ):
        config.load()


def test_clients_are_verified_against_an_authority():
    with pytest.raises(InvalidArgumentError, match="client_verify: needs client_ca"):
        TlsConfig(CERTIFICATE, KEY, client_verify=True)
    with pytest.raises(FailedPreconditionError, match="client_ca of the SSLConfig: must hold certificates"):
        TlsConfig(CERTIFICATE, KEY, b"nonsense", client_verify=True).load()
    assert TlsConfig(CERTIFICATE, KEY, OTHER_CERTIFICATE, client_verify=True).load().client_verify


def poll(watcher):
    watcher._due = 0.0
    return watcher.poll()


def shake_hands(server_context, files=()):
    """Let a client with the certificate and key in ``files``, and a server, speak through memory."""
    context = ssl.create_default_context(cadata=CERTIFICATE.decode())
    if files:
        context.load_cert_chain(*files)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(down, up, server_hostname="localhost")
    server = server_context.wrap_bio(up, down, server_side=True)
    for side in (client, server, client, server, client):
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        (None, "The client has no certificate."),
        (
            certificate(begins=-30.0, ends=-1.0, authority=private_key("ES256", 7)),
            "The client's certificate is refused: certificate has expired.",
        ),
        ((OTHER_CERTIFICATE, OTHER_KEY), r"The client's certificate is refused: .+"),
    ],
    ids=["none", "expired", "of a stranger"],
)
def test_who_is_refused_for_a_certificate_is_told(pair, reason, tmp_path):
    files = [tmp_path / "cert.pem", tmp_path / "key.pem"] if pair else []
    for file, content in zip(files, pair or (), strict=True):
        file.write_bytes(content)
    told = []
    watcher = TlsWatcher(TlsConfig(CERTIFICATE, KEY, AUTHORITY, client_verify=True), told.append)
    with pytest.raises(ssl.SSLError):
        shake_hands(watcher.material.ssl_context(), files)
    (text,) = told
    assert re.fullmatch(reason, text)


def test_a_client_that_speaks_no_tls_is_nobody_to_tell_of():
    told = []
    context = TlsWatcher(TlsConfig(CERTIFICATE, KEY, AUTHORITY, client_verify=True), told.append).material.ssl_context()
    bytes_in = ssl.MemoryBIO()
    bytes_in.write(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(ssl.SSLError):
        context.wrap_bio(bytes_in, ssl.MemoryBIO(), server_side=True).do_handshake()
    assert told == []


def test_new_certificates_are_seen(config):
    watcher = TlsWatcher(config)
    assert not poll(watcher)
    config.certificate.write_bytes(OTHER_CERTIFICATE)
    config.key.write_bytes(OTHER_KEY)
    assert poll(watcher)
    assert watcher.material.certificate == OTHER_CERTIFICATE
    assert not poll(watcher)
    assert not watcher.poll()  # it was just now


def test_while_only_one_of_the_two_files_is_new_the_old_pair_stays(config, caplog):
    watcher = TlsWatcher(config)
    with caplog.at_level(logging.ERROR, "tenon.serving"):
        config.certificate.write_bytes(OTHER_CERTIFICATE)
        assert [poll(watcher), poll(watcher)] == [False, False]
        assert watcher.material.certificate == CERTIFICATE
        config.key.write_bytes(OTHER_KEY)
        assert poll(watcher)
    (told,) = caplog.messages
    assert "the new certificates are not used, the old ones stay" in told


def test_an_expired_or_missing_certificate_does_not_take_the_place_of_a_good_one(config):
    watcher = TlsWatcher(config)
    config.certificate.write_bytes(certificate(begins=-30.0, ends=-1.0)[0])
    assert not poll(watcher)
    config.certificate.unlink()
    assert not poll(watcher)
    assert watcher.material.certificate == CERTIFICATE


def test_a_certificate_that_ends_soon_is_told(caplog):
    with caplog.at_level(logging.WARNING, "tenon.serving"):
        TlsWatcher(TlsConfig(*certificate(ends=3.0)))
    assert "the server's certificate ends on" in caplog.text


SERVER, SERVER_KEY = certificate(authority=private_key("ES256", 7))
CLIENT, CLIENT_KEY = certificate(private_key("ES256", 1), name="client", authority=private_key("ES256", 7))


def client_context(folder, own):
    context = ssl.create_default_context(cadata=AUTHORITY.decode())
    if own:
        (folder / "client.pem").write_bytes(CLIENT + CLIENT_KEY)
        context.load_cert_chain(folder / "client.pem")
    return context


async def https_status(port, context):
    reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
    writer.write(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
    status = (await reader.read()).split(b"\r\n")[0]
    writer.close()
    return status


def test_the_rest_port_serves_with_the_material_and_asks_clients_for_certificates(tmp_path):
    async def main():
        tls = TlsConfig(SERVER, SERVER_KEY, AUTHORITY, client_verify=True).load().ssl_context(["http/1.1"])
        async with http_serving([ProbeApi(lambda: True, lambda: True)], tls=tls) as port:
            assert await https_status(port, client_context(tmp_path, own=True)) == b"HTTP/1.1 200 OK"
            with suppress(OSError):  # whether the client is told why is a matter of timing
                assert await https_status(port, client_context(tmp_path, own=False)) == b""

    asyncio.run(main())


async def grpc_answer(port, authority, own=None):
    credentials = grpc.ssl_channel_credentials(authority, *(own or ()))
    options = [("grpc.enable_http_proxy", 0)]
    async with grpc.aio.secure_channel(f"localhost:{port}", credentials, options) as channel:
        try:
            return await channel.unary_unary("/hello/Echo")(b"OK", timeout=20)
        except grpc.RpcError as error:
            return error.code()


def test_the_grpc_port_serves_with_the_material_and_takes_new_certificates_without_a_restart(tmp_path):
    config = TlsConfig(tmp_path / "cert.pem", tmp_path / "key.pem", AUTHORITY, client_verify=True)
    config.certificate.write_bytes(SERVER)
    config.key.write_bytes(SERVER_KEY)
    watcher = TlsWatcher(config)

    async def echo(request, context):
        return request

    async def main():
        context = watcher.material.ssl_context()
        server = GrpcServer({"/hello/Echo": Unary(echo)})
        port = await server.listen("127.0.0.1", 0, tls=context)
        own = CLIENT_KEY, CLIENT
        assert await grpc_answer(port, AUTHORITY, own) == b"OK"
        assert await grpc_answer(port, AUTHORITY) is grpc.StatusCode.UNAVAILABLE
        config.certificate.write_bytes(OTHER_CERTIFICATE)
        config.key.write_bytes(OTHER_KEY)
        assert poll(watcher)
        watcher.material.load_into(context)
        assert await grpc_answer(port, OTHER_CERTIFICATE, own) == b"OK"
        assert await grpc_answer(port, AUTHORITY, own) is grpc.StatusCode.UNAVAILABLE
        await server.stop(1.0)

    asyncio.run(main())


def test_without_verification_clients_need_no_certificate():
    async def echo(request, context):
        return request

    async def main():
        server = GrpcServer({"/hello/Echo": Unary(echo)})
        port = await server.listen("127.0.0.1", 0, tls=TlsConfig(SERVER, SERVER_KEY).load().ssl_context())
        assert await grpc_answer(port, AUTHORITY) == b"OK"
        await server.stop(1.0)

    asyncio.run(main())
