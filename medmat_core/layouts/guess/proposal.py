"""What a guess comes to: a layout as data, tried on the folder, with what was found and what is doubtful."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from attrs import Factory, evolve, frozen

from medmat_core.card import Card, Ignored, MaskRules
from medmat_core.errors import UsageError
from medmat_core.example import Example
from medmat_core.images.suffixes import DICOM_SUFFIXES, is_bare
from medmat_core.layouts import layout_of
from medmat_core.layouts.guess.survey import Root, Survey, folder_of, some, stem
from medmat_core.layouts.guess.words import caption_of, captions_of, folded, natural, normal_of, whole
from medmat_core.model import NOTES, BoxSample, LabelSample, MaskFile, MaskSample, Problem, Sample, Split
from medmat_core.readers.folders import SPLIT_NAMES
from medmat_core.tree import Tree, fold

_REFUSED: Final[Mapping[str, str]] = {
    "missing_mask": "pictures without a mask: {count}, such as {file}; they are refused, and if it means that nothing "
    'was found, write missing = "negative" under [mask]',
    "missing_image": "pictures that rows or files name and that are not there: {count}, the first in {file}: {detail}",
    "missing_label": "pictures without a label: {count}, such as {file}",
}
"""What a doubt says of problems of one reason; else the first of them is told."""

_NEAR: Final = 0.85
"""Names that are so much alike may be one with a slip in it."""


@frozen(eq=False)
class Trial:
    """What a layout made of the folder. Paths of samples are below the root, which the tree knows."""

    tree: Tree
    samples: Sequence[Sample]
    problems: Sequence[Problem]

    @property
    def refused(self) -> Counter[str]:
        """Problems that are no notes, by reason."""
        return Counter(problem.reason for problem in self.problems if problem.level == "refused")

    @property
    def there(self) -> int:
        """Pictures of the data set that lie there, refused ones too, as ``check`` counts them."""
        read = {str(sample.image) for sample in self.samples}
        lost = {
            problem.file
            for problem in self.problems
            if problem.level == "refused" and problem.reason != "missing_image" and self.tree.is_picture(problem.file)
        }
        return len(read | lost)


@frozen(eq=False)
class Proposal:
    """How a folder is read.

    A guess says the ``layout``, which is the card's table of that name (empty where no layout fits), with paths below
    the folder; the ``mask`` table; the ``labels``, where the layout has to know them (left out:
    all codes that its samples state); ``column``, a word for codes that are mere numbers; and that ``covered`` pictures
    should be read so. ``evidence`` says what was found and ``classes`` what the classes are, "{count}" being the number
    of pictures; ``doubts`` could not be found out, or should be checked by a person. ``normal`` is the code of "nothing
    found", "" where there is none or it stands beside findings. ``empty`` are masks that show nothing.

    What :func:`tried` found out is the rest: ``counts`` are the pictures of each code where samples tell them without a
    look into masks, ``parts`` the official parts of all pictures (None: in none), ``root`` is where the archive's own
    root lies. ``ignored`` and ``example`` are what a card holds besides.
    """

    layout: Mapping[str, Any]
    labels: Mapping[str, str] = Factory(dict)
    mask: Mapping[str, Any] = Factory(dict)
    column: str = ""
    classes: str = ""
    covered: int = 0
    normal: str = ""
    empty: frozenset[str] = frozenset()
    evidence: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    trial: Trial = Factory(lambda: Trial(Tree(Path()), (), ()))
    root: Root = Factory(Root)
    kind: str = "single-label"
    negates: Mapping[str, str] = Factory(dict)
    group_by: str = ""
    parts: frozenset[Split | None] = frozenset({None})
    has_negatives: bool = False
    counts: Mapping[str, int] = Factory(dict)
    ignored: tuple[Ignored, ...] = ()
    example: Example = Factory(Example)

    @property
    def unprotected(self) -> bool:
        """Whether neither official parts nor groups keep pictures of one patient apart."""
        return not self.group_by and (None in self.parts or not whole(self.parts))

    @property
    def validation_is_test(self) -> bool:
        """Whether the validation part is the only one to test on."""
        return whole(self.parts) and "test" not in self.parts

    @property
    def blank_is_absent(self) -> bool:
        """Whether a class that is not stated is absent."""
        return self.kind == "multi-label" and self.layout.get("kind") == "table"

    @property
    def extras(self) -> tuple[str, ...]:
        """The extras of medmat-core that reading the pictures and tables takes."""
        dicom = any(
            str(sample.image).lower().endswith(DICOM_SUFFIXES) or is_bare(str(sample.image))
            for sample in self.trial.samples
        )
        sheets = self.layout.get("table", "").lower().endswith(".xlsx")
        return (*(["dicom"] if dicom else []), *(["xlsx"] if sheets else []))


class NotReadError(UsageError):
    """A layout that does not read what it was proposed for."""


def run(proposal: Proposal, base: Path) -> Trial:
    """What the proposed layout yields over ``base``."""
    tree = Tree(base, proposal.root.markers)
    card = card_of(proposal)
    items = list(layout_of(card).samples(tree, card))
    samples = [item for item in items if not isinstance(item, Problem)]
    return Trial(tree, samples, [*(item for item in items if isinstance(item, Problem)), *tree.problems])


def card_of(proposal: Proposal) -> Card:
    """A card that says what layouts ask of it."""
    said = dict.fromkeys(("slug", "title", "folder", "modality", "area", "task", "source", "license"), "trial")
    shown: Any = {**said, "modality_shown": "trial", "area_shown": "trial", "kind": "single-label", "access": "open"}
    mask = MaskRules(**proposal.mask)
    return Card(path=Path("card.toml"), subset=1000, labels=proposal.labels, layout=proposal.layout, mask=mask, **shown)


def tried(proposal: Proposal, survey: Survey) -> Proposal:
    """The proposal with what its layout reads in the folder, and with doubts for what it refuses.

    Raises :class:`NotReadError` where it reads less than half of what was seen.
    """
    trial = run(proposal, survey.base)
    said: dict[str, dict[str, None]] = {}
    for sample in trial.samples:
        said.setdefault(str(sample.image), {}).update(dict.fromkeys(codes_of(sample)))
    if len(said) < max(1, 0.5 * proposal.covered):
        reasons = ", ".join(sorted(trial.refused)) or "no reason"
        raise NotReadError(
            f"it looked like {proposal.layout['kind']}{f' ({proposal.evidence[0]})' if proposal.evidence else ''}, but "
            f"that layout reads only {len(said)} of {proposal.covered} pictures ({reasons})"
        )
    counts = Counter(code for codes in said.values() for code in codes)
    labels = proposal.labels or captions_of(sorted(counts, key=natural), proposal.column)
    kind, normal, negates = _kind(proposal, trial.samples), proposal.normal, dict[str, str]()
    beside = 0
    if kind not in ("mask", "box"):
        negates = _negates(labels)
        normal = normal_of(labels) or next((code for code in labels if labels[code] in negates), "")
        beside = sum(normal in codes and len(codes) > 1 for codes in said.values())
    bare = sum(not codes for codes in said.values())
    empty = bool(proposal.empty) or any("normal" in fold(code) for code in labels)
    found = evolve(
        proposal, trial=trial, kind=kind, labels=labels, negates=negates, covered=len(said),
        normal="" if beside else normal, counts=counts if kind != "mask" else {},
        parts=frozenset(sample.split for sample in trial.samples),
        has_negatives=empty if kind == "mask" else kind == "box" and bare > 0,
    )  # fmt: skip
    return evolve(
        found,
        evidence=(*proposal.evidence, *_evidence(found)),
        doubts=(*proposal.doubts, *_doubts(found, normal if beside else "", beside, bare), *_unread(trial, survey)),
    )


def _unread(trial: Trial, survey: Survey) -> Iterator[str]:
    """Pictures of which the layout says nothing at all."""
    known = {path for sample in trial.samples for path in files_of(sample)} | {item.file for item in trial.problems}
    left = [path for path in survey.pictures if path not in known]
    if left:
        yield f"pictures that are not read: {len(left)}, such as {left[0]}"


def rooted(proposal: Proposal, survey: Survey) -> Proposal:
    """The proposal as it is seen from the archive's own root, so that outer folders do not matter."""
    trial = proposal.trial
    root = survey.root({*trial.tree.opened, *(path for sample in trial.samples for path in files_of(sample))})
    paths = ("table", "file", "pictures", "boxes", *(["masks"] if "parts" in proposal.layout else []))
    below = {name: root.below(value) for name in paths if isinstance(value := proposal.layout.get(name), str)}
    layout = {name: below.get(name, value) for name, value in proposal.layout.items() if below.get(name, "?")}
    moved = evolve(proposal, layout=layout, root=root)
    again = run(moved, survey.base)
    return evolve(moved, trial=again) if len(again.samples) >= len(trial.samples) else proposal


