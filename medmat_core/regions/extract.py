"""What the masks or boxes of one sample say: its regions, class by class.

Decided here:

- Masks of one class are united before regions are looked for, whether they come in several files, runs or
  outlines: lesions that are apart stay apart, those that touch or overlap become one. A class is a caption;
  codes that share one are one class, under the first of them on the card.
- Classes are looked at apart from one another: they may overlap.
- An empty mask, or none, gives no region: the picture is a negative. A region over the whole picture counts.
- A mask that cannot be read, or a class that the card does not know, refuses the whole sample: what is
  left would make the picture look emptier than it is.
- A box is clipped to the picture and rounded outwards. One without area inside is a problem of its own and
  the other boxes stay; its class is then ``unsure``: neither stated nor absent. The same holds for a class
  all of whose regions are too small. The size floor holds for boxes only where the card sets one.
- A box that reaches out of the picture, by more than a slip of the hand, was drawn on another size or counted in
  another way, and so were its fellows: the whole sample is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from traceback import walk_tb
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from attrs import evolve, field, frozen

from medmat_core.blame import told
from medmat_core.card import Card, MaskRules
from medmat_core.errors import MedmatError
from medmat_core.images import PictureError
from medmat_core.images.colors import parse_color
from medmat_core.model import Box, BoxSample, ColorMask, IndexMask, Mask, MaskFile, MaskSample, Problem, Region
from medmat_core.regions.decode import Decoded, decode
from medmat_core.regions.find import box_cells, find_regions, place
from medmat_core.stopping import is_stop
from medmat_core.watch import Overdue

Decoder = Callable[..., Sequence[tuple[str, npt.NDArray[Any]] | Decoded] | None]
"""A plugin's decoder: called with ``mask``, ``size`` and ``root`` by name, None if the mask is not its kind."""

MOST: Final = 1000
"""Masks that a plugin's hook may make of one."""

SLIP: Final = (0.02, 2.0)
"""What a box may reach out of its picture by and be clipped: a share of that side, and no less than so many pixels.
Annotators drag a corner over the edge, tools count from 1, fractions are rounded; another size is further off."""

_EPSILON = 1e-6
"""What a box may miss a whole pixel by before it is rounded outwards: the noise of scaled coordinates."""


@frozen
class Found:
    """The regions of a sample, classes in card order, each class top to bottom, then left to right.

    ``dropped`` counts regions under the size floor. ``notes`` are problems, refused ones among them.
    ``unsure`` holds codes of which something was seen that could not be used: such a class is neither
    present nor absent, and no question may say that it is. ``failed`` is the plugin module whose hook failed.
    ``astray``: its boxes belong to another size.
    """

    regions: tuple[Region, ...] = ()
    dropped: int = 0
    notes: tuple[Problem, ...] = ()
    unsure: frozenset[str] = field(default=frozenset())
    failed: str = ""
    astray: bool = False

    @property
    def refused(self) -> bool:
        """Whether the sample as a whole cannot be used (a bad box alone refuses only itself)."""
        return self.astray or any(note.level == "refused" and note.reason != "bad_box" for note in self.notes)

    def of(self, code: str) -> tuple[Region, ...]:
        """The regions of one class."""
        return tuple(region for region in self.regions if region.code == code)


def regions_of(
    sample: MaskSample | BoxSample,
    size: tuple[int, int],
    root: Path,
    card: Card,
    decoders: Iterable[Decoder] = (),
) -> Found:
    """The regions of a sample whose picture has ``size`` (width, height) in stored pixels.

    ``root`` is the data set's own root. ``decoders`` are asked first, in their order, the core's own last.
    The card's mask rules fill in what a mask leaves open: its threshold and inversion, its index or colour
    table. Bad input never raises: it becomes a problem among ``notes``.
    """
    if isinstance(sample, BoxSample):
        return _from_boxes(sample, size, card)
    return _from_masks(sample, size, root, card, tuple(decoders))


@lru_cache(maxsize=128)
def _classes(card: Card) -> Mapping[str, tuple[int, str]]:
    """Code -> (place of its caption in card order, the first code with that caption)."""
    first: dict[str, str] = {}
    for code, caption in card.labels.items():
        first.setdefault(caption, code)
    return {code: (card.order[caption], first[caption]) for code, caption in card.labels.items()}


# -- masks ----------------------------------------------------------------------------------------------


