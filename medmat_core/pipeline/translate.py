"""What a data set says of a picture, from the codes on its disk to the captions of its card."""

from __future__ import annotations

from attrs import field, frozen

from medmat_core.card import Card
from medmat_core.model import LabelSample
from medmat_core.splits import Labels


@frozen
class Refused:
    """Why a sample's labels cannot be used."""

    reason: str
    detail: str


@frozen
class Translator:
    """The codes of samples as captions of their card; what it found out is remembered."""

    card: Card
    _known: dict[tuple[tuple[str, ...], ...], Labels | Refused] = field(factory=dict)

    def __call__(self, sample: LabelSample) -> Labels | Refused:
        codes = (sample.stated, sample.uncertain, sample.absent)
        found = self._known.get(codes)
        if found is None:
            found = self._known[codes] = self._translate(codes)
        return found

    def _translate(self, codes: tuple[tuple[str, ...], ...]) -> Labels | Refused:
        card, known = self.card, self.card.labels
        for code in (code for part in codes for code in part):
            if code not in known:
                return Refused("unknown_label", f"label {code!r} is not on the card of {card.head.slug}")
        stated, uncertain, absent = (
            tuple(sorted({known[code] for code in part}, key=card.order.__getitem__)) for part in codes
        )
        normal = card.head.normal
        split = (normal,) if normal in stated else stated[:1]
        others = tuple(name for name in stated if name not in split)
        if others and contradict(card, (split, (), ()), (others, (), ())):
            said = ", ".join(repr(known[code]) for code in codes[0])
            return Refused("contradictory_label", f"filed under {said}, which exclude one another")
        return stated, uncertain, tuple(name for name in absent if name not in stated)


def contradict(card: Card, one: Labels, two: Labels) -> bool:
    """Whether two sets of labels of one picture exclude one another by their card."""
    if card.head.kind in ("mask", "box"):
        # a picture shows the classes that its masks show and no other, so copies must show the same ones
        return set(one[0]) != set(two[0])
    classes = card.tables.classes
    meeting = {frozenset(pair) for pair in (*classes.nested, *classes.overlapping)}
    if card.head.kind == "multi-label":
        normal = card.head.normal
        if not normal or (normal in one[0]) == (normal in two[0]) or not one[0] or not two[0]:
            return False
        others = two[0] if normal in one[0] else one[0]
        # a card may say that something stands beside its normal (CheXpert: support devices are no finding)
        return any(frozenset((normal, name)) not in meeting for name in others)
    return any(a != b and frozenset((a, b)) not in meeting for a in one[0] for b in two[0])
