"""Label questions: one plan a set of labels, one draw a picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, combinations, islice
from math import factorial

from attrs import field, frozen

from medmat_core.card import Card
from medmat_core.questions.draws import Draw
from medmat_core.questions.pools import Eligible, Pools
from medmat_core.subsets import Subset

MAX_OPTIONS = 4
MEMORABLE = 20_000
"""So many different outcomes of a plan are remembered; a plan that has more draws every time."""

COMBINATIONS = 400
"""So many combinations of findings are tried for three that do not imply one another."""

Outcome = tuple[int, tuple[str, ...], int]
"""(template 0-5, options in order, index of the answer)."""


@frozen
class Unasked:
    """Why no question is asked: a reason of problems.jsonl and its detail."""

    reason: str
    detail: str


@frozen(eq=False)
class Plan:
    """Everything a question needs but the draw: the answer, its instructions, and its wrong options.

    ``first`` holds the options of which at least one is taken, ``rest`` the others. ``size`` > 1 makes options
    of several findings. ``span``: a draw depends on its bits modulo ``span`` alone (0: on more than is worth
    remembering). ``memory`` is for writers: by writer, what they made of a draw before.
    """

    answer: str
    captions: tuple[str, ...]
    instructions: tuple[str, ...]
    first: tuple[str, ...]
    rest: tuple[str, ...]
    pools: Pools | None = None
    size: int = 1
    memory: dict[str, dict[int, tuple[str, str]]] = field(factory=dict)
    span: int = field(init=False)

    @span.default
    def _span(self) -> int:
        if self.pools is not None:
            return 0
        pool, span, options = len(self.first) + len(self.rest), len(self.instructions), 1
        sizes = [len(self.first) or pool, *range(pool - 1, 0, -1)]
        for size in sizes[: min(pool, MAX_OPTIONS - 1)]:
            span *= size
            options += 1
        span *= factorial(options)
        return span if span <= MEMORABLE else 0

    def draw(self, bits: int) -> Outcome:
        """Instruction, wrong options and their order from 128 bits, each choice even."""
        if self.pools is None:
            return self._few(bits)
        draw = Draw.of(bits)  # looking for options that fit may take more draws than the bits hold
        template = draw.below(len(self.instructions))
        chosen = self._combined(draw, self.pools) if self.size > 1 else self._fitting(draw, self.pools)
        options = draw.shuffled([self.answer, *chosen])
        return template, tuple(options), options.index(self.answer)

    def _few(self, bits: int) -> Outcome:
        """Where any options may meet, seven small draws are enough."""
        bits, template = divmod(bits, len(self.instructions))
        first, pool = self.first, list(self.rest)
        options = [self.answer]
        if first:
            bits, place = divmod(bits, len(first))
            options.append(first[place])
            pool = [*first[:place], *first[place + 1 :], *pool]
        while pool and len(options) < MAX_OPTIONS:
            bits, place = divmod(bits, len(pool))
            options.append(pool.pop(place))
        for place in range(len(options) - 1, 0, -1):
            bits, other = divmod(bits, place + 1)
            options[place], options[other] = options[other], options[place]
        return template, tuple(options), options.index(self.answer)

    def _fitting(self, draw: Draw, pools: Pools) -> list[str]:
        """Wrong options that do not clash. A clash is looked for when a name is drawn, so that the draw stays
        even over those that fit."""
        pool = list(self.first)
        chosen: list[str] = []
        if pool:
            chosen.append(pool.pop(draw.below(len(pool))))
        pool += self.rest
        while pool and len(chosen) < MAX_OPTIONS - 1:
            name = pool.pop(draw.below(len(pool)))
            if not any(pools.clash(name, other) for other in chosen):
                chosen.append(name)
        return chosen

    def _combined(self, draw: Draw, pools: Pools) -> list[str]:
        """Options of ``size`` findings each: disjoint ones as far as the findings reach, then others. No option
        implies another: that would make two of them right or wrong together."""
        names = draw.shuffled(self.first)
        order = {name: place for place, name in enumerate(self.first)}
        starts = range(0, len(names) - self.size + 1, self.size)
        disjoint = (tuple(names[start : start + self.size]) for start in starts)
        # the shuffled order makes the walk over all combinations an even one
        found: list[tuple[str, ...]] = []
        for some in islice(chain(disjoint, combinations(names, self.size)), COMBINATIONS):
            option = tuple(sorted(some, key=order.__getitem__))
            if option not in found and not any(pools.implied(option, other) for other in found):
                found.append(option)
                if len(found) == MAX_OPTIONS - 1:
                    break
        return ["; ".join(option) for option in found]


class LabelPlanner:
    """Plans for one data set, made once for each set of labels that occurs."""

    def __init__(self, card: Card, subset: Subset, pools: Pools) -> None:
        self.card = card
        self.pools = pools
        self.instructions = tuple(
            text.format(modality=card.head.modality_shown, area=card.head.area_shown)
            for text in subset.instructions["label"]
        )
        self._plans: dict[object, Plan | Unasked] = {}

    def plan(self, stated: Sequence[str], uncertain: Sequence[str] = (), absent: Sequence[str] = ()) -> Plan | Unasked:
        """The plan for a picture's captions, or why there is no question."""
        key = (tuple(stated), tuple(uncertain), tuple(absent))
        known = self._plans.get(key)
        if known is None:
            if len(self._plans) >= 20_000:  # multi-label sets combine without end; memory must not
                self._plans.clear()
            if self.card.head.kind == "multi-label":
                known = self._several(*key)
            else:
                known = self._one(*key)
            self._plans[key] = known
        return known

    def _one(self, stated: tuple[str, ...], uncertain: tuple[str, ...], absent: tuple[str, ...]) -> Plan | Unasked:
        if not stated:
            return Unasked("no_label", "no class is stated")
        answer = "; ".join(stated)
        barred = {*stated, *uncertain}

        def fits(name: str) -> bool:
            return name not in barred and all(self.pools.may_oppose(other, name) for other in stated)

        every = self.pools.eligible(stated[0])
        eligible = Eligible(tuple(filter(fits, every.own)), tuple(filter(fits, every.other)))
        if not eligible.own and not eligible.other:
            return Unasked("no_distractor", f"every other label of the subset may be true beside {answer!r}")
        pools = self.pools if self.pools.clashes(eligible) else None
        if self.pools.mode == "subset":
            return Plan(answer, stated, self.instructions, (), (*eligible.own, *eligible.other), pools)
        return Plan(answer, stated, self.instructions, eligible.own, eligible.other, pools)

    def _several(self, stated: tuple[str, ...], uncertain: tuple[str, ...], absent: tuple[str, ...]) -> Plan | Unasked:
        card = self.card
        if not stated:
            return Unasked("no_label", "no finding is stated and the picture is not called normal")
        known = {*stated, *uncertain}
        out = set(absent)
        if card.head.blank_is_absent:
            out.update(caption for caption in card.captions if caption not in known)
        answer = "; ".join(sorted(stated, key=card.order.__getitem__))
        fits = tuple(
            caption
            for caption in card.captions
            if caption in out
            and caption not in known
            and all(self.pools.may_oppose(other, caption) for other in known)
            # the table itself marks it absent, so only another name of what is there could be wrong
            and not any(self.pools.concepts.nested(other, caption) for other in known)
            # beside findings it would contradict itself: everybody could tell that such an option is wrong
            and (len(stated) == 1 or not (caption == card.head.normal or self.pools.concepts.is_normal(caption)))
        )
        if not fits:
            return Unasked("no_distractor", f"no finding is certainly absent beside {answer!r}")
        size = min(len(stated), len(fits))
        ordered = tuple(sorted(stated, key=card.order.__getitem__))
        pools = self.pools if size > 1 or self.pools.clashes(Eligible(fits, ())) else None
        return Plan(answer, ordered, self.instructions, fits, (), pools, size)
