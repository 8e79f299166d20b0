"""The adapter of a data set with masks, as Python text."""

from __future__ import annotations

import re
from collections import Counter

from medmat_core.scaffold.masks_pair import Pairing
from medmat_core.scaffold.proposal import Code
from medmat_core.scaffold.quoting import python_doc, python_raw, python_text
from medmat_core.scaffold.survey import Root
from medmat_core.scaffold.words import STANDARD
from medmat_core.tree import fold

_INDEX = "readers.IndexMask(mask, tuple((int(value), code) for value, code in card.mask.index.items()))"


def mask_code(pairing: Pairing, root: Root, kind: str, codes: list[str]) -> Code:
    """The adapter: a pair of folders inline, several in a loop; ``codes`` are the classes in card order."""
    if pairing.form == "sides":
        return _sides(pairing, root, kind)
    if pairing.form != "one":
        return _several(pairing, root, kind, codes)
    return _single(pairing, root, kind, codes)


def _single(pairing: Pairing, root: Root, kind: str, codes: list[str]) -> Code:
    how, rest, modules = _made(pairing, root, kind, codes)
    split = any(part.split for part in pairing.parts)
    if pairing.exchanged is None and len(pairing.parts) == 1 and len(pairing.endings) == 1:
        part = pairing.parts[0]
        pictures, masks = root.below(part.pictures), root.below(part.masks)
        ending = pairing.endings[0]
        image = next(iter(pairing.owner.values()))
        mask = next(mask for mask, owner in pairing.owner.items() if owner == image)
        if pictures == masks:
            path = f'image.rpartition(".")[0] + {python_text(ending)}'
        else:
            cut = f".removeprefix({python_text(pictures)})" if pictures else ""
            lead = python_text(masks if pictures else f"{masks}/")
            path = f'{lead} + image.rpartition(".")[0]{cut} + {python_text(ending)}'
        body = (
            "def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:\n"
            f"    return readers.paired_masks(tree, {_images(pictures, masks, pairing)}, mask_of, {how})\n\n\n"
            "def mask_of(image: str) -> str:\n"
            f'    """{_told(root.below(image), root.below(mask))}"""\n'
            f"    return {path}\n"
        )
        return Code(body + rest, ("MaskSample",), modules)
    head, loop = _loop(pairing, root)
    ends = f"ENDINGS = ({', '.join(python_text(ending) for ending in pairing.endings)},)\n"
    about = "# what stands in a mask's name for the picture's suffix\n"
    hand = ", split" if split else ""
    take = ", split: readers.Split | None" if split else ""
    use = ", split=lambda _: split" if split else ""
    body = (
        f"{head}{about}{ends}\n\n"
        "def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:\n"
        f"{loop}"
        f"        yield from part(tree, card, pictures, masks{hand})\n\n\n"
        f"def part(tree: readers.Tree, card: Card, pictures: str, masks: str{take}) -> Iterator[MaskSample]:\n"
        "    def mask_of(image: str) -> str:\n"
        '        stem = masks + image.rpartition(".")[0].removeprefix(pictures)\n'
        "        there = (stem + ending for ending in ENDINGS if tree.exists(stem + ending))\n"
        "        return next(there, stem + ENDINGS[0])\n\n"
        f"    return readers.paired_masks(tree, {_listed(pairing)}, mask_of, {how}{use})\n"
    )
    return Code(body + rest, ("MaskSample",), modules)


def _told(image: str, mask: str) -> str:
    """What a docstring says of a pair."""
    one, two = python_doc(image), python_doc(mask)
    return f"{one} -> {two}." if len(one + two) < 100 else f"{one}\n    -> {two}.\n    "


