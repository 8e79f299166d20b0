"""Masks: a picture, and one file or several that say where something is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import frozen

from medmat_core.layouts.guess.pairs import Pair, folders_of, pair_masks, reduced, suffix_of
from medmat_core.layouts.guess.peek import NOISE, Peek, peek
from medmat_core.layouts.guess.proposal import Proposal
from medmat_core.layouts.guess.survey import Survey, folder_of, grouped, shared, stem, templated
from medmat_core.layouts.guess.words import (
    captions_of,
    natural,
    normal_of,
    split_names,
    split_of_path,
    split_rule,
    telling,
    whole,
)
from medmat_core.tree import fold


@frozen
class _Shape:
    """How masks lie: (folder of pictures, folder of masks) of each part, the ``suffix`` of names, and ``classes`` that
    folders name: those around pictures and masks (``around``), or one of masks each (``sides``)."""

    parts: tuple[tuple[str, str], ...]
    suffix: str
    classes: tuple[str, ...] = ()
    around: bool = False
    sides: bool = False

    @property
    def beside(self) -> bool:
        """Whether masks lie in the folders of their pictures."""
        return all(pictures == masks for pictures, masks in self.parts)


def guess(survey: Survey, kind: str | None = None) -> Iterator[Proposal]:
    """Masks as a proposal, if there are any; what was seen and not understood is remarked."""
    found = _looked(survey)
    if found is not None:
        yield found


@lru_cache(maxsize=1)
def _looked(survey: Survey) -> Proposal | None:
    pairs = pair_masks(survey)
    shape = _shape(survey, pairs) if pairs else None
    if shape is None:
        return None
    seen = peek(survey.base, sorted(pair.mask for pair in pairs))
    where = _where(survey, pairs, shape)
    if seen.kind != "unclear" and where is not None:
        return _proposal(pairs, shape, seen, where)
    why = "they hold too many different values" if seen.seen else "none of them can be read"
    why = why if seen.kind == "unclear" else "no one name stands for all the folders that they lie in"
    survey.remarks.append(f"{len(pairs)} pictures are named like masks, for example {pairs[0].mask}, but {why}")
    return None


def skipped(survey: Survey) -> tuple[set[str], list[str]]:
    """The pictures that are masks, and what a layout leaves alone so that they are not taken for pictures."""
    found = _looked(survey)
    if found is None:
        return set(), []
    pairs, suffix = pair_masks(survey), found.layout.get("suffix", "")
    names = {f"{folder_of(pair.mask).rpartition('/')[2]}/" for pair in pairs}
    return {pair.mask for pair in pairs}, sorted(names) if "masks" in found.layout else [f"*{suffix}*"]


def _shape(survey: Survey, pairs: Sequence[Pair]) -> _Shape | None:
    """None where masks follow no rule that the layout knows."""
    suffix, folders = suffix_of(pairs), folders_of(pairs)
    if suffix is None:
        return None
    if all(folder_of(pair.mask) == folder_of(pair.picture) for pair in pairs):
        top = shared(masks for _, masks in folders)
        inner = {(masks[len(top) + 1 :] if top else masks).split("/")[0] for _, masks in folders}
        around = _are_classes(inner, sum(len(survey.by_folder[masks]) for _, masks in folders))
        return _Shape(((top, top),), suffix, tuple(sorted(inner, key=natural)) if around else (), around)
    if min(Counter(pictures for pictures, _ in folders).values()) > 1:  # several folders of masks for a picture
        classes = sorted({masks.rpartition("/")[2] for _, masks in folders}, key=natural)
        parts = tuple(dict.fromkeys((pictures, folder_of(masks)) for pictures, masks in folders))
        made = len(classes) * len(parts) == len(folders) and "{code}" not in suffix
        return _Shape(parts, suffix, tuple(classes), sides=True) if made else None
    parts = tuple(dict.fromkeys(reduced(pictures, masks) for pictures, masks in folders))
    if len({pictures for pictures, _ in parts}) < len(parts):
        return None
    inner = {pair.picture[len(p) + 1 :].split("/")[0] for pair in pairs for p, _ in parts
             if folder_of(pair.picture).startswith(f"{p}/")}  # fmt: skip
    return _Shape(parts, suffix, tuple(sorted(inner)) if _are_classes(inner, len(pairs)) else ())


def _are_classes(names: set[str], count: int) -> bool:
    words = [name for name in names if name and telling(name) and re.search(r"[^\W\d_]{2}", name)]
    return (
        2 <= len(names) <= 12 and len(words) == len(names) and count >= 2 * len(names)
        and len({fold(re.sub(r"\d+", "", name)) for name in names}) == len(names)
        and not any(split_of_path(name) for name in names)
    )  # fmt: skip


def _where(survey: Survey, pairs: Sequence[Pair], shape: _Shape) -> dict[str, Any] | None:
    """The layout's fields that say where pictures and masks lie; None where no one name stands for all."""
    where: dict[str, Any] = {"suffix": shape.suffix}
    if shape.beside:
        top = shape.parts[0][0]
        masks = {pair.mask for pair in pairs}
        own = [
            path for path in survey.pictures if path not in masks and f"/{path}".startswith(f"/{top}/" if top else "/")
        ]
        if splits := split_names(map(folder_of, own)):
            where["split"] = split_rule(splits)
        if not shape.classes and any(len(same) > 1 for same in grouped(own, stem).values()):
            # one name in several folders: each folder by itself
            return where | {"pictures": sorted({folder_of(image).rpartition("/")[2] for image in own})}
        return where | ({"pictures": top} if top and not shape.classes else {})
    code = "/{code}" if shape.sides else ""
    both = [[pictures, masks + code] for pictures, masks in shape.parts]
    parts = [split_of_path(pictures) for pictures, _ in shape.parts]
    made = templated(both) if whole(parts) and None not in parts else None
    if made is not None and made[1]:
        return where | {"pictures": made[0][0], "masks": made[0][1], "parts": dict(zip(made[1], parts, strict=True))}
    # masks lie below the folder that holds the one of their pictures, under one name
    names = {(pictures.rpartition("/")[2], _inside(masks, folder_of(pictures))) for pictures, masks in both}
    last, below = names.pop()
    if names or not below:
        return None
    splits = split_names(pictures for pictures, _ in shape.parts)
    pictures, masks_ = both[0]
    return where | {
        "pictures": pictures if len(both) == 1 else last,
        "masks": below,
        "split": split_rule(splits) if splits else {},
        "skip": [f"{masks_.rpartition('/')[2]}/"] if _inside(masks_, pictures) else [],
    }


