"""Masks: a picture, and one file or several that say where something is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from medmat_core.scaffold.pairs import Pairing, pair_masks
from medmat_core.scaffold.peek import NOISE, Peek, peek
from medmat_core.scaffold.proposal import Proposal
from medmat_core.scaffold.survey import Root, Survey, folder_of, spread, stem, templated
from medmat_core.scaffold.words import captions_of, natural, normal_of, split_names, split_rule
from medmat_core.tree import fold


def masks(survey: Survey) -> tuple[Proposal | None, Pairing | None, list[str]]:
    """Masks as a proposal, how they pair, and remarks on what was seen."""
    pairing = pair_masks(survey)
    if pairing is None:
        return None, None, []
    seen = peek(survey.base, sorted(pairing.owner))
    named = f"{len(pairing.owner)} pictures are named like masks, for example {next(iter(pairing.owner))}"
    if seen.kind == "unclear":
        what = "they hold too many different values" if seen.seen else "none of them can be read"
        return None, pairing, [f"{named}, but {what}"]
    root = survey.root(_anchors(pairing, survey))
    where = _where(pairing, root)
    if where is None:
        return None, pairing, [f"{named}, but no one name stands for all the folders that they lie in"]
    return _proposal(survey, pairing, seen, root, where), pairing, []


def skipped(pairing: Pairing) -> list[str]:
    """What a layout leaves alone, so that masks are not taken for pictures."""
    if not pairing.beside:
        return sorted({f"{part.masks.rpartition('/')[2]}/" for part in pairing.parts})
    return [f"*{pairing.added}*"]


def _where(pairing: Pairing, root: Root) -> dict[str, Any] | None:
    """The layout's fields that say where pictures and masks lie; None where they follow no rule that it knows."""
    each = "{code}" if pairing.form == "coded" else ""
    where: dict[str, Any] = {"suffix": pairing.added + each}
    if pairing.beside:
        top = root.below(pairing.parts[0].pictures)
        images = {*pairing.owner.values(), *pairing.bare}
        if not pairing.classes and len(set(map(stem, images))) < len(images):
            # one name in several folders: each folder by itself
            return where | {"pictures": sorted({folder_of(image).rpartition("/")[2] for image in images})}
        return where | ({"pictures": top} if top and not pairing.classes else {})
    code = "/{code}" if pairing.form == "sides" else ""
    pairs = [[root.below(part.pictures), root.below(part.masks) + code] for part in pairing.parts]
    splits = {part.pictures: part.split for part in pairing.parts}
    found = templated(pairs)
    if found is not None and found[1] and None not in splits.values():
        (pictures, below), words = found
        return where | {"pictures": pictures, "masks": below, "parts": dict(zip(words, splits.values(), strict=True))}
    # masks lie below the folder that holds the one of their pictures, under one name
    own = {(pictures.rpartition("/")[2], _inside(masks, folder_of(pictures))) for pictures, masks in pairs}
    last, below = own.pop()
    if own or not below:
        return None
    names = split_names(splits)
    pictures, masks = pairs[0]
    return where | {
        "pictures": pictures if len(pairs) == 1 else last,
        "masks": below,
        "split": split_rule(names) if names else {},
        "skip": [f"{masks.rpartition('/')[2]}/"] if _inside(masks, pictures) else [],
    }


def _inside(path: str, folder: str) -> str:
    """A path below a folder; "" where it lies elsewhere."""
    return path if not folder else path[len(folder) + 1 :] if path.startswith(f"{folder}/") else ""


