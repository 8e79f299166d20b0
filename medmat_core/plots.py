"""Plots, for paper as much as for a screen, and the map of modality, area and task. Needs matplotlib."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from medmat_core.errors import UsageError
from medmat_core.fileio import atomic

SUFFIXES: Final = (".png", ".svg", ".pdf")

BLUE, ORANGE, GREEN, GRAY = "#0072B2", "#D55E00", "#009E73", "#999999"
"""Colors that color-blind readers and gray printers tell apart."""


def checked(path: Path) -> Path:
    """``path`` if a plot can be written there by its suffix, and matplotlib is installed; else :class:`UsageError`."""
    if path.suffix.casefold() not in SUFFIXES:
        raise UsageError(f"{path}: a plot is written as {', '.join(SUFFIXES)}; name it so")
    try:
        _load()
    except ImportError:
        raise UsageError(f"{path}: plots need matplotlib; pip install medmat-core[plots]") from None
    return path


def _load() -> None:
    """Import matplotlib, which takes its settings from the folder that the user is in first: those of a stranger's data
    may have LaTeX run."""
    with contextlib.chdir(Path(__file__).parent):
        import matplotlib  # noqa: F401


def new_figure(width: float, height: float) -> Any:
    """An empty figure of so many inches, drawn without a screen."""
    _load()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Any, path: Path) -> None:
    """Write a figure whole or not at all; equal figures give equal bytes."""
    import matplotlib

    kind = path.suffix.casefold()[1:]
    # dates and random ids would make each run's file differ
    told: dict[str, Any] = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    with matplotlib.rc_context({"svg.hashsalt": "medmat", "svg.fonttype": "path"}), atomic(checked(path)) as part:
        figure.savefig(part, format=kind, dpi=150, metadata=told)


@frozen
class Cell:
    """A place of the map: a number that colors it (None leaves it white) and what is written there."""

    value: float | None
    text: str
    marked: bool = False


def draw_map(
    cells: Mapping[tuple[str, str, str], Cell], path: Path, *, title: str, scale: str, top: float | None = None
) -> None:
    """The map (modality, area, task family) -> cell as a picture: a row for each modality and area, a column for each
    family. ``scale`` says what the color means, ``top`` its upper end."""
    rows = sorted({(modality, area) for modality, area, _ in cells})
    columns = sorted({family for *_, family in cells})
    figure = new_figure(2.6 + 0.95 * len(columns), 1.3 + 0.3 * len(rows))
    axes = figure.add_subplot()
    table = [[_value(cells, row, column) for column in columns] for row in rows]
    high = top if top is not None else max((v for own in table for v in own if v == v), default=1.0) or 1.0
    image = axes.imshow(table, cmap="Blues", vmin=0, vmax=high * 1.25, aspect="auto")
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            cell = cells.get((*row, column))
            if cell is not None:
                dark = cell.value is not None and cell.value > 0.75 * high
                axes.text(x, y, cell.text, ha="center", va="center", fontsize=7, color="white" if dark else "black")
                if cell.marked:
                    from matplotlib.patches import Rectangle

                    axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, edgecolor=ORANGE, linewidth=2))
    axes.set_xticks(range(len(columns)), columns, rotation=35, ha="right", fontsize=8)
    axes.set_yticks(range(len(rows)), [f"{modality} · {area}" for modality, area in rows], fontsize=8)
    axes.set_title(title, fontsize=9)
    figure.colorbar(image, ax=axes, label=scale, shrink=0.8)
    save(figure, path)


def _value(cells: Mapping[tuple[str, str, str], Cell], row: Sequence[str], column: str) -> float:
    cell = cells.get((row[0], row[1], column))
    return float("nan") if cell is None or cell.value is None else cell.value
