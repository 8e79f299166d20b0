"""One data set on disk against its card."""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import Any, Literal

from attrs import asdict, define, field, frozen

from medmat_core.dataset import Dataset
from medmat_core.headers import HeaderError, read_header
from medmat_core.model import BoxSample, LabelSample, MaskSample, Problem, Sample, Slice
from medmat_core.pipeline.source import open_tree
from medmat_core.tree import IMAGE_SUFFIXES, Tree

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
    """What lies there of one data set. ``counts`` are pictures a caption, ``published`` those of the card."""

    slug: str
    no: int | None
    folder: str
    present: bool = False
    root: str = ""
    images: int = 0
    counts: dict[str, int] = field(factory=dict)
    published: dict[str, int] = field(factory=dict)
    findings: list[Finding] = field(factory=list)

    @property
    def sound(self) -> bool:
        """Present, and nothing wrong with it."""
        return self.present and not any(finding.level == "wrong" for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "sound": self.sound}


def check_dataset(dataset: Dataset, data: Path, *, verify: str = "full", near: bool = False) -> Found:
    """Compare what lies under ``data`` with the card.

    ``verify`` "none" opens no picture, "header" reads sizes, "full" decodes every pixel and finds pictures that
    decode alike; ``near`` also looks for near copies by perceptual hash (needs ``medmat-core[hash]``).
    """
    head = dataset.card.head
    found = Found(dataset.slug, dataset.no, str(data / head.folder))
    tree = open_tree(dataset, data)
    if tree is None:
        found.findings.append(Finding("wrong", f"no folder {head.folder!r} under {data}", 1))
        return found
    found.root = str(tree.root)
    samples, problems = _read(dataset, tree)
    found.present = bool(samples)
    if not samples:
        found.findings.append(
            Finding("wrong", f"the folder {tree.base} holds no picture with a label that the card describes", 1)
        )
    _add_problems(found, problems)
    _count(found, dataset, samples)
    if verify != "none":
        _open_pictures(found, tree, samples, verify == "full", near)
    unread = unread_files(dataset, tree, samples)
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


def _count(found: Found, dataset: Dataset, samples: list[Sample]) -> None:
    card = dataset.card
    counts: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for sample in samples:
        if isinstance(sample, LabelSample):
            codes = sample.stated
        elif isinstance(sample, BoxSample):
            codes = tuple(dict.fromkeys(box.code for box in sample.boxes))
        else:
            codes = tuple(dict.fromkeys(code for mask in sample.masks if (code := getattr(mask, "code", ""))))
        for code in codes:
            if code in card.labels:
                counts[card.labels[code]] += 1
            else:
                unknown[code] += 1
    found.images = len({str(sample.image) for sample in samples})
    found.counts = {caption: counts[caption] for caption in card.captions}
    found.published = dict(card.counts.classes)
    for code, count in unknown.most_common():
        found.findings.append(Finding("wrong", f"label {code!r} is not on the card", count))
    if card.counts.images and found.images != card.counts.images:
        found.findings.append(
            Finding(
                "note",
                f"{found.images} pictures where {card.counts.images} are published",
                abs(found.images - card.counts.images),
            )
        )
    # masks of several classes in one file tell their classes only when decoded
    tells = not any(isinstance(s, MaskSample) and any(not hasattr(m, "code") for m in s.masks) for s in samples)
    if tells and samples:
        for caption, expected in card.counts.classes.items():
            if expected and not counts[caption]:
                found.findings.append(
                    Finding("wrong", f"no picture of {caption!r}; {expected} are published", expected)
                )
            elif expected and counts[caption] != expected:
                found.findings.append(
                    Finding(
                        "note",
                        f"{counts[caption]} of {caption!r} where {expected} are published",
                        abs(counts[caption] - expected),
                    )
                )


