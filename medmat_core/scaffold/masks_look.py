"""Masks: a picture, and one file or several that say where something is."""

from __future__ import annotations

import re
from collections import Counter

from attrs import evolve

from medmat_core.card import ExamplePicture
from medmat_core.scaffold.masks_code import mask_code
from medmat_core.scaffold.masks_pair import Pairing, pair_masks
from medmat_core.scaffold.masks_peek import Peek, looks_like_masks, peek
from medmat_core.scaffold.proposal import EXAMPLE_SIZE, SPOTS, Box4, Proposal, Shown
from medmat_core.scaffold.quoting import python_text
from medmat_core.scaffold.survey import Survey, group_hint, spread, stem, suffix
from medmat_core.scaffold.words import captions_of, natural, normal_of
from medmat_core.tree import fold


def look_at_masks(survey: Survey) -> tuple[Proposal | None, Pairing | None, tuple[str, ...]]:
    """Masks as a proposal, how they pair, and remarks on what was seen."""
    pairing = pair_masks(survey, lambda paths: looks_like_masks(survey.base, paths))
    if pairing is None:
        return None, None, ()
    seen = peek(survey.base, sorted(pairing.owner))
    if seen.kind == "unclear":
        what = "none of them can be read" if not seen.seen else "they hold too many different values"
        return None, pairing, (
            f"{len(pairing.owner)} pictures are named like masks, for example {next(iter(pairing.owner))}, but {what}",
        )  # fmt: skip
    codes = _codes(pairing, seen)
    if seen.kind in ("index", "colors", "low") and (pairing.form != "one" or pairing.classes):
        # several files a picture, or a folder a class: what is above black belongs to that class
        seen = evolve(seen, kind="binary" if seen.kind == "colors" else "low")
    return _proposal(survey, pairing, seen, codes), pairing, ()


def _codes(pairing: Pairing, seen: Peek) -> list[str]:
    if pairing.form == "sides":
        return sorted(pairing.classes, key=natural)
    if pairing.form == "coded":
        return sorted({code_of(mask, image, pairing.added) for mask, image in pairing.owner.items()}, key=natural)
    if pairing.classes:
        return list(pairing.classes)
    if seen.kind == "index" and len(seen.values) > 1:
        return [str(value) for value in seen.values]
    if seen.kind == "colors" and len(seen.colors) > 1:
        return [color.removeprefix("#") for color in seen.colors]
    return ["lesion"]


def code_of(mask: str, image: str, sign: str) -> str:
    """The class that a mask's name adds to its picture's: ('m/x_HGD.tif', 'i/x.jpg', '_') -> 'HGD'."""
    return stem(mask)[len(stem(image)) + len(sign) :]


def _proposal(survey: Survey, pairing: Pairing, seen: Peek, codes: list[str]) -> Proposal:
    root = survey.root(_anchors(pairing, survey))
    rules, listed = _rules(seen, codes)
    # a folder "leftMask" says "left": that it holds masks is known
    plain = captions_of([re.sub(r"[ _-]*masks?$", "", code, flags=re.IGNORECASE) or code for code in codes], "class")
    labels = dict(zip(codes, plain.values(), strict=False)) if len(plain) == len(codes) else captions_of(codes, "class")
    if listed == "numbered":
        labels = {code: f"Class {place}" for place, code in enumerate(codes, 1)}
    owned: dict[str, list[str]] = {}
    for mask, image in pairing.owner.items():
        owned.setdefault(image, []).append(mask)
    picked = _picked(pairing, owned)
    first = next(iter(picked))
    pictures: list[ExamplePicture] = []
    shown: list[Shown] = []
    for image, place in picked.items():
        found, drawn = _drawn(pairing, seen, codes, rules, image, sorted(owned[image]), place)
        pictures += [ExamplePicture((image,), EXAMPLE_SIZE, mode=_mode(image)), *drawn]
        shown.append(found)
    all_split = bool(pairing.parts) and all(part.split for part in pairing.parts)
    negatives = seen.empty > 0 or any("normal" in fold(code) for code in codes)
    guess = listed == "numbered" or codes == ["lesion"]
    doubts = [
        *(["the masks do not say what they show: name the class in [labels] and in the adapter"] if guess else []),
        *([f"{len(pairing.bare)} pictures have no mask, such as {pairing.bare[0]}: they are refused as missing_mask; "
           'if it means that nothing was found, write missing = "negative" under [mask]'] if pairing.bare else []),
        *(["most masks fill more than half of their picture: are they inverted?"] if seen.mostly else []),
        *([f"the folders {', '.join(codes)} are taken for the class of their masks"] if pairing.classes else []),
        *(["JPEG colours are blurred: every channel may be off by 40"] if seen.lossy and seen.kind == "colors" else []),
        *([f"{seen.failed} of {seen.failed + seen.seen} masks looked at cannot be read"] if seen.failed else []),
        *([f"only {seen.seen} of {len(pairing.owner)} masks were looked at: others may hold further values"]
          if seen.kind in ("index", "colors") and seen.seen < len(pairing.owner) else []),
    ]  # fmt: skip
    code = mask_code(pairing, root, seen.kind, codes)
    return Proposal(
        layout="masks",
        kind="mask",
        labels=labels,
        root=root.path,
        markers=root.markers,
        code=code,
        doc=_doc(pairing),
        pictures=tuple(pictures),
        shown=tuple(shown),
        mask=rules,
        unprotected=not all_split,
        validation_is_test=all_split and not any(part.split == "test" for part in pairing.parts),
        has_negatives=negatives,
        normal=normal_of(labels) if pairing.classes else "",
        suggestion=group_hint(sorted(owned)),
        evidence=(
            f"{len(owned)} pictures with {len(pairing.owner)} masks, for example {first} with {min(owned[first])}",
            _what(seen, codes),
            *([f"official parts by folder: {', '.join(part.pictures for part in pairing.parts)}"] if all_split else []),
        ),
        doubts=tuple(doubts),
        covered=len(owned),
        classes=_counts(pairing, codes, owned),
    )


