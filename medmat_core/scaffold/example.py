"""The example on a card: a few pictures of the folder as drawn phantoms, with the label lines that speak of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from medmat_core.errors import MedmatError
from medmat_core.example import Example, ExamplePicture, Expect
from medmat_core.images.suffixes import suffix_of
from medmat_core.layouts.guess.peek import mode_of
from medmat_core.layouts.guess.proposal import Proposal, codes_of, files_of
from medmat_core.layouts.guess.survey import stem, writable
from medmat_core.model import BoxSample, LabelSample, MaskFile, MaskSample, Sample
from medmat_core.scaffold.excerpts import EXAMPLE_SIZE, Box4, Shown, label_files

LABEL_SIZE: Final = (96, 72)
"""Width and height of pictures that have labels alone."""

SPOTS: Final[tuple[Box4, ...]] = (
    (12, 10, 44, 34), (118, 12, 148, 32), (64, 46, 98, 74), (10, 88, 40, 112), (116, 86, 150, 110),
    (66, 8, 92, 28), (8, 48, 36, 70), (120, 48, 150, 72), (64, 90, 94, 112),
)  # fmt: skip
"""Where regions are drawn: one in each cell of the 3 x 3 grid, so that none touches another."""
_MOST: Final = 40
"""Most pictures for masks that hold all classes."""


def example_of(proposal: Proposal, base: Path) -> Example:
    """The example of a proposal by what its layout read in the folder ``base``."""
    prefix = proposal.trial.tree.prefix
    samples = [sample for sample in proposal.trial.samples if all(map(writable, files_of(sample)))]
    kinds = {str(sample.image): _kinds(sample, proposal, prefix) for sample in samples}
    picked = _picked(samples, kinds, len(set(proposal.labels)))
    # ids that a table gives stand for patients; those in file names stand there anyway
    column = "column" in proposal.layout.get("group", {})
    ids = (s.group for path, s in picked.items() if s.group and s.group not in (stem(path), path.rpartition("/")[2]))
    groups = dict.fromkeys(ids) if column else {}
    renamed = {group: f"group-{place}" for place, group in enumerate(groups, 1)}
    shown: list[Shown] = []
    masks: list[ExamplePicture] = []
    numbers: Counter[object] = Counter()
    alike = Counter((kinds[path][0], sample.split) for path, sample in picked.items())
    for path, sample in picked.items():
        kind = (kinds[path][0], sample.split)
        moving = _moving(tuple(proposal.labels), numbers[kind], alike[kind])
        boxes, drawn = _drawn(proposal, base, prefix, sample, numbers[kind], moving)
        numbers[kind] += 1
        masks += drawn
        label = isinstance(sample, LabelSample)
        codes = codes_of(sample) if label else tuple(code for code in proposal.labels if code in boxes)
        group = renamed.get(sample.group, sample.group) if sample.group else None
        # JPEG moves the edges of colors by a pixel or so: what is there is expected, and not where
        kept = {} if proposal.layout.get("tolerance") else boxes
        uncertain = sample.uncertain if isinstance(sample, LabelSample) else ()
        shown.append(Shown(path, codes, uncertain, group, sample.split, kept))
    size = EXAMPLE_SIZE if proposal.kind in ("mask", "box") else LABEL_SIZE
    paths = [prefix + path for path in picked]
    pictures = [ExamplePicture((path,), size) for path in paths] if masks else [ExamplePicture(tuple(paths), size)]
    expected = tuple(_expect(item, proposal.labels, prefix) for item in shown)
    return Example((*pictures, *masks), tuple(label_files(proposal, shown, renamed)), expected)


def _expect(item: Shown, labels: Mapping[str, str], prefix: str) -> Expect:
    def captions(codes: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(labels[code] for code in codes))

    boxes: dict[str, tuple[Box4, ...]] = {}
    for code, found in item.boxes.items():
        boxes[labels[code]] = tuple(sorted((*boxes.get(labels[code], ()), *found)))
    return Expect(prefix + item.path, captions(item.codes), captions(item.uncertain), item.group, item.split, boxes)


def _kinds(sample: Sample, proposal: Proposal, prefix: str) -> tuple[str, ...]:
    """What a picture shows: its labels, the classes of its boxes, or all that its masks show; "" for nothing."""
    if not isinstance(sample, MaskSample):
        return codes_of(sample) or ("",)
    empty = all(prefix + str(getattr(mask, "path", "")) in proposal.empty for mask in sample.masks)
    return ("",) if empty else ("+".join(codes_of(sample)) or "all",)


def _picked(samples: Sequence[Sample], kinds: Mapping[str, tuple[str, ...]], classes: int) -> dict[str, Sample]:
    """Path -> sample: of each class and part a few, of as many groups as there are.

    One in six goes to test, so that three of a class leave two in train: enough for a round.
    """
    seen: Counter[str] = Counter()
    ranked: list[tuple[bool, int, str, Sample]] = []
    for sample in samples:
        group = sample.group or ""
        seen[group] += 1
        # what belongs to no group where others do comes last
        alone = not group and sample.split is None
        ranked.append((alone, seen[group] if group else 0, str(sample.image), sample))
    regions = not isinstance(samples[0], LabelSample)
    shown = {kind for own in kinds.values() for kind in own}
    # where one class is all that is asked about, presence needs more pictures with it than without; where one mask
    # holds all classes, each class has to move through two pictures or more
    lonely = regions and len(shown - {""}) == 1
    few = max(5, min(2 * classes + 2, _MOST)) if lonely else 3 if classes <= 4 or regions else 2 if classes <= 12 else 1
    need: Counter[tuple[str, object]] = Counter()
    picked: dict[str, Sample] = {}
    sides: dict[str, object] = {}
    for _, _, path, sample in sorted(ranked, key=lambda item: item[:3]):
        if sample.group and sides.get(sample.group, sample.split) != sample.split:
            continue  # a group on both sides would cost the example its train pictures
        keys = [(kind, sample.split) for kind in kinds[path]]
        wanted = any(need[key] < (2 if key[0] == "" else few if len(need) <= 40 or key in need else 1) for key in keys)
        if wanted and len(keys) <= len(SPOTS):
            picked[path] = sample
            need.update(keys)
            sides |= {sample.group: sample.split} if sample.group else {}
    return dict(sorted(picked.items()))


def _drawn(
    proposal: Proposal, base: Path, prefix: str, sample: Sample, place: int, moving: Sequence[str]
) -> tuple[dict[str, tuple[Box4, ...]], list[ExamplePicture]]:
    """The boxes of one picture of the example, and its masks as drawings; ``place`` moves them from one to the next,
    and ``moving`` are the classes that one mask of all shows."""
    boxes: dict[str, tuple[Box4, ...]] = {}
    drawn: list[ExamplePicture] = []
    if isinstance(sample, BoxSample):
        for number, code in enumerate(dict.fromkeys(box.code for box in sample.boxes)):
            boxes[code] = (SPOTS[(place + number) % len(SPOTS)],)
    for number, mask in enumerate(sample.masks if isinstance(sample, MaskSample) else ()):
        path = prefix + str(getattr(mask, "path", ""))
        mode, top = _look(base / path, plain="RGB" if "colors" in proposal.mask else "L")
        wanted = [mask.code] if isinstance(mask, MaskFile) else moving
        shapes: list[dict[str, Any]] = []
        for step, code in enumerate(wanted if top else ()):
            where = SPOTS[(place + number + step) % len(SPOTS)]
            shapes.append({"box": list(where), "value": _value(proposal, code, mode, top)})
            boxes[code] = (*boxes.get(code, ()), where)
        # without shapes and background a phantom would be drawn
        drawn.append(ExamplePicture((path,), EXAMPLE_SIZE, mode, tuple(shapes), background=0))
    return {code: tuple(sorted(found)) for code, found in boxes.items()}, drawn


def _moving(codes: Sequence[str], place: int, count: int) -> list[str]:
    """Two of the classes of a mask: a class moves from picture to picture, and one lies where another was, so that
    boxes, places and structures can be asked. Of ``count`` pictures, each class has to be in two or more: where they
    are too few, the last classes are not shown."""
    codes = codes[: max(2, count // 2)]
    return [codes[step if len(codes) == 2 else (place + 1 - step) % len(codes)] for step in range(min(2, len(codes)))]


def _value(proposal: Proposal, code: str, mode: str, top: int) -> object:
    """What pixels of a class hold."""
    for name in ("index", "colors"):
        text = next((value for value, own in proposal.mask.get(name, {}).items() if own == code), "")
        if text:
            return [int(text[at : at + 2], 16) for at in (1, 3, 5)] if name == "colors" else int(text)
    return [top] * 3 if mode in ("RGB", "RGBA") else top


def _look(path: Path, plain: str) -> tuple[str, int]:
    """Pillow's mode in which a mask is drawn, and the highest value in it: 0 where it shows nothing. One that cannot be
    read is drawn as a ``plain`` one that shows something."""
    import numpy as np

    from medmat_core.images.pixels import load

    stored = mode_of(path)
    try:
        array = load(path, None, "stored", "mask").array
    except (MedmatError, OSError, ValueError):
        return plain, 255
    top = int(np.max(array))
    kind = suffix_of(path.name)
    mode = "I;16" if array.dtype == np.uint16 else stored if stored in ("1", "L", "P", "RGB", "RGBA") else "L"
    mode = {".gif": "P" if mode == "P" else "L", ".pgm": mode, ".ppm": "RGB"}.get(kind, mode)
    if kind in (".jpg", ".jpeg"):
        return "RGB" if mode in ("RGB", "RGBA") else "L", 255 if top > 127 else 0
    return mode, 255 if mode == "1" and top else top
