"""Records in memory: the same rules as for files, as one function without side effects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from medmat_core.audit.book import Book, SubsetOf
from medmat_core.audit.entries import data_no
from medmat_core.audit.faults import Fault, Faults
from medmat_core.audit.numbers import PARTS, compare
from medmat_core.audit.rules import Terms
from medmat_core.audit.unit import Unit
from medmat_core.card import Card
from medmat_core.subsets import load_subset


def check_records(
    records: Iterable[Mapping[str, Any]],
    cards: Sequence[Card] = (),
    *,
    subset_of: SubsetOf = load_subset,
    terms: Terms | None = None,
    part: str | None = None,
) -> list[Fault]:
    """Everything that is wrong with records, full or in Med-MAT's format, of any data sets.

    Records of one data set and part are taken as one file: ids count from 1 in it, and it is sorted. A full record
    says its own part; ``part`` is that of others ("train" if not given). ``cards`` are those of the data sets, and
    ``terms`` what the records were made to keep (default: those of a build without options). ``file`` of a fault is
    the data set's number or slug and the part: "2-train".
    """
    faults = Faults(keep=None, lenient=terms is not None and not terms.strict)
    book = Book(cards, terms if terms is not None else Terms(), subset_of)
    by_file: dict[str, dict[int, list[Any]]] = {}
    for raw in records:
        name = book.number(data_no(raw)) if isinstance(raw, Mapping) else ""
        split = raw.get("split", part) if isinstance(raw, Mapping) else part
        by_file.setdefault(name, {}).setdefault(PARTS.index(split) if split in PARTS else 0, []).append(raw)
    for name, parts in by_file.items():
        rules = book.rules(name)
        unit = Unit(name, book, faults.add, fixed=rules)
        for number, several in sorted(parts.items()):
            unit.read(iter(several), number, f"{name}-{PARTS[number]}")
        apart = rules.labels.apart if rules.labels is not None and not rules.labels.several else None
        for fault in compare(unit.seen, unit.pair, apart):
            faults.add(fault)
        for told, sentence in unit.even.faults(f"data set {name}"):
            faults.tell(told, sentence)
    return faults.kept
