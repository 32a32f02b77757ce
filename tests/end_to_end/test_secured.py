"""A server with all that keeps people out: TLS with client certificates, tokens, keys, limits, signatures, audit."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import time
from collections import Counter
from pathlib import Path

import grpc
import httpx
import jwt
import numpy as np
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tenon.formats import make_tensor_proto, message_class
from tenon.saved_model import sign
from tenon.serving.security import add_api_key, new_api_key, verify_audit
from tests.end_to_end.load import publish, read_last_response, save_answering
from tests.saved_model.signing_keys import new_key, private_pem, public_pem
from tests.server_process import start_server
from tests.serving.security.credentials import (
    AUDIENCE,
    certificate,
    claims,
    jwk,
    jwks,
    private_key,
    token,
    wait_for,
)

ONCE = "https://once.example"
SCOPES = "predict:m metadata:m status:m"
BODY = {"instances": [1.0]}
AUTHORITY = private_key("ES256", 9)
SERVICES = {
    "PredictionService": ("Predict", "Classify", "Regress", "MultiInference", "GetModelMetadata"),
    "ModelService": ("GetModelStatus", "HandleReloadConfigRequest"),
}
METHODS = [f"/tensorflow.serving.{service}/{name}" for service, names in SERVICES.items() for name in names]
PATHS = [
    ("GET", "/v1/models/m"),
    ("GET", "/v1/models/none"),
    ("GET", "/v1/models/m/metadata"),
    ("GET", "/v1/models/m/versions/1"),
    ("GET", "/v1/models"),
    ("POST", "/v1/models/m:predict"),
    ("POST", "/v1/models/m:classify"),
    ("POST", "/v1/models/m/labels/x:regress"),
    ("DELETE", "/v1/models/m"),
    ("GET", "/monitoring/prometheus/metrics"),
]


class Site:
    """A server with its keys and files."""

    def __init__(self, root: Path, compile_cache: Path) -> None:
        self.root, self.audit = root, root / "audit.jsonl"
        self._write_certificates()
        self._write_models()
        self.key = self._write_keys()
        self._write_security()
        (root / "monitoring").write_text("prometheus_config { enable: true }")
        self.server = start_server(
            compile_cache,
            *("--model", f"m={root / 'm'}", "--security_config_file", root / "security.json"),
            *("--tls_certificate_file", root / "server.pem", "--tls_key_file", root / "server.key"),
            *("--tls_client_ca_file", root / "ca.pem", "--require_signed_models"),
            *("--trusted_keys", root / "trusted.pem", "--monitoring_config_file", root / "monitoring"),
            *("--file_system_poll_wait_seconds", 0.1, "--max_batch_size", 1, "--engine", "xla"),
        )
        self.url = f"https://localhost:{self.server.rest_port}"
        self.target = f"127.0.0.1:{self.server.grpc_port}"
        self.rest = httpx.Client(base_url=self.url, verify=self.tls(), timeout=30)
        self.channel = grpc.secure_channel(*self.channel_arguments())

    def stop(self) -> int:
        self.rest.close()
        self.channel.close()
        return self.server.stop()

    def tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.root / "ca.pem")
        context.load_cert_chain(self.root / "client.pem", self.root / "client.key")
        return context

    def channel_arguments(self):
        files = (self.root / name for name in ("ca.pem", "client.key", "client.pem"))
        credentials = grpc.ssl_channel_credentials(*(file.read_bytes() for file in files))
        return self.target, credentials, [("grpc.ssl_target_name_override", "localhost")]

    def renew(self) -> None:
        """Exchange the server's certificate."""
        self._write_pair("server", *certificate(private_key("ES256", time.monotonic_ns()), authority=AUTHORITY))

    def predict(self, credential: str, over: str):
        """Return the status, and the error that came with it."""
        return (
            self.ask_rest("POST", "/v1/models/m:predict", credential)
            if over == "rest"
            else self.ask_grpc(METHODS[0], credential)
        )

    def ask_rest(self, method: str, path: str, credential: str = ""):
        headers = {"authorization": credential} if credential else {}
        return self.rest.request(method, path, headers=headers, json=BODY if method == "POST" else None).status_code

    def ask_grpc(self, method: str, credential: str = ""):
        metadata = [("authorization", credential)] if credential else []
        try:
            self.channel.unary_unary(method)(predict_request(), timeout=30, metadata=metadata)
        except grpc.RpcError as error:
            return error.code().name
        return "OK"

    def outcomes(self) -> Counter[str]:
        """Return how many lines of the audit tell of each outcome."""
        return Counter(json.loads(line)["outcome"] for line in self.audit.read_text().splitlines())

    def refused_connections(self) -> list[str]:
        """Return why clients were not spoken to, as the audit tells it."""
        lines = [json.loads(line) for line in self.audit.read_text().splitlines()]
        return [line["reason"] for line in lines if line["event"] == "connection_refused"]

    def _write_pair(self, name: str, certificate_pem: bytes, key: bytes) -> None:
        (self.root / f"{name}.key").write_bytes(key)
        (self.root / f"{name}.pem").write_bytes(certificate_pem)

    def _write_certificates(self) -> None:
        self._write_pair("ca", *certificate(AUTHORITY, name="authority"))
        for number, name in enumerate(("server", "client")):
            self._write_pair(name, *certificate(private_key("ES256", 20 + number), authority=AUTHORITY))
        self._write_pair("stranger", *certificate(private_key("ES256", 30), name="authority"))

    def _write_models(self) -> None:
        self.signer = new_key()
        (self.root / "trusted.pem").write_bytes(public_pem(self.signer))
        for number in (1, 2, 3):
            save_answering(self.root / "made" / str(number), number)
            sign(self.root / "made" / str(number), private_pem(self.signer))
        (self.root / "m").mkdir()
        publish(self.root / "made/1", self.root / "m/1")

    def _write_keys(self) -> str:
        (self.root / "jwks.json").write_bytes(jwks(*(jwk(kind) for kind in ("RS256", "ES256", "EdDSA"))))
        key, record = new_api_key("machine", SCOPES.split())
        add_api_key(self.root / "api_keys.json", record)
        return key

    def _write_security(self) -> None:
        issuer = {"audience": AUDIENCE, "jwks": "jwks.json"}
        config = {
            "jwt": [{**issuer, "issuer": claims()["iss"]}, {**issuer, "issuer": ONCE, "require_jti": True}],
            "api_keys": "api_keys.json",
            "limits": {"overrides": [{"client": "hasty", "requests_per_second": 0.1, "burst": 1}]},
            "audit": {"path": "audit.jsonl", "strict": True},
        }
        (self.root / "security.json").write_text(json.dumps(config))


