"""How fast and how large the page is: python -m tests.preview.measure [RECORDS]. Prints; nothing depends on it."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.preview.chromium import Browser
from tests.preview.test_page import many, page_of


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Browser(Path(folder) / "profile") as browser:
        out = many(Path(folder) / "out", count)
        start = time.perf_counter()
        page = page_of(out)
        print(f"{count} records: page made in {time.perf_counter() - start:.1f} s,", end=" ")
        size = sum(path.stat().st_size for path in page.parent.glob("data-*.js"))
        browser.size(1360, 860)
        for _ in range(3):
            browser.open(page)
            ready = browser.js("performance.getEntriesByName('ready')[0].startTime")
        browser.call("HeapProfiler.collectGarbage")
        heap = browser.call("Runtime.getHeapUsage")["usedSize"]
        search = browser.js(
            "(() => { const t = performance.now(); medmat.find(shards, state.filters, 'picture_0077777');"
            " return performance.now() - t; })()"
        )
        print(
            f"{size / 1e6:.1f} MB of data, open after {ready:.0f} ms, heap {heap / 1e6:.1f} MB, search {search:.0f} ms"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
