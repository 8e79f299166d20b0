"""What every single question must satisfy, checked from the record and the card alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final, Literal

from attrs import frozen

from medmat_core.audit.boxes import Regions
from medmat_core.audit.entries import Entry, Told
from medmat_core.audit.faults import listed
from medmat_core.audit.labels import Labels
from medmat_core.audit.wording import Instructions
from medmat_core.card import Card
from medmat_core.concepts import fold
from medmat_core.subsets import Subset

Mode = Literal["mixed", "subset", "dataset"]

_REMEMBERED: Final = 20_000


@frozen
class Terms:
    """What the records were made to keep: arguments of the build, or None where nothing tells them.

    ``strict``: the build's own format is promised, and not merely Med-MAT's published one.
    """

    mode: Mode = "mixed"
    pool: str = "frozen"
    box_format: str | None = None
    verify: str | None = None
    strict: bool = True


class Rules:
    """The rules of one data set's records."""

    def __init__(self, card: Card | None, subset: Subset | None, labels: Labels | None, terms: Terms) -> None:
        self.card = card
        self.subset = subset
        self.labels = labels
        self.terms = terms
        self.instructions = Instructions(card, subset, terms.box_format or "unit")
        self.regions = Regions(labels, self.instructions, terms.box_format)
        self._judged: dict[tuple[object, ...], tuple[Told, ...]] = {}

    def faults(self, entry: Entry) -> Iterator[Told]:
        """(name, sentence) of everything that is wrong with a record, taken by itself."""
        yield from _path(entry)
        yield from self._home(entry)
        yield from _options(entry)
        wrong = self.instructions.fault(entry)
        if wrong:
            yield "question_text", wrong
        if not entry.captions:
            yield "unknown_caption", "nothing is asked about"
            return
        if entry.ask == "label":
            key = (entry.captions, entry.answer, frozenset(entry.options))
            known = self._judged.get(key)
            if known is None:
                if len(self._judged) >= _REMEMBERED:
                    self._judged.clear()
                known = self._judged[key] = tuple(self._label(entry))
            yield from known
        else:
            yield from self._captions(entry)
            yield from self.regions.faults(entry)

    # -- where it belongs -------------------------------------------------------------------------

    def _home(self, entry: Entry) -> Iterator[Told]:
        card = self.card
        if card is None:
            return
        head = card.head
        number = head.slug if head.no is None else str(head.no)
        if entry.data_no != number and not (not self.terms.strict and entry.data_no.lstrip("0") == number):
            yield "misfiled", f"it names data set {entry.data_no!r} among those of {number}"
        if not entry.full:
            return
        kind = head.kind if head.kind in ("mask", "box") else "label"
        for what, said, expected in (
            ("slug", entry.slug, head.slug), ("subset", entry.subset, head.subset), ("kind", entry.kind, kind),
        ):  # fmt: skip
            if said != expected:
                yield "misfiled", f"its {what} is {said!r}, the card says {expected!r}"
        if entry.group is not None and not entry.group.startswith(f"{head.namespace}:"):
            yield "misfiled", f"its group {entry.group!r} is not of the namespace {head.namespace!r}"
        if (entry.ask == "label") != (kind == "label"):
            yield "misfiled", f"a data set of kind {head.kind!r} is asked for {entry.ask}"
        if (entry.width is None or entry.height is None) and self.terms.verify in ("header", "full"):
            yield "keys", "width and height are null, though pictures were opened"
        if kind == "label" and entry.boxes:
            yield "keys", "a label question carries boxes"

    def _captions(self, entry: Entry) -> Iterator[Told]:
        labels = self.labels
        if labels is None or not labels.captions:
            return
        strange = [caption for caption in entry.captions if caption not in labels.order]
        if not self.terms.strict:
            strange = [caption for caption in strange if not labels.is_own(caption)]
        for caption in strange:
            yield "unknown_caption", f"{caption!r} is not on the card"
        if not strange and len(entry.captions) > 1:
            places = [labels.order.get(caption, 0) for caption in entry.captions]
            if places != sorted(places):
                yield "caption_order", f"{listed(entry.captions)} are not in card order"
        if len(set(entry.captions)) != len(entry.captions):
            yield "caption_order", f"{listed(entry.captions)} names a finding twice"

    # -- labels -----------------------------------------------------------------------------------

    def _label(self, entry: Entry) -> Iterator[Told]:
        yield from self._captions(entry)
        stated = entry.captions
        joined = "; ".join(stated)
        if entry.answer != joined and (self.terms.strict or fold(entry.answer) != fold(joined)):
            yield "caption_answer", f"the answer is {entry.answer!r}, the captions say {joined!r}"
        labels = self.labels
        if labels is None:
            return
        wrong = [option for option in entry.options if fold(option) != fold(entry.answer)]
        parts = {option: labels.findings(option) for option in wrong}
        for option, findings in parts.items():
            yield from self._distractor(labels, stated, option, findings)
        yield from self._pairs(labels, parts)
        if labels.several:
            sizes = {len(findings) for findings in parts.values()}
            if len(sizes) > 1 or any(size > len(stated) for size in sizes):
                yield "options_size", f"beside {len(stated)} findings, options name {sorted(sizes)}"
        elif self.terms.mode == "mixed" and parts and not any(map(labels.is_own, parts)):
            eligible = labels.fitting(stated).own
            if eligible:
                yield "mixed_without_own", f"none of {listed(parts)} is a label of its own, {listed(eligible)} would do"

    def _distractor(
        self, labels: Labels, stated: tuple[str, ...], option: str, findings: tuple[str, ...]
    ) -> Iterator[Told]:
        told: set[str] = set()
        for finding in findings:
            name = next((fault for other in stated if (fault := labels.wrong(other, finding))), "")
            if not name and not self._drawable(labels, finding):
                name = "not_in_pool"
            if name and name not in told:
                told.add(name)
                yield name, _SENTENCES[name].format(option=option, finding=finding, stated="; ".join(stated))

    def _drawable(self, labels: Labels, finding: str) -> bool:
        if labels.card is not None and (labels.several or self.terms.mode == "dataset"):
            return labels.is_own(finding)
        return labels.in_pool(finding)

    @staticmethod
    def _pairs(labels: Labels, parts: dict[str, tuple[str, ...]]) -> Iterator[Told]:
        for one, other in combinations(parts, 2):
            a, b = parts[one], parts[other]
            if len(a) == len(b) == 1:
                ours = labels.is_own(one) and labels.is_own(other)
                related = labels.meet(one, other) if ours else labels.nested(one, other)
            else:
                related = _implies(labels, a, b) or _implies(labels, b, a)
            if related and fold(one) != fold(other):
                yield (
                    "options_related",
                    f"{one!r} and {other!r} are not apart: one follows from the other, or both may be true",
                )


