"""The pictures of the documentation: ``python tools/make_screenshots.py``, with Chromium and all plugins installed.

From synthetic samples alone. The phantoms of mask data sets know nothing of their masks, so a spot is painted into
each box first; the boxes then enclose something, as they do in real data.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from medmat_core.records import Built  # noqa: E402
from tests.preview.chromium import Browser  # noqa: E402

ASSETS = ROOT / "docs" / "assets"
DATASETS = ("2", "14", "20", "23", "46", "73", "88", "92", "93", "95", "97", "98", "100", "35", "24", "76")
COLORS = 200


def medmat(*arguments: str | Path) -> None:
    subprocess.run(["medmat", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def paint(built: Built) -> None:
    """A soft spot into every box of a picture."""
    done = set()
    for record in built.records():
        path = built.picture(record)
        if not record.boxes or path in done or path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".bmp", ".tif"):
            continue
        done.add(path)
        with Image.open(path) as opened:
            picture, mode = opened.convert("RGB"), opened.mode
        picture = picture.filter(ImageFilter.GaussianBlur(max(picture.size) / 16))  # without the phantom's own spots
        pixels = np.asarray(picture).astype(float)
        weight = np.zeros(pixels.shape[:2])
        rows, columns = np.indices(weight.shape)
        for one in record.boxes:
            for x1, y1, x2, y2 in one.boxes:
                across = (columns + 0.5 - (x1 + x2) / 2) / ((x2 - x1) / 2)
                down = (rows + 0.5 - (y1 + y2) / 2) / ((y2 - y1) / 2)
                weight[across**2 + down**2 < 1] = 0.85
        soft = Image.fromarray((weight * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1.2))
        alpha = np.asarray(soft)[..., None] / 255
        dark = pixels.mean() < 70
        spot = np.array([150, 150, 150]) if dark else np.array([84, 40, 40])
        made = Image.fromarray((pixels * (1 - alpha) + spot * alpha).clip(0, 255).astype(np.uint8))
        made.convert(mode if mode in ("L", "RGB") else "RGB").save(path)


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
        paint(built)
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
