"""Does the example show every question of its card at work: a round in train for each ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from medmat_core.card import Card
from medmat_core.dataset import Dataset
from medmat_core.model import Record
from medmat_core.questions.view import asks_of
from medmat_core.records import records
from medmat_core.testing.reading import Files, alone
from medmat_core.testing.report import Finding
from medmat_core.testing.tally import tried

_DATA: Final = "med-mat"

TO_ADD: Final[Mapping[str, str]] = {
    "label": "add pictures of two classes of which neither may be true of the other's pictures",
    "box": "add two pictures with equally many regions of one class in other places (no IoU over 0.5)",
    "location": "add two pictures with one region of a class each, mostly in different cells of the 3 x 3 grid",
    "coverage": "add two pictures with a class that covers 1.5 x as much of one as of the other",
    "presence": "add a picture with a class and one without any region",
    "structure": "add two pictures that show different classes in about the same place",
}
"""What an example lacks that holds no round of an ask."""

_DIFFERENT: Final = "add pictures that bring different answers to it"


def check_rounds(dataset: Dataset, card: Card, files: Files, tmp: Path) -> Iterator[Finding]:
    """Build the example as it is and look for a round of every ask among the records of train.

    An ask without one gives nothing in Med-MAT's JSON, neither in a demo nor in any test of this data set.
    """
    from medmat_core.building import build

    files.write(tmp / _DATA / card.folder)
    catalog = alone(dataset)
    try:
        build([dataset.slug], data=tmp / _DATA, out=tmp / "out", catalog=catalog, jobs=1)
        made = list(records(tmp / "out", "train"))
    except Exception:
        return  # whatever it is, the check of records says so
    yield from lacking(card, asks_of(card, catalog.subset(card.subset), None), made)


def lacking(card: Card, asks: Iterable[str], train: Iterable[Record]) -> Iterator[Finding]:
    """A finding for each of the ``asks`` that no round of the records of ``train`` holds."""
    found: dict[str, set[str]] = {}
    for record in train:
        found.setdefault(record.ask, set()).add(record.round)
    for ask in asks:
        tried()
        rounds = found.get(ask, set())
        if rounds - {""}:
            continue
        what = f"no round of {ask!r} in train: {'its records are open' if rounds else 'there is no record'}"
        if ask != "label":
            todo = f"{TO_ADD.get(ask, _DIFFERENT)}, or leave {ask!r} out of asks"
            yield Finding("rounds", card.path.name, what, todo, "asks")
        elif len(set(card.labels.values())) < 2:
            yield Finding(
                "rounds", card.path.name, what, "with one class there is nothing to choose from", "labels", hint=True
            )
        else:
            yield Finding("rounds", card.path.name, what, TO_ADD.get(ask, _DIFFERENT), "example")
