"""A headless Chromium to look at pages with: a few calls of its DevTools protocol over two pipes, and nothing else."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = float(os.environ.get("MEDMAT_BROWSER_PATIENCE", "120"))
"""Seconds after which something that never comes is given up: what it is waited for decides, not how long."""


def found() -> str | None:
    """The browser: ``MEDMAT_CHROMIUM``, or the first of the usual names."""
    named = os.environ.get("MEDMAT_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One browser with one page, as a context manager."""

    def __init__(self, profile: Path, *flags: str) -> None:
        path = found()
        assert path is not None
        read_here, write_there = os.pipe()
        read_there, write_here = os.pipe()

        def pipes() -> None:  # the protocol's: commands come in at 3, answers go out at 4
            one, other = os.dup(read_there), os.dup(write_there)
            os.dup2(one, 3)
            os.dup2(other, 4)

        command = [
            path, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--mute-audio",
            "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-extensions",
            "--enable-precise-memory-info", f"--user-data-dir={profile}", "--remote-debugging-pipe", *flags,
            "about:blank",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=pipes, close_fds=False,
            start_new_session=True,
        )  # fmt: skip
        os.close(read_there)
        os.close(write_there)
        self._in, self._out = write_here, read_here
        self._buffer = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        try:
            self._send({"id": 0, "method": "Browser.close"})
            self._process.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)

    # -- the protocol -------------------------------------------------------------------------------

    def _send(self, message: dict[str, Any]) -> None:
        raw = json.dumps(message).encode() + b"\0"
        while raw:
            raw = raw[os.write(self._in, raw) :]

    def _receive(self) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            if not select.select([self._out], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError("the browser says nothing")
            more = os.read(self._out, 1 << 20)
            if not more:
                raise EOFError(f"the browser ended with {self._process.wait()}")
            self._buffer += more
        line, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        return message

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol, and its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self._send({**message, "sessionId": self._session} if self._session else message)
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            if "method" in answer:
                self.events.append(answer)

    # -- what a test does ---------------------------------------------------------------------------

    def open(self, page: Path, state: str = "") -> None:
        """Open a page afresh, and wait until it says that it is ready."""
        self.call("Page.navigate", url="about:blank")
        self.events.clear()
        self.call("Page.navigate", url=page.absolute().as_uri() + (f"#{state}" if state else ""))
        self.wait("document.documentElement?.dataset.ready === 'yes'")

    def js(self, expression: str) -> Any:
        """The value of an expression in the page; promises are waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", answer))
        return answer["result"].get("value")

    def wait(self, condition: str) -> None:
        """Until an expression is true."""
        until = time.monotonic() + PATIENCE
        while not self.js(f"Boolean({condition})"):
            assert time.monotonic() < until, f"never came true: {condition}; {self.faults()}"
            time.sleep(0.03)

    def press(self, key: str) -> None:
        """A key, as if a finger did it: "a", " ", "Enter", "ArrowRight"."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        code = {" ": "Space", "/": "Slash"}.get(key, key if len(key) > 1 else f"Key{key.upper()}")
        more: dict[str, Any] = {"text": text} if text else {}
        if key == "Escape":
            more["windowsVirtualKeyCode"] = 27  # else a dialog does not take it for a wish to close
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=code, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=code)
        self._settle()

    def click(self, selector: str) -> None:
        """A click in the middle of the first element of this selector."""
        self.wait(f"document.querySelector({json.dumps(selector)})")
        x, y = self.js(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); "
            "e.scrollIntoView({block: 'nearest'}); const r = e.getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self._settle()

    def _settle(self) -> None:
        """Until what a key or a click opened is drawn: boxes are when their picture has come."""
        self.wait("Array.from(document.querySelectorAll('dialog img')).every((image) => image.complete)")
        self.js("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def type(self, text: str) -> None:
        """Text into what has the focus."""
        self.call("Input.insertText", text=text)

    def text(self, selector: str) -> str:
        """The text of the first element of this selector, "" where there is none."""
        found_: str = self.js(f"document.querySelector({json.dumps(selector)})?.textContent ?? ''")
        return found_

    def pictures(self) -> None:
        """Until every picture in the page has come, or has failed."""
        self.wait("Array.from(document.images).every((image) => image.complete)")

    def size(self, width: int, height: int, *, dark: bool = False) -> None:
        """The size of the window, and whether the system is dark."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = "dark" if dark else "light"
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self, path: Path) -> None:
        """What is seen, as PNG."""
        self.pictures()
        self._settle()
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def faults(self) -> list[str]:
        """What the page complained of since it was opened."""
        found_ = []
        for event in self.events:
            method, told = event["method"], event["params"]
            if method == "Runtime.exceptionThrown":
                found_.append(told["exceptionDetails"].get("exception", {}).get("description", "an exception"))
            elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
                found_.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        return found_

    def requests(self) -> list[str]:
        """The addresses that the page asked for since it was opened."""
        return [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]
