"""Measure how long `medmat build` takes for each kind of picture: python tools/measure_build.py [--scale 1.0]

Generates a tree in the layout of one data set a kind, with pictures of its usual size, builds it with one job and
header verification, and writes tools/docgen/build_times.toml, from which the pages of data sets say how long a build
takes. Seconds are those of the processor, start-up left out: what else the machine does, and where the files lie, is
not in them.
"""

from __future__ import annotations

import argparse
import datetime
import io
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from medmat_core import load_catalog
from medmat_core.card import Card
from medmat_core.example import ExamplePicture
from medmat_core.samples.dicom import dicom_bytes

TARGET: Final = Path(__file__).resolve().parent / "docgen" / "build_times.toml"
_JPEG: Final = {"TransferSyntaxUID": "1.2.840.10008.1.2.4.50", "Modality": "CR"}


def noise(size: tuple[int, int], number: int) -> np.ndarray:
    """A picture of its own, smooth enough to be as large a file as a real one."""
    rng = np.random.default_rng(number)
    coarse = rng.integers(0, 256, (size[1] // 16 + 1, size[0] // 16 + 1), np.uint8)
    return cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)


def jpeg(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def class_folders(root: Path, card: Card, count: int) -> None:
    for number in range(count):
        name = ("Cyst", "Normal", "Stone", "Tumor")[number % 4]
        path = root / card.folder / card.outer / name / f"{name}- ({number}).jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(noise((512, 512), number)))


def masks(root: Path, card: Card, count: int) -> None:
    rng = np.random.default_rng(0)
    for number in range(count):
        mask = np.zeros((529, 622), np.uint8)
        x, y = int(rng.integers(120, 480)), int(rng.integers(120, 400))
        cv2.ellipse(mask, (x, y), (int(rng.integers(30, 120)), int(rng.integers(30, 120))), 0, 0, 360, 255, -1)
        for folder, pixels in (("images", noise((622, 529), number)), ("masks", mask)):
            path = root / card.folder / card.outer / folder / f"cju{number:06d}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg(pixels))


def dicom(root: Path, card: Card, count: int) -> None:
    rows = io.StringIO()
    rows.write("patientId,class\n")
    (root / card.folder / "stage_2_train_images").mkdir(parents=True)
    for number in range(count):
        name = f"{number:08x}-0000-4000-8000-{number:012x}"
        path = f"stage_2_train_images/{name}.dcm"
        shown = ExamplePicture((path,), (1024, 1024), dicom=_JPEG)
        layers = [noise((1024, 1024), number)]
        (root / card.folder / path).write_bytes(dicom_bytes(card, path, shown, layers, invert=False))
        rows.write(f"{name},{('Normal', 'Lung Opacity')[number % 2]}\n")
    (root / card.folder / "stage_2_detailed_class_info.csv").write_text(rows.getvalue())


KINDS: Final[dict[str, tuple[str, str, int, Callable[[Path, Card, int], None]]]] = {
    "pictures": ("ct-kidney", "JPEG pictures of 512 x 512 in class folders", 10_000, class_folders),
    "masks": ("kvasir-seg", "JPEG pictures of 622 x 529, each with a JPEG mask", 2_000, masks),
    "rendered": ("rsna-pneumonia", "DICOM files of 1024 x 1024, 8 bits, JPEG, rendered to PNG", 400, dicom),
}


def seconds(*arguments: str | Path) -> float:
    """Processor seconds of `medmat ARGUMENTS` and its workers."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["medmat", *map(str, arguments)], stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, arguments
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def machine() -> str:
    """The processor, as the system names it."""
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of pictures")
    scale = parser.parse_args().scale
    catalog = load_catalog()
    lines = [
        "# Made by tools/measure_build.py: seconds of one processor for 10,000 pictures, `--verify header`.",
        f'date = "{datetime.datetime.now(datetime.UTC).date()}"',
        f'machine = "{machine()}, Python {platform.python_version()}, {platform.system()}"',
    ]
    for kind, (slug, what, wanted, make) in KINDS.items():
        count = round(wanted * scale)
        card = catalog.get(slug).card
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "med-mat"
            make(data, card, count)
            few = Path(folder) / "few"
            make(few, card, 4)
            start = seconds("build", slug, "--data", few, "--out", Path(folder) / "one", "--jobs", "1")
            taken = seconds("build", slug, "--data", data, "--out", Path(folder) / "all", "--jobs", "1") - start
        each = taken * 10_000 / count
        print(f"{kind}: {taken:.2f} s for {count}, {each:.1f} s for 10,000")
        lines += ["", f"[{kind}]", f"seconds = {each:.1f}", f"measured = {count}", f'what = "{what}"']
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