def _inside(path: str, folder: str) -> str:
    """A path below a folder; "" where it lies elsewhere."""
    return path if not folder else path[len(folder) + 1 :] if path.startswith(f"{folder}/") else ""


def _proposal(pairs: Sequence[Pair], shape: _Shape, seen: Peek, where: Mapping[str, Any]) -> Proposal:
    several = "{code}" in shape.suffix or shape.sides or shape.around
    holds = "binary" if several or seen.kind in ("binary", "low") else seen.kind
    codes = _codes(pairs, shape, seen, holds)
    # a folder "leftMask" says "left": that it holds masks is known
    plain = {code: re.sub(r"[ _-]*masks?$", "", code, flags=re.IGNORECASE) or code for code in codes}
    captions = dict(zip(codes, captions_of(plain.values(), "class").values(), strict=False))
    if (holds != "binary" and len(codes) > 1) or len(captions) < len(codes):
        captions = {code: f"Class {place}" for place, code in enumerate(codes, 1)}
    named = codes if len(codes) == len(seen.values) else codes * len(seen.values)
    rules: dict[str, Any] = {holds: dict(zip(seen.values, named, strict=True))} if holds != "binary" else {}
    if seen.background and holds != "binary":
        rules[holds][seen.background] = ""
    if holds == "binary" and seen.kind != "binary":
        rules = {"threshold": 0}  # what is above black belongs to the class of that file
    fields = {
        **where,
        "holds": holds if holds != "binary" else "",
        "label": "{folder}" if shape.around else codes[0] if holds == "binary" and not several else "",
        "tolerance": NOISE if holds == "colors" and seen.lossy else 0,
    }
    images = {pair.picture for pair in pairs}
    return Proposal(
        layout={"kind": "masks", **{name: value for name, value in fields.items() if value}},
        labels=captions,
        mask=rules,
        empty=frozenset(seen.empty),
        normal=normal_of(captions) if shape.around else "",
        evidence=(
            f"{len(images)} pictures with {len(pairs)} masks, for example {pairs[0].picture} with {pairs[0].mask}",
            f"{_told(seen, holds)}{' (JPEG: edges are grey)' if seen.lossy else ''}; classes: {', '.join(codes[:12])}",
        ),
        doubts=tuple(_doubts(shape, seen, holds, codes)),
        covered=len(images),
    )


def _codes(pairs: Sequence[Pair], shape: _Shape, seen: Peek, holds: str) -> list[str]:
    if "{code}" in shape.suffix:
        return sorted({pair.added[len(shape.suffix) - len("{code}") :] for pair in pairs}, key=natural)
    if shape.around or shape.sides:
        return list(shape.classes)
    several = holds != "binary" and len(seen.values) > 1
    return [value.removeprefix("#") for value in seen.values] if several else ["lesion"]


def _told(seen: Peek, holds: str) -> str:
    if holds == "binary" and seen.kind == "binary":
        return "masks are black and white, split at half of the range"
    if holds == "binary":
        return f"masks hold {', '.join(seen.values)} and 0: what is above 0 is the class"
    what = "number" if holds == "index" else "color"
    return f"masks hold a {what} a class: {', '.join(seen.values)} (in all {seen.seen} of them)"


def _doubts(shape: _Shape, seen: Peek, holds: str, codes: Sequence[str]) -> Iterator[str]:
    if holds != "binary" or codes == ["lesion"]:
        yield "the masks do not say what they show: name the class in [labels], [layout] and [mask]"
    if seen.mostly:
        yield "most masks fill more than half of their picture: are they inverted?"
    if shape.around:
        yield f"the folders {', '.join(codes)} are taken for the class of their masks"
    elif shape.classes and not shape.sides:
        yield f"the folders {', '.join(shape.classes)} could be the class of their masks, which no layout reads"
    if seen.lossy and holds == "colors":
        yield f"JPEG colors are blurred: every channel may be off by {NOISE}"
    if seen.failed:
        yield f"{seen.failed} of {seen.failed + seen.seen} masks looked at cannot be read"
