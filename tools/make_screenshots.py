"""The pictures of the documentation: ``python tools/make_screenshots.py``, with Chromium and all plugins installed.

From synthetic samples alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from medmat_core.records import Built  # noqa: E402
from tests.preview.chromium import Browser  # noqa: E402

ASSETS = ROOT / "docs" / "assets"
DATASETS = ("2", "14", "20", "23", "46", "73", "88", "92", "93", "95", "97", "98", "100", "35", "24", "76")
COLORS = 200


def medmat(*arguments: str | Path) -> None:
    subprocess.run(["medmat", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def small(path: Path) -> None:
    """Fewer colors, so that the file is small."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path.relative_to(ROOT), f"{path.stat().st_size / 1000:.0f} kB")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Browser(Path(folder) / "profile") as browser:
        out = Path(folder) / "med-mat-vqa"
        medmat("sample", *DATASETS, "--to", out / "med-mat")
        medmat("build", *DATASETS, "--data", out / "med-mat", "--jobs", "1")
        built = Built.open(out)
        medmat("preview", out, "--jobs", "1")
        page = out / "preview" / "index.html"
        box = next(r for r in built.records() if r.ask == "box" and len(r.options) == 3 and r.no == 97)
        label = next(r for r in built.records() if len(r.options) == 4 and r.no == 46 and r.round)
        shots = {
            "grid": (
                "ask=box,structure,presence&dataset=kvasir-seg,cvc-clinicdb,busi-seg,ph2,edd2020&answers=1",
                [],
            ),
            "question": (f"ask=box&record={box.key}", [" ", "o"]),
            "round": (f"view=rounds&record={label.key}&side=1", [" "]),
            "problems": ("view=problems", []),
        }
        for name, (state, keys) in shots.items():
            for dark in (False, True) if name == "grid" else (False,):
                browser.size(1280, 800, dark=dark)
                browser.open(page, state)
                for key in keys:
                    browser.press(key)
                path = ASSETS / f"preview-{name}{'-dark' if dark else ''}.png"
                browser.screenshot(path)
                small(path)
        assert not browser.faults(), json.dumps(browser.faults())


if __name__ == "__main__":
    main()
