"""Questions about masks and boxes: where, how much, whether, and which structure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from medmat_core.card import Card
from medmat_core.model import ASKS, Region
from medmat_core.questions.draws import Draw, key_of
from medmat_core.questions.labels import MAX_OPTIONS, Unasked
from medmat_core.questions.pools import Pools
from medmat_core.regions.words import (
    BoxFormat,
    box_text,
    coverage,
    coverage_options,
    coverage_text,
    joined_boxes,
    location,
    location_distractors,
)
from medmat_core.regions.wrong_boxes import wrong_boxes
from medmat_core.subsets import Subset, convention_clause, count_clause, in_sentence

FEW_CLASSES: Final = 3
"""Up to so many classes, presence is asked of each; of more, of one that is there and one that is not."""


@frozen
class Asked:
    """One question about one picture, before it is a record."""

    key: int
    ask: str
    ask_place: int
    caption: str
    class_place: int
    question: str
    answer: str
    options: tuple[str, ...]
    answer_index: int
    template: int


class SpatialQuestions:
    """Asks about the regions of one data set's pictures.

    ``asks`` narrows what the card says suits the data set; a kind of question that suits neither the card nor
    its subset is not asked.
    """

    def __init__(
        self,
        card: Card,
        subset: Subset,
        pools: Pools,
        seed: int,
        slug: str,
        asks: Sequence[str] | None,
        box_format: str,
    ) -> None:
        self.card = card
        self.subset = subset
        self.pools = pools
        self.seed = seed
        self.slug = slug
        self.box_format: BoxFormat = box_format  # type: ignore[assignment]
        self.asks = tuple(
            ask
            for ask in ASKS
            if ask in card.head.asks and ask in subset.instructions and (asks is None or ask in asks)
        )

    def ask(
        self, path: str, found: Sequence[tuple[Any, ...]], unsure: Sequence[str], size: tuple[int, int]
    ) -> Iterator[Asked | Unasked]:
        """Every question about one picture; ``found`` holds (caption, box, area, cells) of its regions.

        ``unsure`` captions are neither present nor absent: they are neither asked about nor offered.
        """
        never = self.card.classes.catch_all
        if found and all(region[0] in never for region in found):
            yield Unasked("no_label", f"only {in_sentence(found[0][0])!r} is marked, which nothing can be asked about")
        classes: dict[str, list[Region]] = {}
        for caption, box, area, cells in found:
            classes.setdefault(caption, []).append(Region(caption, box, area, cells))
        order = self.card.order
        for ask in self.asks:
            if ask == "presence":
                yield from self._presence(path, classes, unsure)
                continue
            for caption in sorted(classes, key=order.__getitem__):
                if caption in never:
                    continue  # "the other lesions" are none that a question can point at
                own_key = key_of(self.slug, path, ask, caption)
                draw = Draw(self.seed, own_key)
                regions = classes[caption]
                made: tuple[str, list[str], Mapping[str, str]] | Unasked | None
                if ask == "box":
                    made = self._box(caption, regions, size, draw)
                elif ask == "location":
                    made = self._location(regions, size)
                elif ask == "coverage":
                    made = self._coverage(regions, size, draw)
                else:
                    made = self._structure(caption, classes, unsure, size, draw)
                if isinstance(made, Unasked):
                    yield made
                elif made is not None:
                    yield self._asked(own_key, ask, caption, *made, draw)

    def _asked(
        self, key: int, ask: str, caption: str, answer: str, wrong: list[str], words: Mapping[str, str], draw: Draw
    ) -> Asked:
        template = draw.below(len(self.subset.instructions[ask]))
        options = tuple(draw.shuffled([answer, *draw.shuffled(wrong)[: MAX_OPTIONS - 1]]))
        question = self.subset.instructions[ask][template].format(
            modality=self.card.head.modality_shown,
            area=self.card.head.area_shown,
            caption=in_sentence(caption),
            **words,
        )
        return Asked(
            key, ask, ASKS.index(ask), caption, self.card.order[caption], question, answer, options,
            options.index(answer), template,
        )  # fmt: skip

    # -- one kind of question each: (answer, wrong options, further words of the instruction) -----------

    def _box(
        self, caption: str, regions: Sequence[Region], size: tuple[int, int], draw: Draw
    ) -> tuple[str, list[str], Mapping[str, str]] | Unasked:
        boxes = joined_boxes(regions)
        wrong = wrong_boxes(regions, size, draw, MAX_OPTIONS - 1, self.box_format)
        if not wrong:
            return Unasked("no_box_distractor", f"no wrong box fits beside the {in_sentence(caption)}")
        return (
            box_text(boxes, size, self.box_format),
            [box_text(option, size, self.box_format) for option in wrong],
            {
                "convention": convention_clause(self.box_format),
                "count": count_clause(len(regions)),
            },
        )

    def _location(
        self, regions: Sequence[Region], size: tuple[int, int]
    ) -> tuple[str, list[str], Mapping[str, str]] | None:
        where = location(regions, size)
        if where is None:
            return None
        wrong = list(location_distractors(regions[0], size))
        return (where, wrong, {}) if wrong else None

    def _coverage(
        self, regions: Sequence[Region], size: tuple[int, int], draw: Draw
    ) -> tuple[str, list[str], Mapping[str, str]] | Unasked:
        percent = coverage(regions, size)
        wrong = coverage_options(percent, draw, MAX_OPTIONS - 1)
        if not wrong:
            return Unasked("no_distractor", f"no percentage is far enough from {percent:.1f} %")
        return coverage_text(percent), wrong, {}

    def _structure(
        self,
        caption: str,
        classes: Mapping[str, Sequence[Region]],
        unsure: Sequence[str],
        size: tuple[int, int],
        draw: Draw,
    ) -> tuple[str, list[str], Mapping[str, str]] | None:
        """Which class lies in the box of the class's largest region; the wrong ones are absent from that box."""
        region = max(classes[caption], key=lambda r: (r.area, r.box))
        inside = {
            other
            for other, regions in classes.items()
            if other != caption and any(_meet(region.box, r.box) for r in regions)
        }
        inside.update(unsure)
        there = (caption, *inside)
        eligible = self.pools.eligible(caption)

        def absent(name: str) -> bool:
            return name not in inside and all(self.pools.may_oppose(other, name) for other in there)

        own = [name for name in eligible.own if absent(name) and self.pools.negated(name) is None]
        own = [name for name in own if name != self.card.head.normal]
        other = [name for name in eligible.other if absent(name) and self.pools.negated(name) is None]
        chosen: list[str] = []
        for name in [*draw.shuffled(own), *draw.shuffled(other)]:
            if len(chosen) < MAX_OPTIONS - 1 and not any(self.pools.clash(name, taken) for taken in chosen):
                chosen.append(name)
        if not chosen:
            return None
        text = box_text([region.box], size, self.box_format)
        return caption, chosen, {"box": text, "convention": convention_clause(self.box_format)}

    def _presence(self, path: str, classes: Mapping[str, Sequence[Region]], unsure: Sequence[str]) -> Iterator[Asked]:
        """The same two options whether the class is there or not."""
        never = {*self.card.classes.catch_all, self.card.head.normal, *unsure}
        names = [name for name in self.card.captions if name not in never and self.pools.negated(name) is None]
        if len(names) > FEW_CLASSES:
            draw = Draw(self.seed, key_of(self.slug, path, "presence"))
            there = [name for name in names if name in classes]
            gone = [name for name in names if name not in classes and not self._implied(name, there)]
            picked = {options[draw.below(len(options))] for options in (there, gone) if options}
            names = [name for name in names if name in picked]
        for name in names:
            if name not in classes and self._implied(name, list(classes)):
                continue
            own_key = key_of(self.slug, path, "presence", name)
            yes, no = name, f"No {in_sentence(name)}"
            answer, wrong = (yes, no) if name in classes else (no, yes)
            yield self._asked(own_key, "presence", name, answer, [wrong], {}, Draw(self.seed, own_key))

    def _implied(self, name: str, there: Sequence[str]) -> bool:
        """Whether a class that has no region of its own may be there all the same, as part of another."""
        return any(self.pools.clash(name, other) for other in there)


def _meet(a: Sequence[int], b: Sequence[int]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