_SENTENCES: Final = {
    "distractor_true": "{option!r} is, or may be, true of a picture of {stated!r}",
    "negation": "{option!r} denies something else than {stated!r}, and so may be true",
    "catch_all": "{finding!r} may be true of any picture, and so is no wrong option",
    "not_in_pool": "{finding!r} is no label that a question about {stated!r} may draw",
}


def _implies(labels: Labels, one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether a picture of all findings of ``one`` shows, by their names alone, all of ``other``."""
    concepts = labels.alone
    return all(any(concepts.contains(wide, narrow) for narrow in one) for wide in other)


def _path(entry: Entry) -> Iterator[Told]:
    image = entry.image
    if "\\" in image or image.startswith("/") or any(part in ("", ".", "..") for part in image.split("/")):
        yield "image_path", f"{image!r} is no plain relative path"


def _options(entry: Entry) -> Iterator[Told]:
    options, answer = entry.options, entry.answer
    if not 2 <= len(options) <= 4:
        yield "options_count", f"it has {len(options)} options"
    for option in options:
        if not option.strip() or len(option.splitlines()) > 1:
            yield "option_text", f"option {option!r} is empty or holds a line break"
            break
    times = options.count(answer)
    if times != 1:
        yield "answer_missing", f"the answer {answer!r} stands {times} times among {listed(options)}"
    if entry.answer_index is None or not 0 <= entry.answer_index < len(options):
        yield "answer_letter", f"the letter names none of its {len(options)} options"
    elif times and options[entry.answer_index] != answer:
        yield "answer_letter", f"the letter names {options[entry.answer_index]!r}, the answer is {answer!r}"
    folded: dict[str, str] = {}
    for option in options:
        key = fold(option)
        if key in folded and (times == 1 or option != answer):
            yield "options_alike", f"{folded[key]!r} and {option!r} are alike"
            break
        folded[key] = option
