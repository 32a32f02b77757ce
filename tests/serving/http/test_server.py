"""The REST API on a real port, asked by a real client."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import numpy as np

from tests.serving.doubles import manager
from tests.serving.servers import rest_serving

HEAD = b"POST /v1/models/half:predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
ROW = {"instances": [1.0, 5.0]}


@asynccontextmanager
async def serving(models=None, **options):
    async with (
        rest_serving(models or manager(), **options) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        yield client, port


async def raw(port, *parts):
    """Send bytes as they are and read until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


def test_every_kind_of_request_is_answered_over_one_connection():
    async def main():
        async with serving() as (client, _):
            answer = await client.post("/v1/models/half:predict", json=ROW)
            assert (answer.status_code, answer.json()) == (200, {"predictions": [2.5, 4.5]})
            assert answer.headers["content-type"] == "application/json"
            assert (await client.get("/v1/models/half")).json()["model_version_status"][0]["version"] == "3"
            assert (await client.get("/v1/models/half/metadata")).json()["model_spec"]["name"] == "half"
            assert (await client.get("/v1/models/nope")).status_code == 404
            assert (await client.get("/nothing")).headers["content-type"] == "text/html"
            assert (await client.put("/v1/models/half")).status_code == 400
            head = await client.head("/v1/models/half")
            assert (head.status_code, head.content) == (400, b"")
            preflight = await client.options("/v1/models/half", headers={"Origin": "https://a.example"})
            assert (preflight.status_code, preflight.content) == (200, b"")

    asyncio.run(main())


def test_names_are_percent_decoded_and_query_strings_refused():
    async def main():
        async with serving() as (client, _):
            assert (await client.get("/V1/models/%68alf")).status_code == 200
            answer = await client.get("/v1/models/a%20b%C3%A9")
            assert answer.json() == {"error": "Could not find any versions of model a bé"}
            answer = await client.get("/v1/models/half?x=y")
            assert answer.status_code == 400
            assert answer.json() == {"error": "Malformed request: GET /v1/models/half?x=y"}

    asyncio.run(main())


def test_chunked_and_gzip_bodies_are_read():
    async def chunks():
        for part in (b'{"instances"', b": [1.0,", b" 5.0]}"):
            yield part

    async def main():
        import gzip

        async with serving() as (client, _):
            answer = await client.post("/v1/models/half:predict", content=chunks())
            assert answer.json() == {"predictions": [2.5, 4.5]}
            body = gzip.compress(json.dumps(ROW).encode())
            answer = await client.post("/v1/models/half:predict", content=body, headers={"Content-Encoding": "gzip"})
            assert answer.json() == {"predictions": [2.5, 4.5]}

    asyncio.run(main())


def test_a_body_above_the_limit_is_refused_before_it_is_read():

    async def main():
        async with serving(max_request_bytes=1000) as (client, port):
            answer = await raw(port, HEAD + b"Content-Length: 1001\r\n\r\n")  # not one byte of the body is sent
            assert answer.startswith(b"HTTP/1.1 413 ")
            assert b'{"error":"The request body must be at most 1000 bytes' in answer
            fitting = json.dumps(ROW).encode().ljust(1000)
            assert (await client.post("/v1/models/half:predict", content=fitting)).status_code == 200

    asyncio.run(main())


def test_a_chunked_body_above_the_limit_is_refused_while_it_arrives():
    head = b"POST /v1/models/half:predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"200\r\n" + b" " * 512 + b"\r\n"

    async def main():
        async with serving(max_request_bytes=1000) as (_, port):
            answer = await raw(port, head, chunk, chunk)  # no last chunk: the server must not wait for it
            assert answer.startswith(b"HTTP/1.1 413 ")
            assert b'{"error":' in answer

    asyncio.run(main())


def test_a_request_that_takes_too_long_is_answered_and_its_version_released():
    async def main():
        models = manager(gate=asyncio.Event())
        async with serving(models, timeout=0.1) as (client, port):
            answer = await client.post(
                "/v1/models/many:predict", json={"signature_name": "float32", "instances": [1.0]}
            )
            assert answer.status_code == 504
            assert "more than 0.1 seconds" in answer.json()["error"]
            assert sum(models.open_handles.values()) == 0
            slow = (
                b"POST /v1/models/half:predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{"
            )
            assert (await raw(port, slow)).startswith(b"HTTP/1.1 504 ")

    asyncio.run(main())


def test_a_client_that_leaves_in_the_middle_of_its_body_harms_no_one():
    async def main():
        async with serving() as (client, port):
            for length in (b"Content-Length: 500", b"Transfer-Encoding: chunked"):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"POST /v1/models/half:predict HTTP/1.1\r\nHost: x\r\n" + length + b"\r\n\r\n3\r\nabc")
                await writer.drain()
                await asyncio.sleep(0.05)
                writer.close()
                await writer.wait_closed()
            assert (await client.post("/v1/models/half:predict", json=ROW)).status_code == 200

    asyncio.run(main())


def test_many_clients_get_their_own_answers():
    async def main():
        async with serving() as (client, _):

            async def ask(value):
                answer = await client.post("/v1/models/half:predict", json={"instances": [value]})
                return answer.json()["predictions"][0]

            values = np.arange(100, dtype=np.float32)
            answers = await asyncio.gather(*map(ask, values.tolist()))
            assert np.array_equal(answers, values / 2 + 2)

    asyncio.run(main())
