"""A headless Chromium, driven over the DevTools protocol with nothing but sockets."""

import asyncio
import base64
import itertools
import json
import os
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--mute-audio"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--no-proxy-server"),
    *("--remote-debugging-port=0", "--window-size=1280,900", "--hide-scrollbars"),
)


class Page:
    """One tab: what it is told to do, and what it complained about.

    Attributes:
        complaints: texts of console errors, exceptions, and violations of the content security policy.
    """

    def __init__(self, reader, writer) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count(1)
        self._waiting: dict = {}
        self.complaints: list[str] = []
        self._task = asyncio.create_task(self._listen())

    async def call(self, method, **parameters):
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send(json.dumps({"id": number, "method": method, "params": parameters}).encode())
        return await asyncio.wait_for(self._waiting[number], 20)

    async def run(self, script):
        """Return the value of an expression, which may be a promise."""
        answer = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, script):
        """Wait until an expression is true, and return its value."""
        return await self.run(
            f"new Promise((resolve, reject) => {{ const end = Date.now() + 15000; const look = () => {{"
            f"let value; try {{ value = ({script}); }} catch (error) {{ value = false; }}"
            f"if (value) resolve(value); else if (Date.now() > end) reject(new Error({json.dumps(script)}));"
            f"else setTimeout(look, 20); }}; look(); }})"
        )

    async def open(self, url):
        await self.call("Page.navigate", url=url)
        await self.until(f"document.readyState === 'complete' && location.href.startsWith({json.dumps(url)})")

    async def screenshot(self, path):
        size = (await self.call("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        answer = await self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        Path(path).write_bytes(base64.b64decode(answer["data"]))

    def close(self):
        self._task.cancel()
        self._writer.close()

    async def _listen(self):
        while True:
            message = json.loads(await self._receive())
            waiting = self._waiting.pop(message.get("id"), None)
            if waiting is not None:
                if "error" in message:
                    waiting.set_exception(RuntimeError(message["error"]["message"]))
                else:
                    waiting.set_result(message["result"])
            self._note(message.get("method"), message.get("params", {}))

    def _note(self, method, parameters):
        if method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(parameters["exceptionDetails"]))
        if method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(parameters["args"]))
        if method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{parameters['entry'].get('url', '')} {parameters['entry']['text']}")

    def _send(self, payload):
        size = len(payload)
        head = bytes([0x81, 0x80 | size]) if size < 126 else bytes([0x81, 0xFE]) + size.to_bytes(2, "big")
        if size >= 1 << 16:
            head = bytes([0x81, 0xFF]) + size.to_bytes(8, "big")
        self._writer.write(head + bytes(4) + payload)  # a mask of zeros leaves the bytes as they are

    async def _receive(self):
        text = b""
        while True:
            first, size = await self._reader.readexactly(2)
            if size >= 126:
                size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
            text += await self._reader.readexactly(size)
            if first & 0x80:
                return text


@asynccontextmanager
async def browsing(width=1280):
    """Yield a page of a new browser, which forgets everything afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *_FLAGS,
            f"--user-data-dir={folder}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        page = None
        try:
            page = await asyncio.wait_for(_page(Path(folder) / "DevToolsActivePort"), 30)
            for domain in ("Page", "Runtime", "Log"):
                await page.call(f"{domain}.enable")
            await page.call(
                "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
            )
            yield page
        finally:
            if page is not None:
                page.close()
            process.kill()
            await process.wait()


async def _page(file):
    while not (file.exists() and file.read_text().count("\n")):
        await asyncio.sleep(0.02)
    port = int(file.read_text().split()[0])
    targets = json.loads(await _get(port, "/json/list"))
    path = next(target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page").split(str(port), 1)[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**26)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head.split(b"\r\n")[0], head
    return Page(reader, writer)


async def _get(port, path):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = next(line for line in head.split("\r\n") if line.startswith("content-length:")).split(":")[1]
    body = await reader.readexactly(int(length))
    writer.close()
    return body