def files_of(sample: Sample) -> list[str]:
    """Paths of the files that a sample names."""
    masks = sample.masks if isinstance(sample, MaskSample) else ()
    return [str(sample.image), *(str(path) for mask in masks if (path := getattr(mask, "path", None)))]


def codes_of(sample: Sample) -> tuple[str, ...]:
    """The classes that a sample says of its picture: its labels, those of its boxes or of its mask files."""
    if isinstance(sample, LabelSample):
        return sample.stated
    if isinstance(sample, BoxSample):
        return tuple(dict.fromkeys(box.code for box in sample.boxes))
    return tuple(mask.code for mask in sample.masks if isinstance(mask, MaskFile))


def _kind(proposal: Proposal, samples: Sequence[Sample]) -> str:
    first = samples[0]
    if not isinstance(first, LabelSample):
        return "mask" if isinstance(first, MaskSample) else "box"
    marked = proposal.layout["kind"] == "one-hot" and not proposal.layout.get("single")
    return "multi-label" if marked or any(len(codes_of(sample)) > 1 for sample in samples) else "single-label"


def _negates(labels: Mapping[str, str]) -> dict[str, str]:
    captions = list(labels.values())
    pairs = {caption: other for caption in captions for other in captions if fold(caption) == fold(f"No {other}")}
    return pairs if len(captions) == 2 else {}


