"""How long a build takes, from what tools/measure_build.py measured."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

from medmat_core.card import Card
from medmat_core.samples.pictures import format_of, mode_of

_FILE: Final = Path(__file__).with_name("build_times.toml")
_VOLUMES: Final = ("dicom", "nifti", "npy")


@cache
def _measured() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def kind_of(card: Card) -> str:
    """Which of the measured kinds a data set is of: "rendered", "masks" or "pictures"."""
    drawn = [(path, picture) for picture in card.example.pictures for path in picture.paths]
    rendered = any(format_of(card, *one) in _VOLUMES or mode_of(card, *one) == "I;16" for one in drawn)
    return "rendered" if rendered else "masks" if card.kind == "mask" else "pictures"


def told(card: Card) -> str:
    """For one data set: by its kind, and for the pictures that are published."""
    each = float(_measured()[kind_of(card)]["seconds"])
    if not card.counts.images:
        return f"{_time(each)} of one processor for 10,000 drawn pictures ([measured](index.md#time-of-a-build))"
    return (
        f"{_time(each * card.counts.images / 10_000)} of one processor "
        f"(drawn pictures of the kind: {_time(each)} for 10,000, [measured](index.md#time-of-a-build))"
    )


def how() -> str:
    """Where the figures come from."""
    found = _measured()
    lines = [
        f"- {found[kind]['what']}: {_time(float(found[kind]['seconds']))} for 10,000, from {found[kind]['measured']:,}."
        for kind in ("pictures", "masks", "rendered")
    ]
    return (
        "## Time of a build\n\n"
        f"Each page says how long a build takes with `--verify header`. That is a figure of its kind, measured on "
        f"{found['date']} ({found['machine']}) with `tools/measure_build.py` on generated pictures, in seconds of one "
        "processor without start-up and without waiting for a disk:\n\n" + "\n".join(lines) + "\n\n"
        "Pictures of other sizes take more or less, in the last two kinds nearly in proportion to their pixels; more "
        "processors share the work."
    )


def _time(seconds: float) -> str:
    if seconds < 1:
        return "under a second"
    if seconds < 90:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
