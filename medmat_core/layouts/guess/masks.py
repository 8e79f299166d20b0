"""Masks: a picture, and one file or several that say where something is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from medmat_core.layouts.guess.pairs import Pair, folders_of, pair_masks, reduced, suffix_of
from medmat_core.layouts.guess.peek import NOISE, Peek, peek
from medmat_core.layouts.guess.proposal import Proposal
from medmat_core.layouts.guess.survey import Survey, below, folder_of, shared, stem, templated
from medmat_core.layouts.guess.words import captions_of, natural, normal_of, split_of_path, telling, whole
from medmat_core.tree import fold

_MOST: Final = 0.6
"""More of a picture than this is no lesion."""


def guess(survey: Survey, kind: str | None = None) -> Iterator[Proposal]:
    """Masks as a proposal, if there are any; what was seen and not understood is remarked."""
    found = _looked(survey)
    if found is not None:
        yield found


@lru_cache(maxsize=1)
def _looked(survey: Survey) -> Proposal | None:
    pairs = pair_masks(survey)
    if not pairs:
        return None
    suffix = suffix_of(pairs)
    if suffix is None:
        survey.remarks.append(
            f"{len(pairs)} pictures look like masks, such as {pairs[0].mask} of {pairs[0].picture}, but their names "
            "are not those of the pictures with something behind: rename them, or pair them by readers.paired_masks"
        )
        return None
    seen, where = peek(survey.base, sorted(pair.mask for pair in pairs)), _where(survey, pairs, suffix)
    if seen.kind != "unclear" and where is not None:
        return _proposal(survey, pairs, seen, where)
    why = "they hold too many different values" if seen.seen else "none of them can be read"
    why = why if seen.kind == "unclear" else "no one name stands for all the folders that they lie in"
    survey.remarks.append(f"{len(pairs)} pictures are named like masks, for example {pairs[0].mask}, but {why}")
    return None


def skipped(survey: Survey) -> tuple[set[str], list[str]]:
    """The pictures that are masks, and what a layout leaves alone so that they are not taken for pictures."""
    found, pairs = _looked(survey), pair_masks(survey)
    if found is None and all(pair.named for pair in pairs):
        return set(), []
    masks = {pair.mask for pair in pairs}
    names = {f"{folder_of(mask).rpartition('/')[2]}/" for mask in masks}
    return masks, sorted(names) if found is None or "masks" in found.layout else [f"*{found.layout['suffix']}*"]


Where = tuple[Mapping[str, Any], Sequence[str]]
"""The layout's fields that say where pictures and masks lie, and the classes that names of files or folders say."""


def _where(survey: Survey, pairs: Sequence[Pair], suffix: str) -> Where | None:
    """None where no one name stands for all."""
    folders, many = folders_of(pairs), Counter[str]()
    codes = {pair.added[len(suffix) - len("{code}") :] for pair in pairs} if "{code}" in suffix else set()
    if all(masks == pictures for pictures, masks in folders):
        return _beside(survey, pairs, suffix, codes)
    many.update(pictures for pictures, _ in folders)
    if min(many.values()) > 1:  # several folders of masks for a picture: one a class
        codes = {masks.rpartition("/")[2] for _, masks in folders}
        both = [*dict.fromkeys((pictures, f"{folder_of(masks)}/{{code}}") for pictures, masks in folders)]
        if len(codes) * len(both) != len(folders) or "{code}" in suffix:
            return None
    else:
        both = [*dict.fromkeys(reduced(pictures, masks) for pictures, masks in folders)]
    parts = [split_of_path(pictures) for pictures, _ in both]
    made = templated(both) if whole(parts) and None not in parts else None
    # masks lie below the folder that holds the one of their pictures, under one name
    names = {(pictures.rpartition("/")[2], below(masks, folder_of(pictures))) for pictures, masks in both}
    last, inner = names.pop()
    if made is not None:
        words = dict(zip(made[1], parts, strict=True))
        where: dict[str, Any] = {"pictures": made[0][0], "masks": made[0][1], "parts": words}
    elif names or not inner or len({pictures for pictures, _ in both}) < len(both):
        return None
    else:
        pictures, masks = both[0]
        where = {"pictures": pictures if len(both) == 1 else last, "masks": inner}
        where |= survey.split({pair.picture for pair in pairs})
        where |= {"skip": [f"{masks.rpartition('/')[2]}/"]} if below(masks, pictures) else {}
    return {"suffix": suffix, **where}, sorted(codes, key=natural)