def predict_request() -> bytes:
    request = message_class("tensorflow.serving.PredictRequest")()
    request.model_spec.name = "m"
    request.inputs["x"].CopyFrom(make_tensor_proto(np.ones(1, "f4")))
    return bytes(request.SerializeToString())


@pytest.fixture(scope="module")
def site(tmp_path_factory, compile_cache):
    site = Site(tmp_path_factory.mktemp("site"), compile_cache)
    yield site
    assert site.stop() == 0


def good(**more) -> str:
    return f"Bearer {token(**{'scope': SCOPES, **more})}"


def with_public_key_as_secret() -> str:
    """A token whose HMAC has our public key as its secret: alg confusion."""
    public = private_key("RS256").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [json.dumps({"alg": "HS256", "kid": "RS256-0"}).encode(), json.dumps(claims(scope=SCOPES)).encode()]
    signed = b".".join(jwt.utils.base64url_encode(part) for part in parts)
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(signed, public)
    return (signed + b"." + jwt.utils.base64url_encode(signature)).decode()


def without_signature() -> str:
    return jwt.encode(claims(scope=SCOPES), None, "none")


UNAUTHENTICATED = {
    "nothing": lambda site: "",
    "no token": lambda site: "Bearer",
    "another scheme": lambda site: "Basic YTpi",
    "expired": lambda site: good(exp=int(time.time()) - 3600),
    "not valid yet": lambda site: good(nbf=int(time.time()) + 3600),
    "no end": lambda site: good(exp=None),
    "another audience": lambda site: good(aud="others"),
    "another issuer": lambda site: good(iss="https://evil.example"),
    "another key under a known id": lambda site: good(number=1, headers={"kid": "EdDSA-0"}),
    "alg confusion": lambda site: f"Bearer {with_public_key_as_secret()}",
    "alg none": lambda site: f"Bearer {without_signature()}",
    "a tampered token": lambda site: good()[:-4] + "AAAA",
    "a tampered API key": lambda site: f"Bearer {site.key[:-1]}{'A' if site.key[-1] != 'A' else 'B'}",
    "not ASCII": lambda site: "Bearer tenon_\xff.\xff",
}


