"""What is known of a data set whose records are audited: its card, its subset, what its captions mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import frozen

from medmat_core.audit.place import table
from medmat_core.card import Card
from medmat_core.concepts import fold, load_concepts
from medmat_core.questions.pools import Pools
from medmat_core.regions.box_words import BOX_FORMATS, BoxFormat
from medmat_core.subsets import Subset, convention_clause

SubsetOf = Callable[[int], Subset]


@frozen
class Terms:
    """What the records were made to keep: the build's arguments, as far as anything hangs on them here.
    ``label_rounds``: label questions have options by rounds; ``opened``: every picture was; ``folded``: one part of
    several was taken as test (``--fold``)."""

    label_rounds: bool = True
    as_published: bool = False
    box_format: BoxFormat = "unit"
    opened: bool = True
    installed_pool: bool = False
    split: str = "official"
    folded: bool = False
    seed: int = 0

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Terms:
        """Those that a manifest names; the defaults for what it does not say."""
        said = table(manifest, "arguments")
        box_format, seed = said.get("box_format"), said.get("seed")
        return cls(
            label_rounds=said.get("distractors") != "subset" and said.get("as_published") is not True,
            as_published=said.get("as_published") is True,
            box_format=box_format if box_format in BOX_FORMATS else "unit",
            opened=said.get("verify") != "none",
            installed_pool=said.get("pool") == "installed",
            split=str(said.get("split")),
            folded=said.get("fold") is not None,
            seed=seed if type(seed) is int else 0,
        )


class Home:
    """A data set whose records are audited: what its card says, what the build was told, and, by the relations of cards
    and concepts, which options may stand beside which findings.

    ``extra`` are further captions that may be drawn, ``words`` what fills every instruction. ``several``: pictures may
    show more than one finding."""

    def __init__(self, card: Card, subset: Subset, terms: Terms, extra: Sequence[str] = ()) -> None:
        self.card, self.subset, self.terms = card, subset, terms
        self.pools = Pools(card, subset, load_concepts(card.subset), extra)
        self.words = {"modality": card.head.modality_shown, "area": card.head.area_shown,
                      "convention": convention_clause(terms.box_format)}  # fmt: skip
        self.several = card.head.kind == "multi-label"
        published = card.published.captions
        self._wording = {card.labels[code]: text for code, text in published.items() if code in card.labels}
        often = Counter(map(fold, self._wording.values()))
        # a wording that stands for several captions ("Level 9" of any bone) names none of them
        said = {fold(text): caption for caption, text in self._wording.items() if often[fold(text)] == 1}
        self._by_fold = {fold(name): name for name in (*self.pools.captions(), *card.captions)} | said
        self._pool = {*self.pools.captions()}
        self.wrong = lru_cache(50_000)(self._wrong)
        self.absent = lru_cache(20_000)(self._absent)

    def findings(self, text: str, joint: str = "; ") -> tuple[str, ...]:
        """A caption or an option as the findings that it names, in the card's words where they are known."""
        parts = [text] if not self.several or fold(text) in self._by_fold else text.split(joint)
        return tuple(self._by_fold.get(fold(part), part) for part in parts)

    def worded(self, stated: Sequence[str]) -> str:
        """Findings as Med-MAT's published rule words them."""
        return ", ".join(self._wording.get(name, name) for name in stated).capitalize()

    def is_wording(self, text: str) -> bool:
        """Whether Med-MAT's published files use the text for a caption, or for several, of the data set."""
        return fold(text) in {fold(wording) for wording in self._wording.values()}

    def _wrong(self, stated: tuple[str, ...], option: str, joint: str = "; ") -> str:
        """'' where the option is certainly false of a picture of ``stated``, as far as records tell; else why not."""
        pools, findings = self.pools, self.findings(option, joint)
        if not self.several:
            return next((f"{name!r} may be true beside {s!r}" for s in stated for name in findings
                         if not pools.may_oppose(s, name)), "")  # fmt: skip
        if not any(name not in stated and all(pools.may_oppose(s, name) for s in stated) for name in findings):
            return f"nothing of {'; '.join(findings)!r} is certainly absent beside {'; '.join(stated)!r}"
        if pools.implied(stated, findings):
            return f"{'; '.join(findings)!r} and {'; '.join(stated)!r}: one says all that the other says"
        return ""

    def _absent(self, stated: Sequence[str], uncertain: Sequence[str], absent: Sequence[str]) -> frozenset[str]:
        """The findings that are certainly absent from a picture by its data set's own table."""
        head, pools = self.card.head, self.pools
        known = {*stated, *uncertain}
        marked = {*absent}
        if head.blank_is_absent:
            marked.update(self.card.captions)
        if head.normal:
            beside = {name for name, may in zip(self.card.captions, pools.beside_normal(), strict=True) if may}
            if head.normal in stated:
                marked |= {*self.card.captions} - beside
            elif {*stated} - beside:
                marked.add(head.normal)
        return frozenset(name for name in marked - known if all(pools.may_oppose(there, name) for there in known))

    def related(self, one: str, two: str) -> bool:
        """Whether two wrong options must not meet."""
        if self.several:
            return bool(self.wrong(self.findings(one), two) or self.wrong(self.findings(two), one))
        return self.pools.clash(one, two)

    def in_pool(self, option: str, own: bool) -> bool:
        """Whether every finding of an option may be drawn: the card's own, or any of the subset."""
        pool = self.card.order if own or self.several else self._pool
        return all(name in pool for name in self.findings(option))


class Homes:
    """The homes of all data sets whose cards are at hand, made when they are asked for."""

    def __init__(self, cards: Sequence[Card], subset_of: SubsetOf, terms: Terms) -> None:
        self.cards, self.terms, self._subset_of = cards, terms, subset_of
        self._by_name = {str(name): card for card in cards for name in (card.slug, card.no) if name is not None}
        self._made: dict[str, Home] = {}

    def of(self, name: str) -> Home | None:
        """The data set of this number (also "02") or slug; None where its plugin is not installed."""
        card = self._by_name.get(name.lstrip("0") or name)
        if card is None:
            return None
        if card.slug not in self._made:
            others = (other for other in self.cards if other.subset == card.subset and other is not card)
            extra = [caption for other in others if self.terms.installed_pool for caption in other.captions
                     if caption not in {*other.classes.catch_all, *other.classes.anatomy}]  # fmt: skip
            self._made[card.slug] = Home(card, self._subset_of(card.subset), self.terms, extra)
        return self._made[card.slug]