def _from_masks(
    sample: MaskSample, size: tuple[int, int], root: Path, card: Card, decoders: tuple[Decoder, ...]
) -> Found:
    classes = _classes(card)
    rules = card.tables.mask
    notes: list[Problem] = []
    united: dict[tuple[int, str], npt.NDArray[np.uint8]] = {}
    for mask in sample.masks:
        file = _file_of(mask) or str(sample.image)
        try:
            parts = _decoded(_by_card(mask, rules), size, root, decoders)
        except PictureError as error:
            module = error.module if isinstance(error, HookError) else ""
            return Found(notes=(*notes, error.problem(file)), failed=module)
        for part in parts:
            key = classes.get(part.code)
            if key is None:
                return Found(notes=(*notes, _unknown(part.code, file, card)))
            if part.scaled and not (notes and notes[-1].file == file):
                notes.append(_was_scaled(file, part.stored, size))
            united[key] = np.maximum(united[key], part.pixels) if key in united else part.pixels
    regions: list[Region] = []
    dropped = 0
    unsure: set[str] = set()
    for key in sorted(united):
        found, small = find_regions(united[key], key[1], rules.min_area)
        regions += found
        dropped += small
        if small and not found:
            unsure.add(key[1])
    if dropped and not regions:
        notes.append(Problem("regions_too_small", str(sample.image), f"{dropped} region(s), none above the floor"))
    return Found(tuple(regions), dropped, tuple(notes), frozenset(unsure))


def class_masks(
    sample: MaskSample, size: tuple[int, int], root: Path, card: Card, decoders: Iterable[Decoder] = ()
) -> dict[str, npt.NDArray[np.uint8]]:
    """The united mask of every class of a sample by its caption: uint8 of (height, width), non-zero inside.

    As :func:`regions_of` takes them; raises :class:`~medmat_core.images.PictureError` where that refuses the sample.
    """
    united: dict[str, npt.NDArray[np.uint8]] = {}
    for mask in sample.masks:
        for part in _decoded(_by_card(mask, card.tables.mask), size, root, tuple(decoders)):
            if part.code not in card.labels:
                raise PictureError("unknown_label", f"{part.code!r} is not a code of [labels]")
            caption = card.labels[part.code]
            united[caption] = np.maximum(united[caption], part.pixels) if caption in united else part.pixels
    return united


def _file_of(mask: Mask) -> str:
    return str(mask.path) if isinstance(mask, (MaskFile, IndexMask, ColorMask)) else ""


def _by_card(mask: Mask, rules: MaskRules) -> Mask:
    """The mask with what it leaves open taken from the card, and with what the card names besides."""
    if isinstance(mask, MaskFile):
        if (mask.threshold is None and rules.threshold is not None) or (rules.invert and not mask.invert):
            threshold = rules.threshold if mask.threshold is None else mask.threshold
            return evolve(mask, threshold=threshold, invert=mask.invert or rules.invert)
    elif isinstance(mask, IndexMask):
        values = tuple((int(value), code) for value, code in rules.index.items())
        return evolve(mask, codes=mask.codes or values, named=tuple(value for value, _ in values))
    elif isinstance(mask, ColorMask):
        colors = tuple((parse_color(text), code) for text, code in rules.colors.items())
        return evolve(mask, codes=mask.codes or colors, named=tuple(color for color, _ in colors))
    return mask


class HookError(PictureError):
    """A mask at which a plugin's hook failed; ``module`` is the plugin's."""

    def __init__(self, module: str, detail: str) -> None:
        super().__init__("bad_mask", detail)
        self.module = module


def _decoded(mask: Mask, size: tuple[int, int], root: Path, decoders: tuple[Decoder, ...]) -> Sequence[Decoded]:
    for decoder in decoders:
        try:
            found = decoder(mask=mask, size=size, root=root)
            if found is not None:
                return [_as_decoded(item, size) for item in islice(found, MOST)]
        except MedmatError:
            raise
        except BaseException as error:  # a stranger's decoder may raise anything
            if is_stop(error) or isinstance(error, Overdue):
                raise
            module, where = _raised_at(error)
            raise HookError(module or _owner(decoder), f"it cannot be decoded: {told(error)}{where}") from error
    return decode(mask, size, root)


def _as_decoded(item: Any, size: tuple[int, int]) -> Decoded:
    if isinstance(item, Decoded):
        return item
    code, array = item
    if type(code) is not str:
        raise TypeError(f"the plugin's decoder gave a code that is no str: {code!r:.60}")
    if array.shape != (size[1], size[0]):
        raise ValueError(f"the plugin's decoder gave shape {array.shape}, expected {(size[1], size[0])}")
    return Decoded(code, np.ascontiguousarray(array != 0).view(np.uint8))


def _owner(decoder: Decoder) -> str:
    """The modules that answer a hook, medmat's own left out."""
    impls = decoder.get_hookimpls() if hasattr(decoder, "get_hookimpls") else ()
    names = (str(getattr(impl.plugin, "__name__", "")) for impl in impls)
    return " or ".join(name for name in names if name.partition(".")[0] != "medmat_core")


def _raised_at(error: BaseException) -> tuple[str, str]:
    """The plugin's module, if a plugin's it was, and the file and line."""
    frames = list(walk_tb(error.__traceback__))
    if not frames:
        return "", ""
    names = [str(frame.f_globals.get("__name__", "")) for frame, _ in frames]
    strangers = [name for name in names if name.partition(".")[0] not in ("medmat_core", "pluggy")]
    frame, line = frames[-1]
    return (strangers or [""])[0], f" ({Path(frame.f_code.co_filename).name} line {line})"


