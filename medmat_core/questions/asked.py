"""Questions as columns: what the pictures of one data set are asked, before a line of text is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from attrs import define, field

OPEN: Final = 255
"""The slot of the right option where there are no options."""

Column = npt.NDArray[Any]


class Texts:
    """Texts or lists of texts, each kept once and named by a number."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._known: dict[Any, int] = {}

    def __len__(self) -> int:
        return len(self.items)

    def number(self, item: Any) -> int:
        """The number of an item, added when new."""
        found = self._known.get(item)
        if found is None:
            found = self._known[item] = len(self.items)
            self.items.append(item)
        return found


_TYPES: Final[Mapping[str, type[np.generic]]] = {
    "asks": np.uint8,
    "places": np.uint32, "classes": np.uint16, "questions": np.uint32, "options": np.uint32, "slots": np.uint8,
    "answers": np.uint32, "rounds": np.uint64, "templates": np.uint8,
}  # fmt: skip


@define
class Shares:
    """How the pictures of one ask came out: in rounds of two, three and four, with a borrowed list, open, or not
    asked at all for want of a round."""

    rounds: dict[int, int] = field(factory=lambda: {4: 0, 3: 0, 2: 0})
    surplus: int = 0
    open: int = 0
    alone: int = 0

    def add(self, other: Shares) -> None:
        for size, count in other.rounds.items():
            self.rounds[size] = self.rounds.get(size, 0) + count
        self.surplus += other.surplus
        self.open += other.open
        self.alone += other.alone


@define
class Table:
    """The records of a data set by picture, ask and class: a column a fact, an entry a record.

    ``places``: the picture. ``asks``: the place in :data:`~medmat_core.model.ASKS`. ``classes``: the class in card
    order, 0 for labels. ``questions``, ``options`` and ``answers`` number the texts of these names in :class:`Sheet`;
    ``slots`` is the right option or :data:`OPEN`; ``rounds`` the id of the round, 0 where there is none; ``templates``
    the instruction 0-5.
    """

    asks: Column
    places: Column
    classes: Column
    questions: Column
    options: Column
    slots: Column
    answers: Column
    rounds: Column
    templates: Column

    def __len__(self) -> int:
        return len(self.places)

    def between(self, first: int, last: int) -> Table:
        """The records of the pictures first .. last-1, their places counted from ``first``."""
        lo, hi = np.searchsorted(self.places, (first, last))
        cut = {name: getattr(self, name)[lo:hi] for name in _TYPES}
        cut["places"] = cut["places"] - np.uint32(first)
        return Table(**cut)


class Sheet:
    """All questions of one data set: texts kept once, and columns that grow by every ask and part."""

    def __init__(self) -> None:
        self.questions = Texts()
        self.options = Texts()
        self.answers = Texts()
        self.none = self.options.number(())
        self.shares: dict[str, Shares] = {}
        self.unasked: dict[str, list[int]] = {}
        """Pictures about which one ask had nothing to ask, by reason of problems.jsonl."""
        self.why: dict[str, str] = {}
        """What such a reason means here, in words."""
        self._columns: dict[str, list[Column]] = {name: [] for name in _TYPES}

    def add(self, ask: int, **columns: Iterable[int] | Column) -> None:
        """Append records of one ask; the other columns as in :class:`Table`."""
        count = 0
        for name, given in columns.items():
            column = np.asarray(given if isinstance(given, np.ndarray) else list(given), _TYPES[name])
            self._columns[name].append(column)
            count = len(column)
        self._columns["asks"].append(np.full(count, ask, np.uint8))

    def share(self, ask: str, found: Shares) -> None:
        """Count how a part of an ask came out."""
        self.shares.setdefault(ask, Shares()).add(found)

    def ordered(self) -> Table:
        """All records by picture, then ask, then class; the sheet gives its columns up, one by one, since a million
        records twice would be too many."""
        joined: dict[str, Column] = {}
        for name, kind in _TYPES.items():
            joined[name] = np.concatenate([*self._columns[name], np.empty(0, kind)]).astype(kind, copy=False)
            self._columns[name] = []
        if np.any(joined["places"][1:] < joined["places"][:-1]) or np.any(joined["asks"] != joined["asks"][:1]):
            order = np.lexsort((joined["classes"], joined["asks"], joined["places"]))
            for name in joined:
                joined[name] = joined[name][order]
        return Table(**joined)