def _open_pictures(found: Found, tree: Tree, samples: list[Sample], full: bool, near: bool) -> None:
    bad: list[str] = []
    alike: dict[str, list[str]] = {}
    hashes: list[tuple[Any, str]] = []
    for sample in samples:
        image = sample.image
        path = tree.path(image.path if isinstance(image, Slice) else image)
        try:
            if not isinstance(image, Slice):
                read_header(str(path))
            if full:
                digest, mark = _decoded(path, image, near)
                alike.setdefault(digest, []).append(str(image))
                if mark is not None:
                    hashes.append((mark, str(image)))
        except HeaderError as error:
            bad.append(f"{image}: {error.detail}")
    if bad:
        found.findings.append(Finding("wrong", "pictures that cannot be read", len(bad), tuple(bad[:EXAMPLES])))
    groups = [names for names in alike.values() if len(names) > 1]
    if groups:
        shown = tuple(" = ".join(names[:3]) for names in groups[:EXAMPLES])
        found.findings.append(Finding("note", "sets of pictures that decode alike", len(groups), shown))
    if near:
        pairs = near_pairs(hashes)
        if pairs:
            shown = tuple(f"{a} ~ {b}" for a, b in pairs[:EXAMPLES])
            found.findings.append(Finding("note", "pairs of near copies (perceptual hash)", len(pairs), shown))


def _decoded(path: Path, image: Any, near: bool) -> tuple[str, Any]:
    from medmat_core.regions.pixels import PixelError, load_array

    try:
        pixels = load_array(path, image if isinstance(image, Slice) else None, role="image")
    except PixelError as error:
        raise HeaderError(error.reason, error.detail) from None
    digest = hashlib.sha256(f"{pixels.shape}{pixels.dtype}".encode() + pixels.tobytes()).hexdigest()
    mark = None
    if near:
        try:
            import imagehash
        except ImportError as error:
            from medmat_core.errors import UsageError

            raise UsageError("--near needs ImageHash; run: pip install 'medmat-core[hash]'") from error
        import numpy as np
        from PIL import Image

        flat = pixels if pixels.ndim == 2 else pixels[..., :3].mean(axis=2)
        low, high = float(flat.min()), float(flat.max())
        gray = np.zeros(flat.shape, np.uint8) if high == low else ((flat - low) * (255 / (high - low))).astype(np.uint8)
        mark = imagehash.phash(Image.fromarray(gray))
    return digest, mark


def near_pairs(hashes: list[tuple[Any, str]], distance: int = 4) -> list[tuple[str, str]]:
    """Pairs of pictures whose 64-bit perceptual hashes differ in at most ``distance`` bits.

    Hashes that agree in one of five parts are compared; two that differ in four bits must agree in one.
    """
    parts = 5
    buckets: dict[tuple[int, str], list[int]] = {}
    texts = [str(mark) for mark, _ in hashes]
    for number, text in enumerate(texts):
        bits = bin(int(text, 16))[2:].zfill(64)
        for part in range(parts):
            buckets.setdefault((part, bits[part * 64 // parts : (part + 1) * 64 // parts]), []).append(number)
    pairs: set[tuple[int, int]] = set()
    for numbers in buckets.values():
        for place, one in enumerate(numbers[:2000]):
            for two in numbers[:place]:
                if hashes[one][0] - hashes[two][0] <= distance:
                    pairs.add((min(one, two), max(one, two)))
    return [(hashes[a][1], hashes[b][1]) for a, b in sorted(pairs)]


def unread_files(dataset: Dataset, tree: Tree, samples: list[Sample]) -> list[str]:
    """Files below the data set's folder that are neither used nor left alone by a rule of the card.

    Data sets that share a download each read their part; the card's ``ignored`` rules name the other parts.
    """
    used = {tree.prefix + file for file in tree.opened}
    for sample in samples:
        image = sample.image
        used.add(tree.prefix + (image.path if isinstance(image, Slice) else image))
        for mask in getattr(sample, "masks", ()):
            path = getattr(mask, "path", None)
            if path is not None:
                used.add(tree.prefix + (path.path if isinstance(path, Slice) else path))
    ignored = [re.compile(fnmatch.translate(item.pattern)) for item in dataset.card.ignored]
    whole = Tree(tree.base)
    return [
        path
        for path in whole.files("", ())
        if path not in used and not any(rule.match(path) or rule.match(path.rpartition("/")[2]) for rule in ignored)
    ]


__all__ = ["IMAGE_SUFFIXES", "Finding", "Found", "check_dataset", "near_pairs", "unread_files"]
