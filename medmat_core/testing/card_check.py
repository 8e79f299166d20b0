"""Is the card complete and well-formed: facts, labels, example tree."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from medmat_core.card import Card
from medmat_core.dataset import Dataset
from medmat_core.errors import CardError
from medmat_core.example import ExamplePicture
from medmat_core.index import NAME, Indexes
from medmat_core.model import ASKS, PARTS
from medmat_core.plugins import hooks_in, plugin_called
from medmat_core.samples.pictures import mode_of
from medmat_core.testing.report import Finding
from medmat_core.testing.tally import tried

_CHECK = "card"


def fold_caption(text: str) -> str:
    """A caption for comparison: case, blanks and punctuation folded, digits kept."""
    return re.sub(r"[\W_]+", "", text.casefold())


def check_card(card: Card) -> Iterator[Finding]:
    """Everything that can be said of the card alone."""
    for where, what, todo in chain(_facts(card), _labels(card), _example(card)):
        yield Finding(_CHECK, card.path.name, what, todo, where)
    named = {caption for expect in card.example.expect for caption in (*expect.captions, *expect.uncertain)}
    silent = [caption for caption in card.captions if caption not in named and caption != card.normal]
    if silent:
        shown = ", ".join(map(repr, silent[:5])) + (f" and {len(silent) - 5} more" if len(silent) > 5 else "")
        what = f"no picture of the example has {shown}, so a mistake there goes unseen"
        todo = "add a picture of each class to the example"
        yield Finding(_CHECK, card.path.name, what, todo, "example.expect", hint=True)


def check_index(dataset: Dataset) -> Iterator[Finding]:
    """Whether the index of the data set's package, where it has one, is current for its module."""
    package = sys.modules.get(dataset.module.partition(".")[0])
    file = Path(getattr(package, "__file__", None) or "").parent / NAME
    if package is None or "." not in dataset.module or not file.is_file():
        return
    if hooks_in(plugin_called(dataset.module)) != ["medmat_datasets"]:
        return
    if Indexes().heads(dataset.module) is None:
        yield Finding(
            _CHECK, str(file), f"what it says of {dataset.module} is not current, so it counts for nothing",
            "run: python -m medmat_core.index FOLDER (where pyproject.toml lies)",
        )  # fmt: skip


_Fault = tuple[str, str, str]


def _facts(card: Card) -> Iterator[_Fault]:
    if not re.match(r"https?://\S+$", card.source):
        yield "source", f"{card.source!r} is no address", "write where the data set is published (https://...)"
    if not card.citation.bibtex.lstrip().startswith("@"):
        yield "citation.bibtex", "there is no BibTeX entry", "write one; @misc with the address will do"
    wrong = [ask for ask in card.asks if ask not in ASKS]
    if wrong:
        yield "asks", f"{wrong[0]!r} is no form of question", f"use {', '.join(ASKS)}"
    if card.kind in ("mask", "box") and "label" in card.asks:
        yield "asks", f"a data set of kind {card.kind!r} has no label to ask about", "leave 'label' out"
    if card.kind not in ("mask", "box") and set(card.asks) - {"label"}:
        yield "asks", f"a data set of kind {card.kind!r} has no regions to ask about", "leave all but 'label' out"
    if card.outer and not card.markers:
        yield "markers", "the archive has an outer folder, but nothing says what the root holds", "name what lies in it"
    if card.folder.strip("/") != card.folder or "/" in card.folder or card.folder in (".", ".."):
        yield "folder", f"{card.folder!r} is not one folder's name", "give the folder below the data folder"
    if card.groups and not card.group_by:
        yield "group_by", "groups has a name space but nothing says what a group is", "say it in words"
    for rule in card.ignored:
        if not rule.pattern.strip() or not rule.reason.strip():
            yield "ignored", f"pattern {rule.pattern!r} has no reason", "say why the files are left alone"
    numbers = [card.counts.images, card.counts.train, card.counts.test, *card.counts.classes.values()]
    if any(number < 0 for number in numbers):
        yield "counts", "a count is negative", "leave unknown counts out"
    if card.kind in ("mask", "box") and not card.asks:
        yield "asks", "it is empty, so no question is asked of the regions", "list the asks that suit the data set"
    yield from _subset(card)