def counted(site, outcome, number):
    """Wait until the audit has that many lines of an outcome."""
    wait_for(lambda: site.outcomes()[outcome] >= number)
    return site.outcomes()[outcome] == number


def test_without_a_token_nothing_is_answered(site):
    before = site.outcomes()["UNAUTHENTICATED"]
    assert {ask: site.ask_rest(*ask) for ask in PATHS} == dict.fromkeys(PATHS, 401)
    assert {method: site.ask_grpc(method) for method in METHODS} == dict.fromkeys(METHODS, "UNAUTHENTICATED")
    assert counted(site, "UNAUTHENTICATED", before + len(PATHS) + len(METHODS))


@pytest.mark.parametrize("case", UNAUTHENTICATED)
def test_a_credential_that_is_no_good_is_refused_and_written_down(site, case):
    before = site.outcomes()["UNAUTHENTICATED"]
    credential = UNAUTHENTICATED[case](site)
    if credential.isascii():
        assert site.predict(credential, "grpc") == "UNAUTHENTICATED"
        assert counted(site, "UNAUTHENTICATED", before + 1)
        before += 1
    assert site.predict(credential.encode("latin-1"), "rest") == 401
    assert counted(site, "UNAUTHENTICATED", before + 1)


def test_good_credentials_are_let_in(site):
    for credential in (good(), good(kind="RS256"), good(kind="ES256"), f"Bearer {site.key}"):
        assert site.predict(credential, "rest") == 200
        assert site.predict(credential, "grpc") == "OK"


def test_a_token_does_what_its_scopes_say_and_no_more(site):
    before = site.outcomes()["PERMISSION_DENIED"]
    for scope in ("", "predict:other", "metadata:m status:m", "metrics", "admin"):
        assert site.predict(good(scope=scope), "rest") == 403
        assert site.predict(good(scope=scope), "grpc") == "PERMISSION_DENIED"
    assert site.ask_rest("GET", "/monitoring/prometheus/metrics", good()) == 403
    assert site.ask_grpc("/tensorflow.serving.ModelService/HandleReloadConfigRequest", good()) == "PERMISSION_DENIED"
    assert counted(site, "PERMISSION_DENIED", before + 12)
    assert site.ask_rest("GET", "/monitoring/prometheus/metrics", good(scope="metrics")) == 200


@pytest.mark.parametrize("over", ["rest", "grpc"])
def test_a_token_that_counts_once_is_refused_when_replayed(site, over):
    first, second = (good(iss=ONCE, jti=f"{over}-{number}", iat=int(time.time()) + 1) for number in range(2))
    asked = [site.predict(credential, over) for credential in (first, first, second)]
    assert asked in ([200, 401, 200], ["OK", "UNAUTHENTICATED", "OK"])


def test_who_asks_too_often_is_told_when_to_come_back(site):
    hasty = good(sub="hasty")
    assert site.predict(hasty, "rest") == 200
    refused = site.rest.post("/v1/models/m:predict", json=BODY, headers={"authorization": hasty})
    assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)
    assert site.predict(hasty, "grpc") == "RESOURCE_EXHAUSTED"
    assert site.predict(good(), "rest") == 200
    wait_for(lambda: site.outcomes()["RESOURCE_EXHAUSTED"] == 2)


