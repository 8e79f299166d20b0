"""The distributions as pictures that hold in print: bars with numbers, few colors, no color alone tells anything."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import Final

from medmat_core.model import PARTS
from medmat_core.plots import BLUE, GRAY, GREEN, ORANGE, checked, new_figure, save
from medmat_core.stats.counts import KINDS, Stats

MOST: Final = 40
"""Labels of a subset that get a bar; the rarest of more stand in one."""

_SHADES: Final = dict(zip(PARTS, cycle(((BLUE, ""), (GRAY, ".."), (ORANGE, "//"), (GREEN, "xx"))), strict=False))
_ASKED: Final = dict(
    zip(KINDS, ((BLUE, ""), ("#56B4E9", "//"), (GREEN, ".."), (ORANGE, "xx"), (GRAY, "")), strict=True)
)


def draw_all(found: Stats, folder: Path, suffix: str = ".png") -> list[Path]:
    """``labels-NN``, ``shares`` and ``sizes`` below ``folder``; returns the paths."""
    checked(folder / f"shares{suffix}")
    made = []
    for no in found.subsets():
        if any(found.labels(no).values()):
            made.append(folder / f"labels-{no:02d}{suffix}")
            _labels(found, no, made[-1])
    made += [folder / f"shares{suffix}", folder / f"sizes{suffix}"]
    _shares(found, made[-2])
    _sizes(found, made[-1])
    return made


def _labels(found: Stats, no: int, path: Path) -> None:
    """Records a label, a bar each, parts stacked."""
    by_part = found.labels(no)
    names = list(found.ranked(no))
    shown, rest = names[:MOST], names[MOST:]
    rows = [*shown, *([f"{len(rest)} rarer ones"] if rest else [])]
    figure = new_figure(7, 0.9 + 0.24 * len(rows))
    axes = figure.add_subplot()
    left = [0] * len(rows)
    for part in PARTS:
        if part not in by_part:
            continue
        counts = [by_part[part][name] for name in shown]
        if rest:
            counts.append(sum(by_part[part][name] for name in rest))
        color, hatch = _SHADES[part]
        axes.barh(rows, counts, left=left, color=color, hatch=hatch, edgecolor="white", label=part)
        left = [a + b for a, b in zip(left, counts, strict=True)]
    for place, total in enumerate(left):
        axes.text(total, place, f" {total}", va="center", fontsize=7)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.tick_params(labelsize=7)
    axes.set_xlabel("records", fontsize=8)
    axes.set_title(f"Subset {no}: labels", fontsize=9)
    axes.legend(fontsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    save(figure, path)


def _shares(found: Stats, path: Path) -> None:
    """How records of each data set are asked, and how they fall to parts, in per cent."""
    names = [one.slug for one in found.datasets]
    figure = new_figure(9, 1.3 + 0.24 * len(names))
    for place, (title, kinds, looks) in enumerate((("parts", PARTS, _SHADES), ("how asked", KINDS, _ASKED)), 1):
        axes = figure.add_subplot(1, 2, place)
        left = [0.0] * len(names)
        for kind in kinds:
            widths = []
            for one in found.datasets:
                total = sum(one.records(part) for part in PARTS) or 1
                count = one.records(kind) if title == "parts" else sum(own[kind] for own in one.asked.values())
                widths.append(100 * count / total)
            if any(widths):
                color, hatch = looks[kind]
                axes.barh(names, widths, left=left, color=color, hatch=hatch, edgecolor="white", label=kind)
                left = [a + b for a, b in zip(left, widths, strict=True)]
        axes.invert_yaxis()
        axes.tick_params(labelsize=7)
        axes.set_xlabel("% of records", fontsize=8)
        axes.set_title(title, fontsize=9)
        axes.legend(fontsize=6, loc="lower center", bbox_to_anchor=(0.5, 1.06), ncols=3, frameon=False)
        if place == 2:
            axes.set_yticklabels([])
    save(figure, path)


def _sizes(found: Stats, path: Path) -> None:
    """Width against height of every subset's pictures, area by how many have that size."""
    figure = new_figure(6, 5)
    axes = figure.add_subplot()
    markers = "osD^v<>Ph*"
    for place, no in enumerate(found.subsets()):
        own = {size: count for size, count in found.points.get(no, {}).items() if all(size)}
        if own:
            axes.scatter(
                [w for w, _ in own], [h for _, h in own], [10 + 30 * (c / max(own.values())) for c in own.values()],
                marker=markers[place % len(markers)], alpha=0.6, label=f"{no}",
            )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("width in pixels", fontsize=8)
    axes.set_ylabel("height in pixels", fontsize=8)
    axes.tick_params(labelsize=7, which="both")
    axes.set_title("Picture sizes by subset", fontsize=9)
    if axes.has_data():
        axes.legend(fontsize=6, ncols=2)
    save(figure, path)
