"""What the published rule costs, measured: builds by ``--as-published`` beside builds of rounds, both audited.

``python tools/published_rule.py [NO|SLUG ...]`` lays out a tree with as many pictures a label as are published (by the
card; every picture is an empty file, and nothing opens it), builds it both ways, and prints for every data
set how many questions a guesser gets right who sees no picture, how many have a wrong option that is or may be true,
and how many pictures stand in train and in test. Without names: data sets whose layout can be laid out so.
docs/explanation/published-rule.md shows what it printed.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from medmat_core import build
from medmat_core.audit import Report, Row, audit
from medmat_core.catalog import Catalog, load_catalog
from medmat_core.dataset import Dataset
from medmat_core.folders import open_tree
from medmat_core.model import LabelSample
from medmat_core.samples import write_example

MOST: Final = 30_000
"""Data sets with more pictures are left out unless they are named."""

_NUMBER: Final = re.compile(r"\d+(?!.*\d)")


def grown(dataset: Dataset, data: Path) -> bool:
    """Lay out the data set with its published counts; False where names tell that this cannot be done so."""
    card = dataset.card
    wanted = Counter({caption: count for caption, count in card.counts.classes.items() if count})
    if card.kind not in ("single-label", "ordinal") or len(wanted) < 2:
        return False
    write_example(card, data)
    tree = open_tree(dataset.card.head, data)
    if tree is None:
        return False
    models: dict[str, list[str]] = {}
    for sample in dataset.samples(tree, card):
        if isinstance(sample, LabelSample) and isinstance(sample.image, str) and len(sample.stated) == 1:
            models.setdefault(card.labels[sample.stated[0]], []).append(sample.image)
    for caption, count in wanted.items():
        paths = models.get(caption, [])
        for number in range(len(paths), count):
            path = paths[number % len(paths)] if paths else ""
            folder, _, name = path.rpartition("/")
            stem, dot, suffix = name.rpartition(".")
            new = _NUMBER.sub(str(10_000_000 + number), stem) if _NUMBER.search(stem) else f"{stem} ({number})"
            target = tree.root / folder / f"{new}{dot}{suffix}"
            if not path or target.exists():
                return False
            target.touch()
    tree = open_tree(dataset.card.head, data)
    assert tree is not None
    found = Counter(card.labels[s.stated[0]] for s in dataset.samples(tree, card) if isinstance(s, LabelSample))
    return found == wanted


def built(catalog: Catalog, chosen: list[Dataset], data: Path, out: Path, *, as_published: bool) -> Report:
    """The audit of a build of all of them."""
    build(
        [dataset.slug for dataset in chosen], data=data, out=out, catalog=catalog, verify="none",
        as_published=as_published,
    )  # fmt: skip
    return audit(out, list(catalog), subset_of=catalog.subset)


def line(row: Row) -> str:
    """Questions, the best guesser beside the most frequent answer, true distractors, leaks."""
    questions = sum(count for shares in row.shares.values() for what, count in shares.items() if what != "open")
    found = row.guessed
    if found is None:  # nothing but rounds: right once a round, by identity
        rounds = sum(shares.get(f"rounds_of_{k}", 0) / k for shares in row.shares.values() for k in (2, 3, 4))
        blind = f"{100 * rounds / questions:.0f}" if questions else "-"
    else:
        blind = f"{100 * max(found.shares.values()):.0f} ({100 * found.majority:.0f})"
    wrong = 100 * (row.wrong or 0) / questions if questions else 0
    return f" {questions} | {blind} | {wrong:.0f} | {row.leaks} |"


def main() -> int:
    catalog = load_catalog()
    named = [catalog.get(name) for name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        chosen = []
        for dataset in named or list(catalog):
            pictures = sum(dataset.card.counts.classes.values())
            if dataset.no is None or (not named and not 300 <= pictures <= MOST):
                continue
            if grown(dataset, root / "grown" / dataset.slug / "med-mat"):
                chosen.append(dataset)
        print("| data set | published: questions | blind | true | leaks ", end="")
        print("| rounds: questions | blind | true | leaks |")
        print("|---|---|---|---|---|---|---|---|---|")
        for dataset in chosen:
            data = root / "grown" / dataset.slug / "med-mat"
            reports = [
                built(catalog, [dataset], data, data.parent / str(way), as_published=way) for way in (True, False)
            ]
            cells = "".join(line(report.rows[0]) for report in reports)
            card = dataset.card
            print(f"| {dataset.no} {card.title} |{cells}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