def _subset(card: Card) -> Iterator[_Fault]:
    """Does the card fit its subset. One that a plugin adds (1000 and up) is known to its own plugin only."""
    from medmat_core.subsets import load_subset, subset_index

    if card.subset >= 1000:
        return
    if card.subset not in subset_index():
        yield "subset", f"there is no subset {card.subset}", "use 1 to 53, or add one with the hook medmat_subsets"
        return
    subset = load_subset(card.subset)
    if card.no is None and subset.modality != card.modality:
        what = f"{card.modality!r}, but subset {card.subset} holds {subset.modality!r}"
        yield "modality", what, "choose a subset of the data set's own modality"
    wanted = card.asks or (() if card.kind in ("mask", "box") else ("label",))
    for ask in wanted:
        if ask in ASKS and ask not in subset.instructions:
            what = f"subset {card.subset} has no instructions for {ask!r}"
            yield "asks", what, "choose another subset, or leave it out"


def _labels(card: Card) -> Iterator[_Fault]:
    if not card.labels:
        yield "labels", "there are none", "map each code on disk to a caption"
    folded: dict[str, str] = {}
    for code, caption in card.labels.items():
        tried()
        where = f"labels.{code}"
        if not fold_caption(caption):
            yield where, "the caption is empty", "write it in plain English"
        if caption != " ".join(caption.split()) or "; " in caption:
            yield where, f"{caption!r} holds a line break, a double blank or '; '", "answers join captions with '; '"
        other = folded.setdefault(fold_caption(caption), caption)
        if other != caption:
            yield where, f"{caption!r} differs from {other!r} in case or punctuation only", "word both alike, or apart"
    if card.normal and card.normal in card.classes.catch_all:
        yield "normal", f"{card.normal!r} is listed in classes.catch_all, too", "it cannot be both"
    for caption in card.counts.classes:
        if caption not in card.captions:
            yield f"counts.classes.{caption}", "is not a caption of [labels]", "write the caption as it stands there"
    for negative, positive in card.classes.negates.items():
        if negative not in card.captions:
            yield f"classes.negates.{negative}", "is not a caption of [labels]", "write the caption as it stands there"
        if not positive.strip():
            yield f"classes.negates.{negative}", "negates nothing", "name the caption that it excludes"


def _example(card: Card) -> Iterator[_Fault]:
    if not card.example.pictures:
        yield "example.pictures", "there are none", "list the tree's pictures as they lie on disk"
    if not any(not expect.unused for expect in card.example.expect):
        yield "example.expect", "nothing is expected", "say what the pictures of the example must yield"
    drawn: dict[str, ExamplePicture] = {path: picture for picture in card.example.pictures for path in picture.paths}
    counts = Counter(path for picture in card.example.pictures for path in picture.paths)
    counts.update(file.path for file in card.example.files)
    for path, times in counts.items():
        if times > 1:
            yield "example", f"{path!r} is listed {times} times", "list each file once"
    for path, picture in drawn.items():
        tried()
        try:
            mode_of(card, path, picture)
        except CardError as error:
            yield "example.pictures", str(error).removeprefix(f"{card.path}: "), "mend the field named"
    expected: set[str] = set()
    for place, expect in enumerate(card.example.expect):
        tried()
        where = f"example.expect[{place}]"
        file, _, index = expect.image.partition("#") if expect.image not in drawn else (expect.image, "", "")
        if file not in drawn:
            yield where, f"{expect.image!r} is not among the example's pictures", "draw it, or correct the path"
        elif index and not (index.isdecimal() and int(index) < drawn[file].slices):
            yield where, f"{file!r} has no slice {index}", "count slices from 0, four digits"
        if expect.image in expected:
            yield where, f"{expect.image!r} is expected twice", "say all of a picture in one place"
        expected.add(expect.image)
        for caption in (*expect.captions, *expect.uncertain, *expect.boxes):
            if caption not in card.captions:
                yield where, f"{caption!r} is not a caption of [labels]", "write the caption as it stands there"
        if expect.split not in (None, *PARTS):
            yield where, f"{expect.split!r} is no split", "use train, val or test"
        if expect.unused and (expect.captions or expect.boxes):
            yield where, "is unused, yet has captions", "leave one of the two out"
