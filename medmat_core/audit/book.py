"""Which rules hold for which data set: looked up by what records call it, made when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from medmat_core.audit.labels import Labels, labels_of, labels_of_row
from medmat_core.audit.rules import Rules, Terms
from medmat_core.card import Card
from medmat_core.errors import CatalogError
from medmat_core.subsets import Subset, load_subset, subset_index

SubsetOf = Callable[[int], Subset]


def terms_of(manifest: Mapping[str, Any] | None, *, built: bool) -> Terms:
    """What a build promised, from its manifest; of files published elsewhere nothing but Med-MAT's own rule."""
    if manifest is None:
        return Terms(strict=built) if built else Terms(mode="subset", strict=False)
    arguments = manifest.get("arguments")
    arguments = arguments if isinstance(arguments, dict) else {}
    mode, box_format = arguments.get("distractors"), arguments.get("box_format")
    return Terms(
        mode=mode if mode in ("mixed", "subset", "dataset") else "mixed",
        pool="installed" if arguments.get("pool") == "installed" else "frozen",
        box_format=box_format if box_format in ("unit", "thousand", "pixel") else None,
        verify=arguments.get("verify"),
    )


class Book:
    """Cards by number and slug, and the rules made from them.

    ``subset_of`` gives a subset by number (:class:`CatalogError` where there is none). ``missing`` collects data
    sets without a card: of their records less can be told.
    """

    def __init__(
        self, cards: Iterable[Card], terms: Terms, subset_of: SubsetOf = load_subset,
        manifest: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.terms = terms
        self.missing: list[str] = []
        self._subset_of = subset_of
        self._cards: dict[str, Card] = {}
        for card in cards:
            self._cards[card.head.slug] = card
            if card.head.no is not None:
                self._cards[str(card.head.no)] = card
        self._subset_no: dict[str, int] = {}
        datasets = (manifest or {}).get("datasets")
        for dataset in datasets if isinstance(datasets, list) else ():
            if isinstance(dataset, dict) and isinstance(dataset.get("subset"), int):
                for name in (dataset.get("no"), dataset.get("slug")):
                    if name is not None:
                        self._subset_no[str(name)] = dataset["subset"]
        self._rules: dict[str, Rules] = {}

    def card(self, name: str) -> Card | None:
        """The card of a data set by number ("2", "02") or slug."""
        return self._cards.get(_plain(name))

    def number(self, name: str) -> str:
        """What records call the data set that a file's stem or a record names."""
        card = self.card(name)
        if card is None:
            return _plain(name)
        return card.head.slug if card.head.no is None else str(card.head.no)

    def subset_no(self, name: str) -> int | None:
        """The subset of a data set by card, manifest or frozen pool; None where nothing tells."""
        card = self.card(name)
        if card is not None:
            return card.head.subset
        plain = _plain(name)
        return self._subset_no.get(plain) or _row_subset(plain)

    def rules(self, name: str) -> Rules:
        """The rules of a data set; without its card as many as the frozen pool supports."""
        plain = _plain(name)
        known = self._rules.get(plain)
        if known is None:
            known = self._rules[plain] = self._make(plain)
        return known

    def _make(self, name: str) -> Rules:
        card = self._cards.get(name)
        no = self.subset_no(name)
        subset = self._subset(no)
        if card is not None:
            return Rules(card, subset, labels_of(card, subset, self._installed(card)), self.terms)
        self.missing.append(name)
        labels: Labels | None = None
        if subset is not None and name.isdecimal():
            labels = labels_of_row(subset, int(name))
        return Rules(None, subset, labels, self.terms)

    def _subset(self, no: int | None) -> Subset | None:
        try:
            return None if no is None else self._subset_of(no)
        except CatalogError:
            return None

    def _installed(self, card: Card) -> list[str]:
        if self.terms.pool != "installed":
            return []
        others = {c.head.slug: c for c in self._cards.values() if c.head.subset == card.head.subset and c is not card}
        return [
            caption
            for other in others.values()
            for caption in other.captions
            if caption not in {*other.tables.classes.catch_all, *other.tables.classes.anatomy}
        ]


def _plain(name: str) -> str:
    return str(int(name)) if name.isdecimal() else name


def _row_subset(name: str) -> int | None:
    if not name.isdecimal():
        return None
    for no in subset_index():
        if any(int(name) in label.rows for label in load_subset(no).pool):
            return no
    return None