def _several(pairing: Pairing, root: Root, kind: str, codes: list[str]) -> Code:
    """Several masks a picture: numbered, or one a class."""
    sign = re.escape(pairing.added)
    if pairing.form == "coded":
        # what stands behind the last sign is the class, known or not: the build refuses one that the card lacks
        name = rf"(.+){sign}([^{sign}]+)" if len(pairing.added) == 1 else rf"(.+){sign}(.+)"
        if any(pairing.added in code for code in codes):
            name = rf"(.+?){sign}({'|'.join(map(re.escape, codes))})"
        code = "name[2]"
    else:
        name = rf"(.+?){sign}(?:[ _-]*\d+)?"
        code = "class_of(path, card)" if pairing.classes else python_text(codes[0])
    threshold = ", card.mask.threshold" if kind == "low" else ""
    head, loop = _loop(pairing, root)
    split = any(part.split for part in pairing.parts)
    hand, take = (", split", ", split: readers.Split | None") if split else ("", "")
    use = ", split=split" if split else ""
    key = 'path.rpartition(".")[0]' if pairing.beside else 'path.rpartition(".")[0].removeprefix(masks)'
    picture = "name[1]" if pairing.beside else "pictures + name[1]"
    body = (
        f"NAME = re.compile({python_raw(name)}, re.IGNORECASE)\n{head}\n\n"
        "def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:\n"
        f"{loop}"
        f"        yield from part(tree, card, pictures, masks{hand})\n\n\n"
        f"def part(tree: readers.Tree, card: Card, pictures: str, masks: str{take}) -> Iterator[MaskSample]:\n"
        "    own: dict[str, list[readers.MaskFile]] = {}\n"
        "    for path in tree.images(masks):\n"
        f"        if name := NAME.fullmatch({key}):\n"
        f"            own.setdefault({picture}, []).append(readers.MaskFile(path, {code}{threshold}))\n"
        f"    for image in {_listed(pairing)}:\n"
        '        found = own.pop(image.rpartition(".")[0], [])\n'
        '        if found or card.mask.missing == "negative":\n'
        f"            yield MaskSample(image, tuple(found){use})\n"
        "        else:\n"
        '            tree.report("missing_mask", image, "no mask is named after it")\n'
        "    for orphans in own.values():\n"
        '        tree.report("missing_image", str(orphans[0].path), "the mask belongs to no picture")\n'
    )
    rest = _class_of(pairing) if pairing.classes else ""
    return Code(body + rest, ("MaskSample",), ("re",))


def _sides(pairing: Pairing, root: Root, kind: str) -> Code:
    """A folder of masks a class."""
    threshold = ", card.mask.threshold" if kind == "low" else ""
    split = any(part.split for part in pairing.parts)
    counts = Counter(pairing.owner.values())
    # where every picture has a mask of every class, one that lacks some is a fault
    needed = "len(found) == len(masks)" if set(counts.values()) == {len(pairing.classes)} else "found"
    lines: list[str] = []
    for pictures in dict.fromkeys(part.pictures for part in pairing.parts):
        own = [part for part in pairing.parts if part.pictures == pictures]
        inner = "".join(
            f"            ({python_text(root.below(part.masks))}, {python_text(part.ending)}, "
            f"{python_text(part.masks.rpartition('/')[2])}),\n"
            for part in own
        )
        end = f", {python_text(own[0].split) if own[0].split else None}" if split else ""
        lines.append(
            f"    (\n        {python_text(root.below(pictures))},\n        (\n{inner}        ){end},\n    ),\n"
        )
    types = "str, tuple[tuple[str, str, str], ...]" + (", readers.Split | None" if split else "")
    body = (
        "# pictures; folder of masks, what stands there for the picture's suffix, class"
        + ("; official part" if split else "")
        + f"\nPARTS: tuple[tuple[{types}], ...] = (\n{''.join(lines)})\n\n\n"
        "def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:\n"
        f"    for pictures, masks{', split' if split else ''} in PARTS:\n"
        "        for image in tree.images(pictures):\n"
        '            stem = image.rpartition(".")[0].removeprefix(pictures)\n'
        "            paths = [(folder + stem + ending, code) for folder, ending, code in masks]\n"
        f"            found = [readers.MaskFile(path, code{threshold}) for path, code in paths if tree.exists(path)]\n"
        f'            if {needed} or card.mask.missing == "negative":\n'
        f"                yield MaskSample(image, tuple(found){', split=split' if split else ''})\n"
        "            else:\n"
        '                missing = ", ".join(path for path, _ in paths if not tree.exists(path))\n'
        '                tree.report("missing_mask", image, f"not there: {missing}")\n'
    )
    return Code(body, ("MaskSample",))


