"""The gRPC load generator: unary calls in one event loop, each waiting for its answer before the next."""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import Any

import grpc
import sample
import uvloop

CHANNELS = 4
"""Connections that the concurrent calls share."""


async def run(port: int, method: str, request: Path, concurrency: int, seconds: float) -> None:
    data = request.read_bytes()
    options = (("grpc.use_local_subchannel_pool", 1),)  # or all channels would share one connection
    channels = [grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) for _ in range(CHANNELS)]
    latencies: list[float] = []
    start = time.perf_counter()

    async def ask(call: Any) -> int:
        while (begin := time.perf_counter()) < start + seconds:
            try:
                await call(data, timeout=10)
            except grpc.aio.AioRpcError:
                return 1
            latencies.append(time.perf_counter() - begin)
        return 0

    calls = [channels[index % CHANNELS].unary_unary(method) for index in range(concurrency)]
    errors = sum(await asyncio.gather(*(ask(call) for call in calls)))
    sample.write(time.perf_counter() - start, latencies, errors)
    for channel in channels:
        await channel.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--method", required=True)
    parser.add_argument("--request", type=Path, required=True)
    parser.add_argument("--concurrency", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    uvloop.run(run(**vars(parser.parse_args())))
