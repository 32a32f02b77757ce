"""Everything that the secured server needs: a certificate, a key set, a token, rules with an audit."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

ISSUER, AUDIENCE, KEY_ID = "https://issuer.example", "tenon", "benchmark"
CERTIFICATE, TLS_KEY, RULES, METRICS = "certificate.pem", "key.pem", "security.json", "monitoring.pbtxt"
_TOKEN = "token"
_HOUR = timedelta(hours=1)


def write(folder: Path, model: str) -> None:
    """Write the files, with a token that may predict with ``model``."""
    _write_certificate(folder)
    key = ed25519.Ed25519PrivateKey.generate()
    public = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key()))
    (folder / "jwks.json").write_text(json.dumps({"keys": [{**public, "kid": KEY_ID}]}))
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "benchmark", "scope": f"predict:{model}"}
    lifetime = {"iat": int(time.time()), "exp": int(time.time() + 8 * _HOUR.total_seconds())}
    (folder / _TOKEN).write_text(jwt.encode({**claims, **lifetime}, key, "EdDSA", {"kid": KEY_ID}))
    issuer = {"issuer": ISSUER, "audience": AUDIENCE, "jwks": "jwks.json", "algorithms": ["EdDSA"]}
    (folder / RULES).write_text(json.dumps({"jwt": [issuer], "audit": {"path": "audit.jsonl"}}))
    (folder / METRICS).write_text("prometheus_config { enable: true }")


def headers(folder: Path) -> dict[str, str]:
    """Return the header that shows the token."""
    return {"Authorization": f"Bearer {(folder / _TOKEN).read_text()}"}


def _write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now - _HOUR, now + 24 * _HOUR
        )
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / CERTIFICATE).write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / TLS_KEY).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