def test_who_has_no_certificate_of_the_authority_is_not_spoken_to(site):
    bare = ssl.create_default_context(cafile=site.root / "ca.pem")
    strange = ssl.create_default_context(cafile=site.root / "ca.pem")
    strange.load_cert_chain(site.root / "stranger.pem", site.root / "stranger.key")
    for context in (bare, strange):
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{site.url}/v1/models/m", verify=context)
    for files in (("stranger.key", "stranger.pem"), ()):
        pair = [(site.root / name).read_bytes() for name in files] or [None, None]
        credentials = grpc.ssl_channel_credentials((site.root / "ca.pem").read_bytes(), *pair)
        with grpc.secure_channel(site.target, credentials, [("grpc.ssl_target_name_override", "localhost")]) as channel:
            with pytest.raises(grpc.RpcError) as caught:
                channel.unary_unary(METHODS[0])(b"", timeout=5)
            assert caught.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{site.url.replace('https', 'http')}/v1/models/m")
    wait_for(lambda: len(site.refused_connections()) >= 4)
    reasons = {reason.partition(":")[0] for reason in site.refused_connections()}
    assert reasons == {"The client has no certificate.", "The client's certificate is refused"}


def test_a_tampered_model_is_refused_and_the_one_before_goes_on(site):
    tampered = site.root / "made" / "tampered"
    shutil.copytree(site.root / "made" / "2", tampered)
    signature = tampered / "assets.extra/tenon/model.sig"
    shutil.copy(site.root / "made" / "3" / "assets.extra/tenon/model.sig", signature)
    publish(tampered, site.root / "m" / "2")
    wait_for(lambda: any("version: 2} failed" in line for line in site.server.lines))
    answer = site.rest.post("/v1/models/m:predict", json=BODY, headers={"authorization": good()})
    assert answer.json() == {"predictions": [1.0]}
    publish(site.root / "made/3", site.root / "m/3")
    wait_for(lambda: any("successfully loaded servable version {name: m version: 3}" in x for x in site.server.lines))


async def ask_rest_all_the_time(site, over, answers, failures):
    """Ask over connections kept alive; one whose answer says that it ends is opened again."""
    body = json.dumps(BODY)
    head = f"POST /v1/models/m:predict HTTP/1.1\r\nHost: localhost\r\nAuthorization: {good()}\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
    while not over.is_set():
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", site.server.rest_port, ssl=site.tls(), server_hostname="localhost"
        )
        serial = writer.get_extra_info("ssl_object").getpeercert()["serialNumber"]
        ends = False
        while not over.is_set() and not ends and not reader.at_eof():
            writer.write(request)
            try:
                status, _, ends = await read_last_response(reader)
            except (OSError, EOFError) as error:
                failures.append(repr(error))
                break
            answers[status, serial] += 1
            await asyncio.sleep(0)
        writer.close()


async def ask_grpc_all_the_time(site, over, answers, failures):
    async with grpc.aio.secure_channel(*site.channel_arguments()) as channel:
        while not over.is_set():
            try:
                await channel.unary_unary(METHODS[0])(
                    predict_request(), timeout=30, metadata=[("authorization", good())]
                )
            except grpc.aio.AioRpcError as error:
                failures.append(str(error))
            else:
                answers["grpc"] += 1
            await asyncio.sleep(0)


def test_certificates_are_exchanged_while_eight_connections_ask(site):
    answers, failures = Counter(), []

    async def main():
        over = asyncio.Event()
        kinds = (ask_rest_all_the_time, ask_grpc_all_the_time)
        asking = [asyncio.create_task(kinds[number % 2](site, over, answers, failures)) for number in range(8)]
        for exchanges in range(3):  # the first answers come with the certificate of the start
            while len(answers.keys() - {"grpc"}) <= exchanges and not failures:
                await asyncio.sleep(0.05)
            await asyncio.to_thread(site.renew)
        over.set()
        await asyncio.gather(*asking)

    asyncio.run(main())
    assert failures == []
    assert {status for status, _ in answers.keys() - {"grpc"}} == {200}
    assert len(answers) >= 4  # three certificates, and gRPC


def test_the_chain_of_the_audit_holds(site):
    intact = verify_audit(site.audit)
    text = site.audit.read_text()
    assert len(text.splitlines()) >= intact.lines > 0
    assert site.key not in text
