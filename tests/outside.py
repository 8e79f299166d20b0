"""Medmat from outside: the command in its own process, the bytes it leaves, and data that keep it busy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

START = [sys.executable, "-c", "from medmat_core.cli import main; main()"]
CLASSES = ("Cyst", "Normal", "Stone", "Tumor")


def start(*arguments: object, **settings: Any) -> subprocess.Popen[str]:
    """``medmat ARGUMENTS`` as its own process, in its own process group, with output to pipes."""
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    if os.name == "posix":  # a shell's background job ignores SIGINT, one under nohup SIGHUP, and so would its children
        settings["preexec_fn"] = lambda: [signal.signal(n, signal.SIG_DFL) for n in (signal.SIGINT, signal.SIGHUP)]
    return subprocess.Popen([*START, *map(str, arguments)], text=True, start_new_session=True, **settings)


def medmat(*arguments: object, timeout: float = 300, **settings: Any) -> subprocess.CompletedProcess[str]:
    """``medmat ARGUMENTS``, run to its end."""
    return subprocess.run(
        [*START, *map(str, arguments)], text=True, capture_output=True, timeout=timeout, check=False, **settings
    )


def tree_bytes(out: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, and every folder under the name 'folder/'."""
    found: dict[str, bytes] = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        found[name + "/" * path.is_dir()] = b"" if path.is_dir() else path.read_bytes()
    return found


def whole(out: Path) -> list[str]:
    """The files of a build under their final names; each must parse from its first byte to its last."""
    found: list[str] = []
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if not path.is_file() or name.startswith(".") or "/." in name:
            continue
        found.append(name)
        if path.suffix == ".json":
            json.loads(path.read_text("utf-8"))
        elif path.suffix == ".jsonl":
            for line in path.read_text("utf-8").splitlines():
                json.loads(line)
        elif path.suffix == ".png":
            raw = path.read_bytes()
            assert raw[:4] == b"\x89PNG" and raw[-8:-4] == b"IEND", name
    return found


def commented(jpeg: bytes, number: int) -> bytes:
    """The same picture with bytes of its own."""
    return jpeg[:2] + b"\xff\xfe\x00\x0a" + number.to_bytes(8, "big") + jpeg[2:]


def polyps(data: Path, count: int, size: tuple[int, int] = (622, 529)) -> Path:
    """Row 93's layout with ``count`` pairs of picture and mask that take their time to decode."""
    import cv2
    import numpy as np

    width, height = size
    rng = np.random.default_rng(93)
    drawn = cv2.resize(rng.integers(0, 255, (24, 28, 3), dtype=np.uint8), size, interpolation=cv2.INTER_CUBIC)
    picture = bytes(cv2.imencode(".jpg", drawn)[1])
    masks = []
    for number in range(7):
        mask = np.zeros((height, width), np.uint8)
        center = (width // 4 + number * width // 14, height // 3 + number * height // 21)
        cv2.ellipse(mask, center, (width // 9, height // 11), number * 20, 0, 360, 255, -1)
        masks.append(bytes(cv2.imencode(".jpg", mask)[1]))
    base = data / "Kvasir-SEG" / "Kvasir-SEG"
    for part in ("images", "masks"):
        (base / part).mkdir(parents=True)
    for number in range(count):
        (base / "images" / f"{number:05d}.jpg").write_bytes(commented(picture, number))
        (base / "masks" / f"{number:05d}.jpg").write_bytes(masks[number % len(masks)])
    return data


def kidneys(data: Path, count: int) -> Path:
    """Row 2's layout with ``count`` small pictures, all different."""
    import cv2
    import numpy as np

    raw = bytes(cv2.imencode(".jpg", np.full((16, 16, 3), 90, np.uint8))[1])
    for number in range(count):
        label = CLASSES[number % len(CLASSES)]
        path = data / "CT_Kindney_Dataset" / label / f"{label}- ({number // len(CLASSES) + 1}).jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(commented(raw, number))
    return data


def descendants(pid: int) -> set[int]:
    """Processes that come from a process, by /proc."""
    parents: dict[int, int] = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            try:
                text = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            parents[int(entry)] = int(text.rpartition(")")[2].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found and child not in found}:
        found |= more
    return found - {pid}


def alive(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
