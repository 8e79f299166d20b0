"""How fast and how large the page is: python -m tests.preview.measure [RECORDS] [--boxes]. Prints; nothing depends on
it.

``--boxes``: records of boxes, each of its own picture with five boxes of two classes, in rounds of three whose options
list two boxes each, no two alike: the most that a record of boxes usually holds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from attrs import evolve

from medmat_core.model import ClassBoxes, PixelBox, Record
from medmat_core.regions.box_words import box_text
from tests.built import box_record, built
from tests.preview.chromium import Browser
from tests.preview.test_page import many, page_of

SIZE = (640, 480)


def boxed(count: int) -> Iterator[Record]:
    """Box records of ``count`` pictures, a round every three."""
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 400, (count, 5, 2))
    sides = rng.integers(8, 80, (count, 5, 2))
    boxes: list[list[PixelBox]] = [
        [(int(x), int(y), int(x + w), int(y + h)) for (x, y), (w, h) in zip(own, side, strict=True)]
        for own, side in zip(corners, sides, strict=True)
    ]
    for number, own in enumerate(boxes):
        start = number - number % 3
        options = tuple(box_text(some[:2], SIZE, "unit", "Cat") for some in boxes[start : start + 3])
        image = f"med-mat/folder-{number // 1000:03d}/picture_{number:07d}.png"
        yield evolve(
            box_record(image, number, size=SIZE), options=options, answer=options[number % 3], answer_index=number % 3,
            group=f"toy:{number // 3}", boxes=(ClassBoxes("Cat", tuple(own[:2])), ClassBoxes("Dog", tuple(own[2:]))),
        )  # fmt: skip


def main(count: int, *, boxes: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, Browser(Path(folder) / "profile") as browser:
        out = Path(folder) / "out"
        built(out, boxed(count - count % 3)) if boxes else many(out, count)
        start = time.perf_counter()
        page = page_of(out)
        print(f"{count} records: page made in {time.perf_counter() - start:.1f} s,", end=" ")
        size = sum(path.stat().st_size for path in page.parent.glob("data-*.js"))
        browser.size(1360, 860)
        for _ in range(3):
            browser.open(page)
            ready = browser.js("performance.getEntriesByName('ready')[0].startTime")
            paint = browser.js("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN")
        browser.call("HeapProfiler.collectGarbage")
        heap = browser.call("Runtime.getHeapUsage")["usedSize"]
        search = browser.js(
            "(() => { const t = performance.now(); medmat.find(shards, state.filters, 'picture_0077777');"
            " return performance.now() - t; })()"
        )
        print(
            f"{size / 1e6:.1f} MB of data, first paint after {paint or 0:.0f} ms, open after {ready:.0f} ms, "
            f"heap {heap / 1e6:.1f} MB, search {search:.0f} ms"
        )


if __name__ == "__main__":
    numbers = [argument for argument in sys.argv[1:] if argument.isdigit()]
    main(int(numbers[0]) if numbers else 100_000, boxes="--boxes" in sys.argv)