def _beside(survey: Survey, pairs: Sequence[Pair], suffix: str, codes: set[str]) -> Where:
    """Masks in the folders of their pictures, which may be the class."""
    masks = {pair.mask for pair in pairs}
    top = shared(map(folder_of, masks))
    own = [path for path in survey.pictures if path not in masks and below(path, top)]
    inner = {below(folder_of(mask), top).split("/")[0] for mask in masks}
    where = {"suffix": suffix, **survey.split(own)}
    if not codes and _are_classes(inner, len(own) + len(masks)):
        return {**where, "label": "{folder}"}, sorted(inner, key=natural)
    return {**where, "pictures": top}, sorted(codes, key=natural)


def _are_classes(names: set[str], count: int) -> bool:
    words = [name for name in names if name and telling(name) and re.search(r"[^\W\d_]{2}", name)]
    return (
        2 <= len(names) <= 12 and len(words) == len(names) and count >= 2 * len(names)
        and len({fold(re.sub(r"\d+", "", name)) for name in names}) == len(names)
        and not any(split_of_path(name) for name in names)
    )  # fmt: skip


def _proposal(survey: Survey, pairs: Sequence[Pair], seen: Peek, found: Where) -> Proposal:
    where, classes = found
    holds = "binary" if classes or seen.kind in ("binary", "low") else seen.kind
    several = holds != "binary" and len(seen.values) > 1
    codes = classes or ([value.removeprefix("#") for value in seen.values] if several else ["lesion"])
    # a folder "leftMask" says "left": that it holds masks is known
    plain = {code: re.sub(r"[ _-]*masks?$", "", code, flags=re.IGNORECASE) or code for code in codes}
    captions = dict(zip(codes, captions_of(plain.values(), "class").values(), strict=False))
    if several or len(captions) < len(codes):
        captions = {code: f"Class {place}" for place, code in enumerate(codes, 1)}
    # what is above black belongs to the class of that file, unless it is plain black and white
    rules: dict[str, Any] = {"threshold": 0} if holds == "binary" and seen.kind != "binary" else {}
    if holds != "binary":
        named = codes if several else [codes[0]] * len(seen.values)
        rules = {holds: dict(zip(seen.values, named, strict=True)) | ({seen.background: ""} if seen.background else {})}
    channel = pairs[0].channel
    others = {stem(path)[-len(channel) :] for path in survey.pictures if channel} - {channel}
    fields = {
        **where,
        "channel": channel,
        "skip": where.get("skip", []) + [f"*{other}.*" for other in sorted(others) if re.fullmatch(r"_\d+", other)],
        "holds": holds if holds != "binary" else "",
        "label": where.get("label", "" if classes or holds != "binary" else codes[0]),
        "tolerance": NOISE if holds == "colors" and seen.lossy else 0,
    }
    images = {pair.picture for pair in pairs}
    return Proposal(
        layout={"kind": "masks", **{name: value for name, value in fields.items() if value}},
        labels=captions,
        mask=rules,
        empty=frozenset(seen.empty),
        normal=normal_of(captions) if "label" in where else "",
        evidence=(
            f"{len(images)} pictures with {len(pairs)} masks, for example {pairs[0].picture} with {pairs[0].mask}",
            f"{_told(seen, holds)}{' (JPEG: edges are grey)' if seen.lossy else ''}; classes: {', '.join(codes[:12])}",
        ),
        doubts=tuple(_doubts(seen, holds, codes, around="label" in where)),
        covered=len(images),
    )


def _told(seen: Peek, holds: str) -> str:
    if holds == "binary" and seen.kind == "binary":
        return "masks are black and white, split at half of the range"
    if holds == "binary":
        return f"masks hold {', '.join(seen.values)} and 0: what is above 0 is the class"
    what = "number" if holds == "index" else "color"
    return f"masks hold a {what} a class: {', '.join(seen.values)} (in all {seen.seen} of them)"


def _doubts(seen: Peek, holds: str, codes: Sequence[str], *, around: bool) -> Iterator[str]:
    if holds != "binary" or codes == ["lesion"]:
        yield "the masks do not say what they show: name the class in [labels], [layout] and [mask]"
    if seen.filled > _MOST:
        much = f"most masks fill over {_MOST:.0%} of their picture, so that the build as proposed is wrong"
        other = "the masks are other files: see what is left unread"
        if holds == "binary":
            yield f"{much}: if black is what they mark, write invert = true under [mask]; else {other}"
        else:
            ground = f'"{seen.widest}" = "" under [mask.{holds}]'
            yield f"{much}: if that is the background, write {ground}; else {other}"
    if around:
        yield f"the folders {', '.join(codes)} are taken for the class of their masks"
    if seen.lossy and holds == "colors":
        yield f"JPEG colors are blurred: every channel may be off by {NOISE}"
    if seen.failed:
        told = f"{len(seen.failed)} of {len(seen.failed) + seen.seen}"
        yield f"masks that cannot be read: {told} looked at, such as {seen.failed[0]}"