def _unknown(code: str, file: str, card: Card) -> Problem:
    return Problem("unknown_label", file, f"{code!r} is not a code of [labels] in {card.path.name}")


def _was_scaled(file: str, stored: tuple[int, int], size: tuple[int, int]) -> Problem:
    detail = f"mask of {stored[0]} x {stored[1]}, picture of {size[0]} x {size[1]}"
    return Problem("mask_size", file, detail)


# -- boxes ----------------------------------------------------------------------------------------------


def _from_boxes(sample: BoxSample, size: tuple[int, int], card: Card) -> Found:
    classes = _classes(card)
    floor = card.tables.mask.min_area or 0
    image = str(sample.image)
    notes: list[Problem] = []
    seen: dict[tuple[int, str], dict[tuple[int, int, int, int], None]] = {}
    unread: set[str] = set()
    astray: list[Box] = []
    dropped = 0
    for box in sample.boxes:
        key = classes.get(box.code)
        if key is None:
            return Found(notes=(*notes, _unknown(box.code, image, card)))
        if box.within is not None and box.within != size and 0 not in size:
            said = f"boxes drawn on {box.within[0]} x {box.within[1]}, a picture of {size[0]} x {size[1]}"
            return Found(notes=(*notes, Problem("bad_file", image, f"{said}: they belong to another one")))
        inside = clipped(box, size)
        kept = seen.setdefault(key, {})
        if all(map(math.isnan, box.xyxy)):
            unread.add(key[1])  # told where it was read
        elif inside is None:
            notes.append(Problem("bad_box", image, f"{box.code}: {_shown(box)} in a picture of {size[0]} x {size[1]}"))
        elif (inside[2] - inside[0]) * (inside[3] - inside[1]) < floor:
            dropped += 1
        else:
            kept[inside] = None
        if inside is not None and _reaches_out(box, size):
            astray.append(box)
    if astray:
        more = f", and {len(astray) - 1} more" if len(astray) > 1 else ""
        said = f"{astray[0].code}: {_shown(astray[0])} reaches far out of a picture of {size[0]} x {size[1]}{more}"
        notes.append(Problem("bad_box", image, f"{said}: drawn on another size, or counted in another way"))
    regions = [
        region
        for key in sorted(seen)
        for region in sorted((_as_region(box, key[1], size) for box in seen[key]), key=place)
        if key[1] not in unread  # what can be read of it is not all there is
    ]
    if dropped and not regions:
        notes.append(Problem("regions_too_small", image, f"{dropped} box(es), none above the card's floor"))
    unsure = frozenset(unread | {key[1] for key in seen if not seen[key]})
    return Found(tuple(regions), dropped, tuple(notes), unsure, astray=bool(astray))


def clipped(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """The box cut to the picture and rounded outwards; None where nothing of it lies inside, or where it reaches as far
    beyond as the picture is wide or high: then it was not drawn on this one.

    Corners that are swapped are not put right: such a box has no area.
    """
    if not all(math.isfinite(value) for value in box.xyxy):
        return None
    x1, y1, x2, y2 = _in_pixels(box, size)
    if min(x1 + size[0], y1 + size[1], 2 * size[0] - x2, 2 * size[1] - y2) < 0:
        return None
    left, top = max(0.0, x1), max(0.0, y1)
    right, bottom = min(float(size[0]), x2), min(float(size[1]), y2)
    if left >= right or top >= bottom:
        return None
    column, row = math.floor(left + _EPSILON), math.floor(top + _EPSILON)
    last_column, last_row = math.ceil(right - _EPSILON), math.ceil(bottom - _EPSILON)
    if column >= last_column or row >= last_row:
        return None
    return column, row, last_column, last_row


def _in_pixels(box: Box, size: tuple[int, int]) -> tuple[float, ...]:
    wide, high = size if box.relative else (1, 1)
    return tuple(value * by for value, by in zip(box.xyxy, (wide, high, wide, high), strict=True))


def _reaches_out(box: Box, size: tuple[int, int]) -> bool:
    """Whether a box goes further over an edge than :data:`SLIP`."""
    share, least = SLIP
    wide, high = (max(least, share * side) for side in size)
    x1, y1, x2, y2 = _in_pixels(box, size)
    return x1 < -wide or y1 < -high or x2 > size[0] + wide or y2 > size[1] + high


def _as_region(box: tuple[int, int, int, int], code: str, size: tuple[int, int]) -> Region:
    return Region(code, box, (box[2] - box[0]) * (box[3] - box[1]), box_cells(box, size))


def _shown(box: Box) -> str:
    return "[" + ", ".join(f"{value:g}" for value in box.xyxy) + "]"
