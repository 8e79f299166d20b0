"""Two folders of drawn pictures, as a stranger has them before there is a plugin: ``draw_folders.py med-mat``."""

import sys
from pathlib import Path

from PIL import Image, ImageDraw

base = Path(sys.argv[1])
for width, shape in enumerate(("sickle", "oval", "round"), 1):
    for number in range(8):
        path = base / "Cells" / "cells_v1" / shape / f"{shape}_{number:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("RGB", (64, 48), (230, 225, 235 - number))
        ImageDraw.Draw(image).ellipse((10 + number, 8, 10 + 10 * width + number, 38), fill=(170, 40, 60 + number))
        image.save(path)
for number in range(8):
    for folder, mode, back, ink in (("images", "RGB", (40, 40, 44), (150, 140, 130)), ("masks", "L", 0, 255)):
        path = base / "Breast" / folder / f"scan{number}{'_mask' if folder == 'masks' else ''}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new(mode, (96, 72), back)
        ImageDraw.Draw(image).ellipse((8 + 6 * number, 10, 30 + 6 * number, 30), fill=ink)
        image.save(path)