def _evidence(found: Proposal) -> Iterator[str]:
    """What the layout and its samples tell whatever the kind."""
    layout, split = found.layout, found.layout.get("split", {})
    if found.classes:
        what = found.classes.replace("{count}", str(found.covered))
        yield f"{len(found.labels)} {what}: {counted(found.labels, found.counts)}"
    told, by = dict(layout.get("parts", {})), "name"
    if split:
        by = "column " + repr(split["column"]) if "column" in split else "lists" if "lists" in split else "folder"
        told = split.get("names", SPLIT_NAMES) if "lists" not in split else {v: k for k, v in split["lists"].items()}
        if split.get("folder"):
            ways = {name for sample in found.trial.samples for name in folder_of(str(sample.image)).split("/")}
            told = {name: told[fold(name)] for name in sorted(ways) if fold(name) in told}
    if told:
        words = (name if stem(name) == part else f"{name} is {part}" for name, part in told.items())
        yield f"official parts by {by}: {', '.join(words)}"
        if "val" in found.parts:
            counts = 'test, for there is no other (validation = "test" on the card)'
            yield f"the part val counts as {counts if found.validation_is_test else 'train'}"
    if "column" in layout.get("group", {}):
        yield f"groups by column {layout['group']['column']!r}"


def _doubts(found: Proposal, normal: str, beside: int, bare: int) -> Iterator[str]:
    """What a person should look at whatever the kind; ``beside``: pictures that are ``normal`` and something else."""
    numbers = [code for code in found.labels if not any(map(str.isalpha, code))]
    labels = found.kind not in ("mask", "box")
    if numbers and found.kind != "mask":
        yield f"the classes are numbers ({', '.join(numbers[:6])}): write on the card what they mean"
    if beside:
        yield f"{beside} pictures have {normal!r} and something else: is it a finding, or a fault?"
    if labels and bare:
        yield f"{bare} pictures have no class: write normal = CODE in [layout] if that means nothing was found"
    if labels and len(found.trial.samples) > found.covered:
        yield "some pictures are in several rows: one of them wins"
    for one, two in _alike(found) if labels else ():
        yield (
            f"{one!r} and {two!r} lie in different official parts: if they are one class, give both one caption in "
            "[labels]; as it is, what is learned of one is never tested"
        )
    if found.blank_is_absent:
        yield "a class that a cell does not list counts as absent"
    first = {problem.reason: problem for problem in reversed(found.trial.problems) if problem.reason not in NOTES}
    for reason, count in sorted(found.trial.refused.items()):
        text = _REFUSED.get(reason, "{count} times {reason}: {file}: {detail}")
        yield text.format(count=count, reason=reason, file=first[reason].file, detail=first[reason].detail)


def _alike(found: Proposal) -> Iterator[tuple[str, str]]:
    """Classes whose names are nearly one, and that no part has both of."""
    parts: dict[str, set[Split | None]] = {}
    for sample in found.trial.samples:
        for code in codes_of(sample):
            parts.setdefault(code, set()).add(sample.split)
    for one, two in combinations(sorted(parts), 2):
        if parts[one] & parts[two] or found.labels.get(one) == found.labels.get(two):
            continue
        words = [set(caption_of(code).casefold().split()) for code in (one, two)]
        near = words[0] <= words[1] or words[1] <= words[0]
        if near or SequenceMatcher(None, folded(one), folded(two)).ratio() > _NEAR:
            yield one, two


def counted(codes: Iterable[str], counts: Mapping[str, int], most: int = 12) -> str:
    """Classes with how many pictures show each."""
    return some((f"{code} ({counts.get(code, 0)})" for code in codes), most)


def asks_of(proposal: Proposal) -> tuple[str, ...]:
    """The forms of question that suit the layout. Presence needs negatives, or its answer would always be yes;
    structure needs a second class to be mistaken for."""
    if proposal.kind not in ("mask", "box"):
        return ("label",)
    several = len(set(proposal.labels.values())) > 1
    more = (("presence",) if proposal.has_negatives else ()) + (("structure",) if several else ())
    return ("box", "location", *more)