def _proposal(survey: Survey, pairing: Pairing, seen: Peek, root: Root, where: Mapping[str, Any]) -> Proposal:
    around = pairing.beside and bool(pairing.classes)
    several = pairing.form in ("coded", "sides") or around
    holds = "binary" if several or seen.kind in ("binary", "low") else seen.kind
    codes = _codes(pairing, seen, holds)
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
        "label": "{folder}" if around else codes[0] if holds == "binary" and not several else "",
        "tolerance": NOISE if holds == "colors" and seen.lossy else 0,
    }
    images = sorted(set(pairing.owner.values()))
    parts = {part.split for part in pairing.parts}
    first = min(pairing.owner)
    return Proposal(
        layout={"kind": "masks", **{name: value for name, value in fields.items() if value}},
        kind="mask",
        labels=captions,
        root=root,
        mask=rules,
        parts=frozenset(parts),
        has_negatives=bool(seen.empty) or any("normal" in fold(code) for code in codes),
        empty=frozenset(seen.empty),
        normal=normal_of(captions) if around else "",
        evidence=(
            f"{len(images)} pictures with {len(pairing.owner)} masks, for example {pairing.owner[first]} with {first}",
            f"{_told(seen, holds)}{' (JPEG: edges are grey)' if seen.lossy else ''}; classes: {', '.join(codes[:12])}",
            *(
                [f"official parts by folder: {', '.join(p.pictures for p in pairing.parts)}"]
                if None not in parts
                else []
            ),
        ),
        doubts=tuple(_doubts(pairing, seen, holds, codes)),
        covered=len(images),
    )


def _codes(pairing: Pairing, seen: Peek, holds: str) -> list[str]:
    if pairing.form == "coded":
        return sorted({pairing.code_of(mask) for mask in pairing.owner}, key=natural)
    if pairing.classes and (pairing.beside or pairing.form == "sides"):
        return sorted(pairing.classes, key=natural)
    several = holds != "binary" and len(seen.values) > 1
    return [value.removeprefix("#") for value in seen.values] if several else ["lesion"]


def _anchors(pairing: Pairing, survey: Survey) -> list[str]:
    """Paths whose common folder is the root."""
    found: list[str] = []
    for part in pairing.parts:
        both = (part.pictures, part.masks)
        for folder in dict.fromkeys(both):
            inside = any(o != folder and f"{o}/".startswith(f"{folder}/" if folder else "") for o in both)
            if folder and not pairing.beside and not inside:
                found.append(folder)
                continue
            cut = len(folder) + 1 if folder else 0
            below = [path for path in survey.pictures if not folder or path.startswith(f"{folder}/")]
            tops = {path[:cut] + path[cut:].split("/")[0] for path in below}
            # folders are better markers than hundreds of pictures
            flat = tops & set(below)
            found += sorted(tops - flat) or spread(sorted(flat), 12)
    return found


def _told(seen: Peek, holds: str) -> str:
    if holds == "binary" and seen.kind == "binary":
        return "masks are black and white, split at half of the range"
    if holds == "binary":
        return f"masks hold {', '.join(seen.values)} and 0: what is above 0 is the class"
    what = "number" if holds == "index" else "color"
    return f"masks hold a {what} a class: {', '.join(seen.values)} (in all {seen.seen} of them)"


def _doubts(pairing: Pairing, seen: Peek, holds: str, codes: Sequence[str]) -> Iterator[str]:
    if holds != "binary" or codes == ["lesion"]:
        yield "the masks do not say what they show: name the class in [labels], [layout] and [mask]"
    if pairing.bare:
        yield (
            f"{len(pairing.bare)} pictures have no mask, such as {pairing.bare[0]}: they are refused as missing_mask; "
            'if it means that nothing was found, write missing = "negative" under [mask]'
        )
    if seen.mostly:
        yield "most masks fill more than half of their picture: are they inverted?"
    if pairing.classes and pairing.beside:
        yield f"the folders {', '.join(codes)} are taken for the class of their masks"
    elif pairing.classes and pairing.form != "sides":
        yield f"the folders {', '.join(pairing.classes)} could be the class of their masks, which no layout reads"
    if seen.lossy and holds == "colors":
        yield f"JPEG colors are blurred: every channel may be off by {NOISE}"
    if seen.failed:
        yield f"{seen.failed} of {seen.failed + seen.seen} masks looked at cannot be read"