def _counts(pairing: Pairing, codes: list[str], owned: dict[str, list[str]]) -> Counter[str]:
    """Pictures by class, where names tell it."""
    if pairing.form == "coded":
        return Counter(code_of(mask, image, pairing.added) for mask, image in pairing.owner.items())
    if pairing.form == "sides":
        return Counter(_folder_class(mask, codes) or "" for mask in pairing.owner)
    if pairing.classes:
        return Counter(code for image in owned if (code := _folder_class(image, codes)) is not None)
    return Counter({codes[0]: len(owned)}) if len(codes) == 1 else Counter()


def _anchors(pairing: Pairing, survey: Survey) -> list[str]:
    """Paths whose common folder is the root."""
    if pairing.exchanged is not None:
        return [part.pictures.rpartition("/")[0] or part.pictures for part in pairing.parts]
    found: list[str] = []
    for part in pairing.parts:
        for folder in {part.pictures, part.masks}:
            inside = any(other != folder and f"{other}/".startswith(f"{folder}/" if folder else "") for other in
                         (part.pictures, part.masks))  # fmt: skip
            if folder and not pairing.beside and not inside:
                found.append(folder)
            elif pairing.beside or inside:
                below = [path for path in survey.pictures if not folder or path.startswith(f"{folder}/")]
                cut = len(folder) + 1 if folder else 0
                names = {path[cut:].split("/")[0]: path[:cut] for path in below}
                tops = {f"{above}{name}" for name, above in names.items()}
                # folders are better markers than hundreds of pictures
                flat = [name for name in tops if name in set(below)]
                found += sorted(tops - set(flat)) or spread(sorted(flat), 12)
    return found


def _rules(seen: Peek, codes: list[str]) -> tuple[dict[str, object], str]:
    """The card's [mask] table, and whether classes are mere numbers."""
    if seen.kind == "low":
        return {"threshold": 0}, ""
    if seen.kind == "index":
        if len(codes) == 1:
            return {"index": {str(value): codes[0] for value in seen.values}}, ""
        return {"index": dict(zip(map(str, seen.values), codes, strict=True))}, "numbered"
    if seen.kind == "colors":
        if len(codes) == 1:
            return {"colors": dict.fromkeys(seen.colors, codes[0])}, ""
        return {"colors": dict(zip(seen.colors, codes, strict=True))}, "numbered"
    return {}, ""


def _picked(pairing: Pairing, owned: dict[str, list[str]]) -> dict[str, int]:
    """Pictures for the example: of each part and class a few, those with the most masks first; each with its number
    within its kind, which decides where its regions are drawn.

    One in six goes to test, so that three of a kind leave two in train: enough for a round of boxes and places.
    """
    kinds: dict[object, list[str]] = {}
    for image in sorted(owned):
        part = next((part.pictures for part in pairing.parts if image.startswith(part.pictures)), "")
        told = tuple(code_of(m, image, pairing.added) for m in sorted(owned[image])) if pairing.form == "coded" else ()
        kinds.setdefault((part, _folder_class(image, pairing.classes), told), []).append(image)
    chosen: dict[str, int] = {}
    for number, images in enumerate(list(kinds.values())[:40]):
        each = 4 if len(kinds) == 1 else 3 if number < 8 else 1
        most = max(images, key=lambda image: len(owned[image]))
        some = dict.fromkeys([*([most] if len(owned[most]) > 1 else []), *images[:each]])
        chosen |= {image: place for place, image in enumerate(sorted(some))}
    return dict(sorted(chosen.items()))


