"""Real keys, tokens, certificates, and a real server of key sets."""

import json
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tenon.serving.security import JwtIssuer

ISSUER, AUDIENCE = "https://issuer.example", "tenon"

_MAKERS = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "short": lambda: rsa.generate_private_key(65537, 1024),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "Ed448": ed448.Ed448PrivateKey.generate,
}
_WRITERS = {
    "RS256": jwt.algorithms.RSAAlgorithm,
    "short": jwt.algorithms.RSAAlgorithm,
    "ES256": jwt.algorithms.ECAlgorithm,
    "ES384": jwt.algorithms.ECAlgorithm,
    "EdDSA": jwt.algorithms.OKPAlgorithm,
    "Ed448": jwt.algorithms.OKPAlgorithm,
}
GOOD = ("RS256", "ES256", "EdDSA")


def private_key(kind, number=0):
    """A key of an algorithm; another one for another number."""
    return _made(kind, number)


@cache
def _made(kind, number):
    return _MAKERS[kind]()


def jwk(kind, number=0, private=False, **more):
    """The public half as JSON Web Key, with the id ``KIND-NUMBER``."""
    key = private_key(kind, number)
    fields = json.loads(_WRITERS[kind].to_jwk(key if private else key.public_key()))
    return {key: value for key, value in (fields | {"kid": f"{kind}-{number}"} | more).items() if value is not None}


def jwks(*keys):
    return json.dumps({"keys": list(keys)}).encode()


def claims(**more):
    """Claims of a good token; ``None`` leaves one out."""
    made = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": int(time.time()) + 300, "scope": "predict:m"}
    return {key: value for key, value in (made | more).items() if value is not None}


def token(kind="EdDSA", number=0, headers=None, **more):
    """A token signed by a key of ours."""
    return jwt.encode(claims(**more), private_key(kind, number), kind, {"kid": f"{kind}-{number}"} | (headers or {}))


def issuer(path, *keys, **more):
    """An issuer whose keys lie in a file."""
    path.write_bytes(jwks(*(keys or [jwk(kind) for kind in GOOD])))
    return JwtIssuer(ISSUER, (AUDIENCE,), str(path), **more)


def bearer(credential):
    return {"authorization": f"Bearer {credential}"}.get


class KeyServer:
    """Answers every GET with ``answer``, a function of the handler, and counts."""

    def __init__(self):
        self.content = b"{}"
        self.asked = 0
        self.answer = self.give_content

    def give_content(self, handler):
        handler.send_response(200)
        handler.send_header("content-length", str(len(self.content)))
        handler.end_headers()
        handler.wfile.write(self.content)


@contextmanager
def key_server():
    """Yield a ``KeyServer`` and its URL."""
    state = KeyServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            state.asked += 1
            state.answer(self)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield state, f"http://127.0.0.1:{server.server_port}/keys"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def certificate(key=None, begins=-1.0, ends=365.0, name="localhost", authority=None):
    """Return a certificate and its key in PEM; times are days from now.

    Without the key of an authority, named "authority", it is an authority itself.
    """
    key = key or private_key("ES256")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = subject if authority is None else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=ends))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
        .sign(authority or key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM), key_pem(key)


def key_pem(key, encryption=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


class Clock:
    """A clock that goes when it is told."""

    def __init__(self, now=1000.0):
        self.now = now

    def __call__(self):
        return self.now


def wait_for(condition, seconds=20.0):
    """Wait until a thread has brought something about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.002)
