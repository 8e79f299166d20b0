"""From drawing to the table: `python run.py WORK` (in an empty folder WORK; minutes on two cores).

Draws the phantoms, builds records, composes Related and Unrelated for the target, trains the tiny model on each with
three seeds, and scores the target's test part with and without pictures. Prints a table in Markdown; with matplotlib
installed `result.png` is drawn, too.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from draw import draw
from medmat_phantoms import datasets
from medmat_phantoms.design import TARGET

from medmat_core import load_catalog
from medmat_core.records import Built
from medmat_core.score import score
from medmat_core.score.tables import Figure

MIXTURES = ("related", "unrelated")
"""With more time: also without-modality, without-area, without-task."""

SEEDS = (1, 2, 3)
SIZE = 2400
HERE = Path(__file__).parent


def medmat(*arguments: object) -> None:
    subprocess.run(["medmat", *map(str, arguments)], check=True)


def prepared(work: Path) -> None:
    """Pictures, records, and the mixtures in the forms that the model reads."""
    draw(work / "med-mat")
    medmat("build", "--data", work / "med-mat", "--test-fraction", 0.3, "--quiet")
    medmat(
        "compose", work, "--target", TARGET.subset, "--to", work / "mix", "--size", SIZE,
        "--mixture", ",".join(MIXTURES), "--format", "llava", "--format", "vlmeval",
    )  # fmt: skip


def answered(work: Path) -> None:
    """Replies of a model for each mixture and seed."""
    for mixture in MIXTURES:
        exported = (work / "mix" / name / "exported" for name in (mixture, "target"))
        subprocess.run([sys.executable, HERE / "model.py", *exported, work / "said", *map(str, SEEDS)], check=True)


def table(work: Path) -> str:
    """Rows of figures, one for each model, and the plot."""
    catalog = load_catalog(plugins=[datasets])
    target = Built.open(work / "mix" / "target")
    rows = ["| trained on | seed | pictures | accuracy % (95 %) | rounds all right % (95 %) |", "|---|---|---|---|---|"]
    points: dict[str, list[tuple[float, float, float]]] = {}
    for mixture in MIXTURES:
        for shown in ("seen", "blank"):
            means = []
            for seed in SEEDS:
                path = work / "said" / f"{mixture}-{seed}-{shown}.jsonl"
                line = score(target, [path], catalog=catalog).scored[0].lines[0]
                one, whole = line.closed, line.rounds
                assert one is not None and whole is not None
                means.append((one.value, whole.value))
                points.setdefault(f"{mixture}, {shown}", []).append((one.value, one.low, one.high))
                rows.append(f"| {mixture} | {seed} | {shown} | {told(one)} | {told(whole)} |")
            mean = 100 * np.mean(means, axis=0)
            rows.append(f"| **{mixture}** | mean | {shown} | **{mean[0]:.1f}** | **{mean[1]:.1f}** |")
    rows.append(
        f"| chance, blind guesser | | | {100 * one.chance:.1f}, {100 * one.blind:.1f} | "
        f"{100 * whole.chance:.1f}, {100 * whole.blind:.1f} |"
    )
    if find_spec("matplotlib") is not None:
        plot(points, work / "result.png")
    return "\n".join(rows)


def told(figure: Figure) -> str:
    return f"{100 * figure.value:.1f} ({100 * figure.low:.0f}-{100 * figure.high:.0f})"


def plot(points: dict[str, list[tuple[float, float, float]]], path: Path) -> None:
    """Accuracy with its interval for each seed, beside chance."""
    from medmat_core.plots import BLUE, GRAY, ORANGE, new_figure, save

    figure = new_figure(6, 3)
    axes = figure.add_subplot()
    for place, (name, own) in enumerate(points.items()):
        value, low, high = np.array(own).T
        where = place + np.linspace(-0.2, 0.2, len(own))
        color = GRAY if "blank" in name else BLUE if name.startswith("related") else ORANGE
        axes.errorbar(where, value, [value - low, high - value], fmt="o", color=color, capsize=3)
    axes.axhline(0.25, color="black", linewidth=0.8, linestyle="--")
    axes.text(len(points) - 0.55, 0.26, "chance", fontsize=8)
    axes.set_xticks(range(len(points)), [name.replace(", ", "\n") for name in points], fontsize=8)
    axes.set_ylim(0, 1)
    axes.set_ylabel("accuracy, unseen combination", fontsize=8)
    save(figure, path)


def main(work: Path) -> None:
    prepared(work)
    answered(work)
    text = table(work)
    (work / "result.md").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