def _folder_class(image: str, classes: tuple[str, ...] | list[str]) -> str | None:
    known = set(classes)
    return next((name for name in image.split("/")[:-1] if name in known), None)


def _drawn(
    pairing: Pairing, seen: Peek, codes: list[str], rules: dict[str, object], image: str, masks: list[str], place: int
) -> tuple[Shown, list[ExamplePicture]]:
    """What one picture of the example says, and its masks as drawings."""
    split = next((part.split for part in pairing.parts if image.startswith(part.pictures)), None)
    folder = _folder_class(image, pairing.classes) if pairing.form != "sides" else None
    boxes: dict[str, tuple[Box4, ...]] = {}
    drawn: list[ExamplePicture] = []
    for number, mask in enumerate(masks):
        spot = SPOTS[(place + number) % len(SPOTS)]
        shapes: list[dict[str, object]] = []
        if folder is not None and "normal" in fold(folder):
            pass  # black: nothing is there
        elif seen.kind in ("index", "colors") and len(codes) > 1:
            values = _values(seen)
            for step in range(2):
                # a class moves from picture to picture, and one lies where another was: boxes, places and
                # structures can be asked
                at = step if len(codes) == 2 else (place + 1 - step) % len(codes)
                where = SPOTS[(place + step) % len(SPOTS)]
                shapes.append({"box": list(where), "value": values[at]})
                boxes[codes[at]] = (*boxes.get(codes[at], ()), where)
        else:
            if pairing.form == "coded":
                code = code_of(mask, image, pairing.added)
            else:
                code = (_folder_class(mask, codes) if pairing.form == "sides" else folder) or codes[0]
            shapes.append({"box": list(spot), "value": _foreground(seen)})
            boxes[code] = (*boxes.get(code, ()), spot)
        # a mask without shapes is drawn black by its background; without both a phantom would be drawn
        drawn.append(
            ExamplePicture((mask,), EXAMPLE_SIZE, mode=_mask_mode(mask, seen), shapes=tuple(shapes), background=0)
        )
    ordered = {code: tuple(sorted(boxes[code])) for code in codes if code in boxes}
    return Shown(image, tuple(ordered), split=split, boxes=ordered), drawn


def _values(seen: Peek) -> list[object]:
    if seen.kind == "colors":
        return [[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in seen.colors]
    return list(seen.values)


def _foreground(seen: Peek) -> object:
    if seen.kind in ("low", "index") and seen.values:
        return seen.values[0]
    if seen.kind == "colors":
        return _values(seen)[0]
    return 65535 if seen.mode == "I;16" else 255


def _mask_mode(mask: str, seen: Peek) -> str:
    kind = suffix(mask).lower()
    mode = "RGB" if seen.kind == "colors" else seen.mode
    if kind in (".jpg", ".jpeg"):
        return "RGB" if mode in ("RGB", "RGBA") else "L"
    return {".gif": "P" if mode == "P" else "L", ".pgm": "L", ".ppm": "RGB"}.get(kind, mode)


def _mode(image: str) -> str:
    return "L" if suffix(image).lower() in (".pgm", ".gif") else "RGB"


def _doc(pairing: Pairing) -> str:
    mask = next(iter(pairing.owner))
    return f"the mask of {pairing.owner[mask]} is {mask}"


def _what(seen: Peek, codes: list[str]) -> str:
    told = {
        "binary": "masks are black and white, split at half of the range",
        "low": f"masks hold {', '.join(map(str, seen.values))} and 0, so the threshold is 0",
        "index": f"masks hold a number a class: {', '.join(map(str, seen.values))}",
        "colors": f"masks hold a colour a class: {', '.join(seen.colors)}",
    }[seen.kind]
    jpeg = " (JPEG: edges are grey)" if seen.lossy else ""
    return f"{told}{jpeg}; classes: {', '.join(codes[:12])}"


def mask_patterns(pairing: Pairing) -> tuple[str, ...]:
    """Python conditions over ``path`` that tell a mask, for adapters that leave masks alone."""
    if not pairing.beside:
        folders = sorted({part.masks.rpartition("/")[2] for part in pairing.parts})
        return tuple(f'{python_text(f"/{name}/")} in f"/{{path}}"' for name in folders)
    return (f'{python_text(re.sub(r"[0-9]+$", "", pairing.added))} in path.rpartition("/")[2]',)
