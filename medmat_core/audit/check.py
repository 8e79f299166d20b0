"""Records in memory, judged as an audit judges files: what the conformance suite asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from medmat_core.audit.faults import Fault, Faults
from medmat_core.audit.home import Homes, SubsetOf, Terms
from medmat_core.audit.place import PARTS
from medmat_core.audit.record import RecordRules
from medmat_core.audit.seen import Seen, part_faults, repeat_faults, round_faults, surplus_faults
from medmat_core.card import Card
from medmat_core.model import Record
from medmat_core.subsets import load_subset


def check_records(
    records: Iterable[Record],
    cards: Sequence[Card] = (),
    *,
    subset_of: SubsetOf = load_subset,
    terms: Terms | None = None,
) -> list[Fault]:
    """Everything that is wrong with records of any data sets, one by one, round by round and part by part.

    ``cards`` are those of the data sets, ``terms`` what the records were made to keep (default: those of a build
    without options). ``file`` of a fault is the data set's number or slug, ``line`` the place among its records.
    """
    terms = terms if terms is not None else Terms()
    faults, homes = Faults(keep=None), Homes(cards, subset_of, terms)
    by_name: dict[str, list[Record]] = {}
    for record in records:
        by_name.setdefault(record.data_no, []).append(record)
    for name, several in by_name.items():
        rules, seen, counted = RecordRules(homes.of(name)), Seen(), Counter[str]()
        for line, record in enumerate(several, 1):
            for fault, sentence in rules.faults(record, ""):
                faults.tell(fault, sentence, name, line, record.key, record.image)
            counted[record.split] += 1
            if record.id != counted[record.split]:
                told = f"its id is {record.id}, it is record {counted[record.split]} of its part"
                faults.tell("ids", told, name, line, record.key, record.image)
            seen.add(record, PARTS.index(record.split), line)
        for found in (
            round_faults(seen),
            surplus_faults(seen, terms.label_rounds),
            repeat_faults(seen),
            part_faults(seen),
        ):
            for odd in found:
                record = several[odd.row]
                faults.tell(odd.name, odd.sentence, name, odd.row + 1, record.key, record.image)
    return faults.kept
