"""One data set on disk against its card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from attrs import asdict, define, field, frozen

from medmat_core.dataset import Dataset
from medmat_core.model import BoxSample, LabelSample, MaskSample, Problem, Sample, Slice
from medmat_core.pipeline.source import open_tree
from medmat_core.tree import Tree, fold

if TYPE_CHECKING:
    from medmat_core.check.pictures import Looked
    from medmat_core.regions.extract import Decoder

EXAMPLES = 5
"""How many file names a finding lists."""


@frozen
class Finding:
    """Something that differs. ``level`` is "wrong" (exit code 1) or "note"."""

    level: Literal["wrong", "note"]
    what: str
    count: int
    examples: tuple[str, ...] = ()


@define
class Found:
    """What lies there of one data set. ``counts`` are pictures a caption (None: not counted, since masks of several
    classes tell them only when they are decoded), ``published`` those of the card."""

    slug: str
    no: int | None
    folder: str
    present: bool = False
    root: str = ""
    images: int = 0
    counts: dict[str, int | None] = field(factory=dict)
    published: dict[str, int] = field(factory=dict)
    findings: list[Finding] = field(factory=list)

    @property
    def sound(self) -> bool:
        """Present, and nothing wrong with it."""
        return self.present and not any(finding.level == "wrong" for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "sound": self.sound}


def check_dataset(
    dataset: Dataset,
    data: Path,
    *,
    verify: str = "full",
    near: bool = False,
    decoders: Iterable[Decoder] = (),
) -> Found:
    """Compare what lies under ``data`` with the card.

    ``verify`` "none" opens no picture, "header" reads sizes, "full" decodes every picture and mask and finds pictures
    that decode alike; ``near`` also looks for near copies by perceptual hash.
    ``decoders`` are plugins' own for masks.
    """
    head = dataset.card.head
    found = Found(dataset.slug, dataset.no, str(data / head.folder))
    tree = open_tree(dataset, data)
    if tree is None:
        found.findings.append(Finding("wrong", f"no folder {head.folder!r} under {data}", 1))
        return found
    found.root = str(tree.root)
    if fold(tree.base.name) != fold(head.folder):
        found.findings.append(
            Finding("note", f"found by its other name {tree.base.name!r}; records keep it in their paths", 1)
        )
    samples, problems = _read(dataset, tree)
    found.present = bool(samples)
    if not samples:
        found.findings.append(
            Finding("wrong", f"the folder {tree.base} holds no picture with a label that the card describes", 1)
        )
    looked = None
    if verify != "none":
        from medmat_core.check.pictures import look_at

        looked = look_at(tree, dataset.card, samples, full=verify == "full", near=near, decoders=decoders)
        problems += looked.problems
    _add_problems(found, problems)
    _count(found, dataset, samples, looked.classes if looked is not None and verify == "full" else None)
    if looked is not None:
        _add_looked(found, looked)
    unread = unread_files(dataset, tree, samples, problems)
    if unread:
        found.findings.append(Finding("note", "files that no rule reads", len(unread), tuple(unread[:EXAMPLES])))
    return found


def _read(dataset: Dataset, tree: Tree) -> tuple[list[Sample], list[Problem]]:
    samples: list[Sample] = []
    problems: list[Problem] = []
    try:
        for item in dataset.samples(tree, dataset.card):
            if isinstance(item, Problem):
                problems.append(item)
            else:
                samples.append(item)
    except Exception as error:  # the adapter's fault is a finding, not the end of the check
        problems.append(Problem("reader_failed", "", f"{type(error).__name__}: {error}"))
    return samples, problems + tree.problems


def _add_problems(found: Found, problems: list[Problem]) -> None:
    by_reason: dict[str, list[Problem]] = {}
    for problem in problems:
        by_reason.setdefault(problem.reason, []).append(problem)
    for reason, several in sorted(by_reason.items()):
        level: Literal["wrong", "note"] = "wrong" if several[0].level == "refused" else "note"
        shown = tuple(f"{p.file}{f' line {p.row}' if p.row else ''}: {p.detail}" for p in several[:EXAMPLES])
        found.findings.append(Finding(level, reason, len(several), shown))


def _add_looked(found: Found, looked: Looked) -> None:
    bad, alike, near = looked.unreadable, looked.alike, looked.near
    if bad:
        found.findings.append(Finding("wrong", "pictures that cannot be read", len(bad), tuple(bad[:EXAMPLES])))
    if alike:
        shown = tuple(" = ".join(names[:3]) for names in alike[:EXAMPLES])
        found.findings.append(Finding("note", "sets of pictures that decode alike", len(alike), shown))
    if near:
        shown = tuple(f"{a} ~ {b}" for a, b in near[:EXAMPLES])
        found.findings.append(Finding("note", "pairs of near copies (perceptual hash)", len(near), shown))


# -- counts -----------------------------------------------------------------------------------------------


def _count(found: Found, dataset: Dataset, samples: list[Sample], decoded: dict[int, tuple[str, ...]] | None) -> None:
    """Pictures a caption, against the card. ``decoded`` tells what the masks of the samples hold, by their place."""
    card = dataset.card
    counts: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for number, sample in enumerate(samples):
        codes = decoded.get(number) if isinstance(sample, MaskSample) and decoded is not None else _stated(sample)
        if codes is None:
            continue  # its picture or a mask cannot be read
        if not codes and card.head.normal and not isinstance(sample, LabelSample):
            counts[card.head.normal] += 1  # a negative
        for caption in dict.fromkeys(card.labels[code] for code in codes if code in card.labels):
            counts[caption] += 1
        unknown.update(code for code in codes if code not in card.labels)
    counted = decoded is not None or all(map(_tells, samples))
    found.images = len({str(sample.image) for sample in samples})
    found.counts = {caption: counts[caption] if counted else None for caption in card.captions}
    found.published = dict(card.counts.classes)
    for code, count in unknown.most_common():
        found.findings.append(Finding("wrong", f"label {code!r} is not on the card", count))
    if card.counts.images and found.images != card.counts.images:
        what = f"{found.images} pictures where {card.counts.images} are published"
        found.findings.append(Finding("note", what, abs(found.images - card.counts.images)))
    if counted and samples:
        for caption, expected in card.counts.classes.items():
            if expected and not counts[caption]:
                what = f"no picture of {caption!r}; {expected} are published"
                found.findings.append(Finding("wrong", what, expected))
            elif expected and counts[caption] != expected:
                what = f"{counts[caption]} of {caption!r} where {expected} are published"
                found.findings.append(Finding("note", what, abs(counts[caption] - expected)))


def _stated(sample: Sample) -> tuple[str, ...]:
    """The codes that a sample names without a look into its masks."""
    if isinstance(sample, LabelSample):
        return sample.stated
    if isinstance(sample, BoxSample):
        return tuple(dict.fromkeys(box.code for box in sample.boxes))
    return tuple(dict.fromkeys(code for mask in sample.masks if (code := getattr(mask, "code", ""))))


def _tells(sample: Sample) -> bool:
    """Whether a sample names its classes: a mask of several classes tells them only when it is decoded."""
    return not isinstance(sample, MaskSample) or all(hasattr(mask, "code") for mask in sample.masks)


# -- files ------------------------------------------------------------------------------------------------


def unread_files(
    dataset: Dataset, tree: Tree, samples: Sequence[Sample], problems: Sequence[Problem] = ()
) -> list[str]:
    """Files below the data set's folder that are neither used, nor named by a problem (it or a folder it lies in),
    nor left alone by a rule of the card.

    Data sets that share a download each read their part; the card's ``ignored`` rules name the other parts.
    """
    known = {tree.prefix + file for file in tree.opened}
    known.update(tree.prefix + problem.file for problem in problems if problem.file)
    for sample in samples:
        for ref in (sample.image, *(getattr(mask, "path", None) for mask in getattr(sample, "masks", ()))):
            if ref is not None:
                known.add(tree.prefix + (ref.path if isinstance(ref, Slice) else ref))
    ignores, prefix = dataset.card.ignores, tree.prefix
    unread: list[str] = []
    for folder, names in Tree(tree.base).walk():
        parts = folder.split("/") if folder else []
        if any("/".join(parts[:depth]) in known for depth in range(1, len(parts) + 1)):
            continue
        paths = (f"{folder}/{name}" if folder else name for name in names)
        unread.extend(path for path in paths if path not in known and not ignores(path, prefix))
    return unread


__all__ = ["Finding", "Found", "check_dataset", "unread_files"]
