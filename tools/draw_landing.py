"""Draw the picture of the first page, docs/assets/round.png: a round of row 97's synthetic example, from a real build.

    python tools/draw_landing.py [--check]

Pictures side by side, each with its own lesion's box, under the question that they share. Needs the ultrasound plugin.
"""

from __future__ import annotations

import sys
import tempfile
import textwrap
from collections import defaultdict
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import medmat_core
from medmat_core.loaded import Example
from medmat_core.samples import write_example

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "assets" / "round.png"

WIDTH, MARGIN, INK, SOFT, RIGHT = 640, 16, "#1b1f24", "#57606a", "#0a7d33"


def a_round(work: Path) -> list[Example]:
    """The fellows of the largest round of boxes (the first by id) that the example gives."""
    write_example(medmat_core.load_catalog().get("busi-seg").card, work / "med-mat")
    medmat_core.build("busi-seg", data=work / "med-mat", out=work / "out", jobs=1)
    rounds: dict[str, list[Example]] = defaultdict(list)
    for example in medmat_core.load(work / "out", pictures=work):
        if example.record.round and example.record.ask == "box":
            rounds[example.record.round].append(example)
    return sorted(max(rounds.values(), key=len), key=lambda example: example.record.answer_index)


def drawn(fellows: list[Example]) -> Image.Image:
    """The round as one picture."""
    title, text, small = (ImageFont.load_default(size) for size in (22, 18, 18))
    question = textwrap.wrap(fellows[0].record.question, 52)
    each = (WIDTH - MARGIN * (len(fellows) + 1)) // len(fellows)
    pictures = [example.picture() for example in fellows]
    height = max(each * picture.height // picture.width for picture in pictures)
    top = MARGIN + 28 * len(question) + 12
    sheet = Image.new("RGB", (WIDTH, top + height + 44 + 24 * len(fellows) + MARGIN), "white")
    pen = ImageDraw.Draw(sheet)
    for number, line in enumerate(question):
        pen.text((MARGIN, MARGIN + 28 * number), line, fill=INK, font=title)
    for place, (example, picture) in enumerate(zip(fellows, pictures, strict=True)):
        left = MARGIN + place * (each + MARGIN)
        scale = each / picture.width
        sheet.paste(picture.resize((each, round(picture.height * scale)), Image.Resampling.BICUBIC), (left, top))
        for found in example.record.boxes:
            for box in found.boxes:
                x1, y1, x2, y2 = (round(number * scale) for number in box)
                pen.rectangle((left + x1, top + y1, left + x2, top + y2), outline="#2ee66b", width=2)
        letter = "ABCD"[example.record.answer_index]
        pen.text((left, top + height + 6), f"here {letter} is right", fill=RIGHT, font=text)
    for place, option in enumerate(fellows[0].record.options):
        pen.text((MARGIN, top + height + 40 + 24 * place), f"{'ABCD'[place]}: {option}", fill=SOFT, font=small)
    return sheet


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        made = drawn(a_round(Path(work))).quantize(64)
    if "--check" in sys.argv:
        print(f"{TARGET}: {made.size}")
    else:
        made.save(TARGET, optimize=True)
        print(f"{TARGET} is written, {TARGET.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
