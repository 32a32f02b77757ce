"""TensorFlow Serving's REST contract, line by line, as a client sees it on the wire."""

import asyncio

import pytest

from tests.serving.doubles import manager
from tests.serving.servers import rest_serving

HALF, MANY = "/v1/models/half", "/v1/models/many"
CASES = [
    ("POST", f"{HALF}:predict", b"", 400, '{"error":"JSON Parse error: The document is empty'),
    ("POST", f"{HALF}:predict", b'{"instances":[1]} what follows', 200, '{"predictions":[2.5]}'),
    ("POST", f"{HALF}:predict", b'{"instances":[1],"unknown":{}}', 200, '{"predictions":[2.5]}'),
    ("POST", f"{HALF}:predict", b'{"instances":[1],"inputs":[1]}', 400, '{"error":"JSON Value: '),
    ("POST", f"{HALF}:predict", b'{"signature_name":1,"instances":[1]}', 400, '{"error":"JSON Value: '),
    ("POST", f"{HALF}:predict", b"[1]", 400, '{"error":"JSON Value: [1] Is not object"}'),
    ("POST", f"{HALF}:predict", b"{}", 400, "{\"error\":\"Missing 'inputs' or 'instances' key"),
    ("POST", f"{HALF}:predict?x=y", b'{"instances":[1]}', 400, '{"error":"Malformed request: POST '),
    ("POST", f"{HALF}:PREDICT", b'{"instances":[1]}', 400, '{"error":"Malformed request: POST '),
    ("POST", "/V1/Models/half/Versions/1:predict", b'{"instances":[1]}', 200, '{"predictions":[2.5]}'),
    ("POST", "/v1/models/%68alf:predict", b'{"instances":[1]}', 200, '{"predictions":[2.5]}'),
    (
        "POST",
        f"{HALF}/labels/a.b-c:predict",
        b'{"instances":[1]}',
        400,
        '{"error":"Unrecognized servable version label: a',
    ),
    ("POST", HALF, b"{}", 400, f'{{"error":"Malformed request: POST {HALF}"}}'),
    ("GET", f"{HALF}:predict", b"", 400, f'{{"error":"Malformed request: GET {HALF}:predict"}}'),
    ("GET", f"{HALF}?x=y", b"", 400, '{"error":"Malformed request: GET '),
    ("GET", "/v1/models", b"", 400, '{"error":"Missing model name in request."}'),
    ("GET", f"{HALF}/versions/99999999999999999999", b"", 400, '{"error":"Failed to convert version: 9'),
    ("GET", f"{HALF}/versions/001", b"", 200, '{\n  "model_version_status": [\n    {\n      "version": "1"'),
    ("GET", f"{HALF}/labels/L", b"", 200, '{\n  "model_version_status": [\n    {\n      "version": "3"'),
    ("GET", f"{HALF}/labels/L/metadata", b"", 400, '{"error":"Unrecognized servable version label: L"}'),
    *((verb, HALF, b"", 400, f'{{"error":"Malformed request: {verb} {HALF}"}}') for verb in ("PUT", "PATCH", "DELETE")),
    ("HEAD", HALF, b"", 400, ""),
    ("GET", "/v3/models/half", b"", 404, "<html>"),
    ("POST", f"{HALF}:classify", b"{}", 400, '{"error":"When method is classify, key \'examples\' is expected'),
    ("POST", f"{HALF}:regress", b"{}", 400, '{"error":"When method is classify, key \'examples\' is expected'),
    (
        "POST",
        f"{MANY}:predict",
        b'{"signature_name":"float16","instances":[1]}',
        501,
        '{"error":"Conversion of JSON Value: ',
    ),
    (
        "POST",
        f"{MANY}:predict",
        b'{"signature_name":"int64","instances":[1.0]}',
        400,
        '{"error":"Failed to process element: 0',
    ),
    (
        "POST",
        f"{MANY}:predict",
        b'{"signature_name":"text","instances":["a"]}',
        200,
        '{"predictions":[{"text":"a","raw_bytes":{"b64":"YQ=="}}]}',
    ),
    (
        "POST",
        f"{MANY}:predict",
        b'{"signature_name":"scalar","instances":[1]}',
        400,
        '{"error":"Tensor name: total has no',
    ),
    (
        "POST",
        f"{MANY}:predict",
        b'{"signature_name":"uneven","instances":[1,2]}',
        400,
        '{"error":"Tensor name: z has inc',
    ),
]


@pytest.fixture(scope="module")
def answers():
    """Every answer as it came over the wire, all from one server."""

    async def ask(port, method, target, body):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        answer = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        return answer

    async def main():
        async with rest_serving(manager()) as port:
            return [await ask(port, *case[:3]) for case in CASES]

    return asyncio.run(main())


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{case[0]} {case[1]} {case[2]!r}" for case in CASES])
def test_a_request_is_answered_as_tensorflow_serving_does(answers, number):
    *_, status, text = CASES[number]
    head, _, body = answers[number].partition(b"\r\n\r\n")
    assert int(head.split(b" ", 2)[1]) == status
    assert body.decode().startswith(text)
    if body.startswith(b"{"):
        assert b"content-type: application/json" in head.lower()
