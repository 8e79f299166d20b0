"""What the asks look at: the pictures of one data set as columns, after splits are decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
from attrs import define, frozen

from medmat_core.card import Card
from medmat_core.model import ASKS
from medmat_core.questions.pools import Pools
from medmat_core.regions.box_words import BoxFormat
from medmat_core.rounds import Salt
from medmat_core.splits import Decision, Labels
from medmat_core.subsets import OPEN_BOX, Subset, speaks_of_options


@frozen(eq=False)
class RegionColumns:
    """Regions, one entry a region; those of picture p are ``starts[p]`` to ``starts[p + 1]``.

    ``boxes`` (n, 4) half-open pixels; ``classes`` places in card order; ``areas`` pixels; ``cells`` and ``touched`` as
    in :class:`medmat_core.pipeline.facts.Regions`. ``unsure`` maps a picture to classes neither present nor absent.
    """

    starts: npt.NDArray[np.int64]
    owners: npt.NDArray[np.int64]
    classes: npt.NDArray[np.uint16]
    boxes: npt.NDArray[np.int32]
    areas: npt.NDArray[np.float64]
    cells: npt.NDArray[np.uint8]
    touched: npt.NDArray[np.uint16]
    unsure: Mapping[int, Sequence[int]]


@define(eq=False, slots=False)
class View:
    """The pictures of one data set and what is known of its questions.

    ``parts`` is the part of every picture (as :mod:`medmat_core.splits` numbers them), ``asked_parts`` those in which
    there is something to ask. ``labels`` points into ``label_sets``. ``keys`` are the pictures' own.
    """

    card: Card
    subset: Subset
    pools: Pools
    seed: int
    slug: str
    box_format: BoxFormat
    asks: tuple[str, ...]
    surplus: str
    asked_parts: tuple[int, ...]
    keys: npt.NDArray[np.uint64]
    parts: npt.NDArray[np.uint8]
    widths: npt.NDArray[np.uint32]
    heights: npt.NDArray[np.uint32]
    labels: npt.NDArray[np.uint32]
    label_sets: Sequence[Labels]
    regions: RegionColumns | None

    def instruction(self, ask: str, template: int, **words: str) -> str:
        """An instruction of the subset with the card's words and these filled in."""
        head = self.card.head
        return self.subset.question(ask, template, modality=head.modality_shown, area=head.area_shown, **words)

    def wording(self, ask: str, **words: str) -> Callable[[int, int], str]:
        """The text of a question by its template, where it is the same for every round."""
        texts = [self.instruction(ask, template, **words) for template in range(6)]
        return lambda template, _: texts[template]

    def by_class(
        self, counted: npt.NDArray[np.bool_] | None = None
    ) -> Iterator[tuple[int, int, str, npt.NDArray[np.int64]]]:
        """(part, class, its caption, places of its regions) of every class that can be pointed at and has regions in a
        part that is asked. ``counted``: only these regions are looked at."""
        assert self.regions is not None
        for part in self.asked_parts:
            mine = self.region_parts == part
            if counted is not None:
                mine &= counted
            for name, caption in enumerate(self.card.captions):
                own = np.flatnonzero(mine & (self.regions.classes == name))
                if len(own) and name not in self.never:
                    yield part, name, caption, own

    def open_templates(self, ask: str) -> npt.NDArray[np.uint8]:
        """The instructions that a question without options may use, by their numbers."""
        texts = OPEN_BOX if ask == "box" else self.subset.instructions[ask]
        free = [number for number, text in enumerate(texts) if not speaks_of_options(text)]
        return np.array(free or range(len(texts)), np.uint8)

    def salt(self, part: int, *rest: object) -> Salt:
        """What every draw of rounds hangs on besides keys and answers: seed, data set, part, ask and class."""
        return Salt.of(self.seed, "round", self.slug, Decision(part).name.lower(), *rest)

    def record_keys(self, places: npt.NDArray[np.int64], ask: str, caption: str) -> npt.NDArray[np.uint64]:
        """A number a record of one ask and class: a picture has many records, and each its own draws."""
        return Salt.of("record", ask, caption).hashed(self.keys[places])

    @cached_property
    def never(self) -> frozenset[int]:
        """Classes that no question can point at: "the other lesions"."""
        return frozenset(self.card.order[name] for name in self.card.tables.classes.catch_all)

    @cached_property
    def askable(self) -> npt.NDArray[np.bool_]:
        """Classes that can be there or not: not "nothing found", no "No X", none that is never pointed at."""
        normal, negated = self.card.head.normal, self.pools.negated
        return np.array(
            [
                name not in self.never and caption != normal and negated(caption) is None
                for name, caption in enumerate(self.card.captions)
            ]
        )

    @cached_property
    def region_parts(self) -> npt.NDArray[np.uint8]:
        """The part of every region's picture."""
        assert self.regions is not None
        return self.parts[self.regions.owners]


def asks_of(card: Card, subset: Subset, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """The asks of a data set: what its card says, narrowed to what is wanted and what its subset has words for."""
    said = card.head.asks if card.head.kind in ("mask", "box") else ("label",)
    return tuple(a for a in ASKS if a in said and a in subset.instructions and (wanted is None or a in wanted))