def _made(pairing: Pairing, root: Root, kind: str, codes: list[str]) -> tuple[str, str, tuple[str, ...]]:
    """Arguments that make the mask, functions they need, modules those need."""
    missing = "missing=card.mask.missing"
    if pairing.classes:
        threshold = ", card.mask.threshold" if kind == "low" else ""
        make = f"make=lambda image, mask: readers.MaskFile(mask, class_of(image, card){threshold})"
        return f"{make}, {missing}", _class_of(pairing), ()
    if kind == "index":
        return f"make=lambda _, mask: {_INDEX}, {missing}", "", ()
    if kind == "colors":
        tolerance = ", 40" if all(ending.lower().endswith(("jpg", "jpeg")) for ending in pairing.endings) else ""
        return f"make=lambda _, mask: readers.ColorMask(mask, readers.palette(card){tolerance}), {missing}", "", ()
    threshold = ", threshold=card.mask.threshold" if kind == "low" else ""
    return f"code={python_text(codes[0])}{threshold}, {missing}", "", ()


def _class_of(pairing: Pairing) -> str:
    return (
        "\n\ndef class_of(path: str, card: Card) -> str:\n"
        '    """The folder that says the class; the picture\'s own where none does, for the build to refuse."""\n'
        '    folders = path.split("/")[:-1]\n'
        "    return next((name for name in folders if name in card.labels), folders[-1])\n"
    )


def _images(pictures: str, masks: str, pairing: Pairing) -> str:
    """An expression for the pictures of one pair of folders."""
    if pictures == masks:
        listed = f"(path for path in tree.images({python_text(pictures)}) if not path.endswith({_ends(pairing)}))"
        return listed.replace('tree.images("")', "tree.images()")
    if f"{masks}/".startswith(f"{pictures}/" if pictures else ""):
        inside = python_text(f"{masks}/")
        listed = f"(path for path in tree.images({python_text(pictures)}) if not path.startswith({inside}))"
        return listed.replace('tree.images("")', "tree.images()")
    return f"tree.images({python_text(pictures)})"


def _ends(pairing: Pairing) -> str:
    ends = [python_text(ending) for ending in pairing.endings]
    return ends[0] if len(ends) == 1 else f"({', '.join(ends)})"


def _listed(pairing: Pairing) -> str:
    """The pictures of a part, inside the loop."""
    if pairing.beside and pairing.form == "one":
        return "(path for path in tree.images(pictures) if not path.endswith(ENDINGS))"
    if pairing.beside:
        return '[path for path in tree.images(pictures) if not NAME.fullmatch(path.rpartition(".")[0])]'
    if any(f"{part.masks}/".startswith(f"{part.pictures}/" if part.pictures else "") for part in pairing.parts):
        return '(path for path in tree.images(pictures) if not path.startswith(f"{masks}/"))'
    return "tree.images(pictures)"


def _loop(pairing: Pairing, root: Root) -> tuple[str, str]:
    """The constant that the loop over parts needs, and the loop's head."""
    split = any(part.split for part in pairing.parts)
    if pairing.exchanged is not None:
        pictures, masks = map(python_text, pairing.exchanged)
        head = f'        masks = readers.mask_beside(f"{{pictures}}/", {pictures}, {masks})[:-1]\n'
        parts = ""
        if split:
            names = {name for part in pairing.parts for name in part.pictures.split("/")}
            known = {fold(name) for name in names} & STANDARD
            parts = '        split = readers.split_of(f"{pictures}/")\n' if known else "        split = None\n"
        return "", f"    for pictures in tree.folders({pictures}):\n{head}{parts}"
    types = "str, str, readers.Split | None" if split else "str, str"
    lines = "".join(
        f"    ({python_text(root.below(part.pictures))}, {python_text(root.below(part.masks))}"
        + (f", {python_text(part.split) if part.split else None}" if split else "")
        + "),\n"
        for part in pairing.parts
    )
    head = "pictures, masks, split" if split else "pictures, masks"
    return f"PARTS: tuple[tuple[{types}], ...] = (\n{lines})\n", f"    for {head} in PARTS:\n"
