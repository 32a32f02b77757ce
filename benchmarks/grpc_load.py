"""Python's gRPC client as load generator, in one event loop.

Without ``--rate`` each of ``--clients`` times ``--streams`` callers waits for its answer before its next call. With it,
calls begin at fixed times whether or not answers came, and a call's time counts from when it should have begun.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import grpc
import sample
import uvloop
from grpc_calls import Calls, told

Call = Callable[[], Awaitable[None]]


async def closed_loop(calls: list[Call], seconds: float) -> tuple[list[float], int]:
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def caller(call: Call) -> int:
        while (begin := time.perf_counter()) < end:
            try:
                await call()
            except grpc.aio.AioRpcError:
                return 1
            latencies.append(time.perf_counter() - begin)
        return 0

    return latencies, sum(await asyncio.gather(*map(caller, calls)))


async def open_loop(calls: list[Call], seconds: float, rate: float) -> tuple[list[float], int]:
    latencies: list[float] = []

    async def one(call: Call, due: float) -> int:
        try:
            await call()
        except grpc.aio.AioRpcError:
            return 1
        latencies.append(time.perf_counter() - due)
        return 0

    start = time.perf_counter()
    tasks = []
    for index in range(max(int(seconds * rate), 1)):
        due = start + index / rate
        await asyncio.sleep(due - time.perf_counter())
        tasks.append(asyncio.create_task(one(calls[index % len(calls)], due)))
    return latencies, sum(await asyncio.gather(*tasks))


async def run(wanted: Calls) -> None:
    options = (("grpc.use_local_subchannel_pool", 1),)  # or all channels would share one connection
    address = f"127.0.0.1:{wanted.port}"
    channels = [grpc.aio.insecure_channel(address, options=options) for _ in range(wanted.clients)]

    def call_of(channel: grpc.aio.Channel) -> Call:
        method = channel.unary_unary(wanted.method)

        async def call() -> None:
            await method(wanted.message, timeout=10)

        return call

    calls = [call_of(channel) for channel in channels for _ in range(wanted.streams)]
    start, used = time.perf_counter(), time.process_time()
    if wanted.rate:
        found = await open_loop(calls, wanted.seconds, wanted.rate)
    else:
        found = await closed_loop(calls, wanted.seconds)
    load = (time.process_time() - used) / max(len(found[0]), 1) * 1e6
    sample.write(time.perf_counter() - start, *found, load)
    for channel in channels:
        await channel.close()


if __name__ == "__main__":
    uvloop.run(run(told(__doc__)))
