"""What share of each data set's pictures finds a round, worked out from published counts alone.

``python tools/round_shares.py [NO|SLUG ...] [--counts FILE]`` prints, for data sets with one label a picture, the per
cent of pictures in rounds of 4, 3 and 2, with borrowed options (surplus) and open, under the relations of cards and
concepts as they are. Run it before and after a change of relations: a pair kept apart costs rounds.

Counts come from ``[counts.classes]`` of the card; ``--counts`` names a JSON file {slug: {caption: pictures}} for data
sets whose cards give none.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from medmat_core.card import Card
from medmat_core.catalog import load_catalog
from medmat_core.concepts import load_concepts
from medmat_core.questions.pools import Pools
from medmat_core.rounds import Rounds, Salt, label_rounds
from medmat_core.subsets import load_subset

KINDS = ("single-label", "ordinal")
COLUMNS = ("4", "3", "2", "surplus", "open")


def opposing(card: Card, captions: list[str]) -> np.ndarray:
    """Which captions may share a round, bool (C, C): each is certainly wrong of the other's pictures."""
    pools = Pools(card, load_subset(card.head.subset), load_concepts(card.head.subset))
    one_way = np.array([[pools.may_oppose(a, b) for b in captions] for a in captions], np.bool_)
    together: np.ndarray = one_way & one_way.T
    return together


def rounds_of(card: Card, counts: dict[str, int], seed: int = 0) -> Rounds:
    """Rounds of as many pictures as are published."""
    captions = [caption for caption in card.captions if counts.get(caption)]
    numbers = [counts[caption] for caption in captions]
    keys = np.random.default_rng(seed).integers(0, 2**64, sum(numbers), dtype=np.uint64)
    classes = np.repeat(np.arange(len(captions), dtype=np.int32), numbers)
    salt = Salt.of(seed, "round", card.head.slug, "all", "label", "")
    return label_rounds(keys, classes, opposing(card, captions), salt)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NO|SLUG")
    parser.add_argument("--counts", type=Path, help="JSON: {slug: {caption: pictures}}")
    chosen = parser.parse_args()
    told = json.loads(chosen.counts.read_text(encoding="utf-8")) if chosen.counts else {}
    catalog = load_catalog()
    print(f"{'':34}{'pictures':>9}" + "".join(f"{name:>9}" for name in COLUMNS))
    total: dict[str, int] = dict.fromkeys(COLUMNS, 0)
    unknown = []
    for dataset in [catalog.get(name) for name in chosen.names] or list(catalog):
        card = dataset.card
        if card.head.kind not in KINDS:
            continue
        counts = {**told.get(card.head.slug, {}), **card.tables.counts.classes}
        if sum(map(bool, counts.values())) < 2:
            unknown.append(str(card.head.no or card.head.slug))
            continue
        shares = rounds_of(card, counts).shares
        pictures = sum(shares.values())
        for name in COLUMNS:
            total[name] += shares[name]
        print(
            f"{card.head.no or '':>4} {card.head.slug:29}{pictures:9}"
            + "".join(f"{100 * shares[name] / pictures:9.1f}" for name in COLUMNS)
        )
    every = sum(total.values())
    if every:
        print(f"{'':5}{'all':29}{every:9}" + "".join(f"{100 * total[name] / every:9.1f}" for name in COLUMNS))
    if unknown:
        print(f"counts unknown: {', '.join(unknown)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
