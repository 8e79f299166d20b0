"""Cards: the facts of a data set as TOML, structured into frozen classes.

A card has two parts. Its *head* (every top-level key) says what the data set is and where it comes from;
the tables below it say how labels, masks and the example tree look. The index of a plugin package holds heads
only (:mod:`medmat_core.catalog`), so that ``medmat list`` reads no card.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from attrs import Factory, field, frozen

from medmat_core._structure import must, structure
from medmat_core.download_entries import ByHand, Download
from medmat_core.errors import CardError
from medmat_core.example import Example
from medmat_core.images.colors import parse_color
from medmat_core.model import REASONS
from medmat_core.verified import Verified

Access = Literal["open", "account", "competition", "credentialed"]
Kind = Literal["single-label", "multi-label", "ordinal", "mask", "box"]

_is_slug = must(
    re.compile(r"[a-z0-9]+(-[a-z0-9]+)*").fullmatch,
    "must be lower-case letters and digits with single hyphens, such as 'ct-kidney'",
)
_positive = must(lambda number: number >= 1, "must be a positive number")
_is_reason = must(REASONS.__contains__, "{!r} is no reason; take one of medmat_core.model.REASONS")
_filled = must(str.strip, "must not be empty")
_are_values = must(
    re.compile(r"-?[0-9]{1,9}").fullmatch, "{!r} is no value of a mask; write a whole number, such as '3'", iter
)


def _are_colors(instance: Any, attribute: Any, value: Mapping[str, str]) -> None:
    for text in value:
        parse_color(text)


@frozen(kw_only=True, slots=False, eq=False)
class Head:
    """The top-level keys of a card.

    ``no`` is the row of Med-MAT's table (None for a third party's data set). ``modality``, ``area``,
    ``task`` and ``subset`` are Med-MAT's own strings and number; ``modality_shown`` and ``area_shown`` are
    what questions say. ``markers`` are names of files or folders (shell patterns, case folded) that lie in
    the data set's own root, by which it is found inside whatever outer folders an unzip left.
    ``aliases`` are other names of its folder: the archive's own, a former one, the right spelling.
    ``outer`` is the archive's outer folder. ``validation`` says whether an official validation part counts
    as "train" or as "test" (where no labelled test part is published). ``groups`` names the group namespace
    (default: the slug), ``group_by`` what a group is in words. ``shared_groups``: other data sets use the namespace
    for the same pictures, so that sides go by hash alone.
    ``normal`` is the caption that means "nothing found". ``blank_is_absent``: a class that a multi-label
    table does not mark is absent. ``unprotected``: no split and no id at all, so near copies of one patient
    may lie on both sides.
    """

    slug: str = field(validator=_is_slug)
    title: str = field(validator=_filled)
    folder: str = field(validator=_filled)
    modality: str = field(validator=_filled)
    area: str = field(validator=_filled)
    task: str = field(validator=_filled)
    subset: int = field(validator=_positive)
    kind: Kind
    modality_shown: str = field(validator=_filled)
    area_shown: str = field(validator=_filled)
    source: str = field(validator=_filled)
    access: Access
    license: str = field(validator=_filled)
    no: int | None = None
    aliases: tuple[str, ...] = ()
    source_note: str = ""
    archives: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    outer: str = ""
    validation: Literal["train", "test"] = "train"
    groups: str = ""
    group_by: str = ""
    shared_groups: bool = False
    unprotected: bool = False
    normal: str = ""
    blank_is_absent: bool = False
    asks: tuple[str, ...] = ()
    corrections: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    extra: str = ""

    @property
    def namespace(self) -> str:
        """The group namespace: data sets that share pictures share it, and so agree on splits."""
        return self.groups or self.slug


@frozen
class Counts:
    """Published counts: pictures in all, and per caption (0 or missing: not published)."""

    images: int = 0
    train: int = 0
    test: int = 0
    classes: Mapping[str, int] = Factory(dict)


@frozen
class Classes:
    """How a data set's own captions relate.

    ``catch_all`` captions ("Other diseases") are never distractors. ``nested`` pairs (wider, narrower) and
    ``overlapping`` pairs can both be true of one picture, so they never meet in a question. ``anatomy``
    captions name a place and no finding; they are never distractors for a finding. ``negates`` maps
    "No X" captions to X. ``same`` and ``wider`` carry a third party's relations to captions of its subset.
    ``one_label`` says by which protocol a picture has one label although, by what the captions mean, several could
    be true of it: then they may meet in a question, for it asks for the main one. ``nested`` and ``overlapping``
    pairs never meet all the same.
    """

    catch_all: tuple[str, ...] = ()
    nested: tuple[tuple[str, str], ...] = ()
    overlapping: tuple[tuple[str, str], ...] = ()
    anatomy: tuple[str, ...] = ()
    negates: Mapping[str, str] = Factory(dict)
    same: tuple[tuple[str, str], ...] = ()
    wider: Mapping[str, tuple[str, ...]] = Factory(dict)
    one_label: str = ""


@frozen
class MaskRules:
    """How masks are read. ``threshold`` in stored values (None: half of the range), ``min_area`` in pixels
    (None: the floor of all data sets), ``index`` value -> code, ``colors`` "#rrggbb" -> code ("" for what is in
    masks and belongs to no class: all that a mask holds must be named, but for 0 and black),
    ``missing`` says what a missing mask file means, ``window`` (center, width) renders DICOM."""

    threshold: float | None = None
    invert: bool = False
    min_area: int | None = None
    index: Mapping[str, str] = field(factory=dict, validator=_are_values)
    colors: Mapping[str, str] = field(factory=dict, validator=_are_colors)
    missing: Literal["problem", "negative"] = "problem"
    window: tuple[float, float] | None = None


@frozen
class Ignored:
    """Files left alone on purpose: a shell pattern, and why.

    The pattern may match a file's path below the data set's folder, its path below the data set's root (so that the
    archive's outer folders do not matter), or its bare name.
    """

    pattern: str
    reason: str

    def matches(self, path: str, prefix: str = "") -> bool:
        """Whether this rule leaves a file alone; see :meth:`Card.ignores`."""
        return any(fnmatch.fnmatchcase(name, self.pattern) for name in _names(path, prefix))


def _names(path: str, prefix: str) -> tuple[str, ...]:
    name = path.rpartition("/")[2]
    return (path, path[len(prefix) :], name) if prefix and path.startswith(prefix) else (path, name)


@frozen
class Published:
    """What Med-MAT's published files say of this data set.

    ``captions`` maps codes of ``[labels]`` to Med-MAT's wording, where it is known (several labels of one picture are
    joined by ', ' there). ``mistaken`` are shell patterns of files shown as pictures that are none (masks).
    """

    captions: Mapping[str, str] = Factory(dict)
    mistaken: tuple[str, ...] = ()


@frozen
class Known:
    """Problems that a whole, unchanged copy holds.

    ``reason`` is one of ``medmat_core.model.REASONS``, ``count`` how many such problems there are (0: not known),
    ``files`` are shell patterns over paths below the data set's folder (none: any file).
    """

    reason: str = field(validator=_is_reason)
    note: str = field(validator=_filled)
    count: int = 0
    files: tuple[str, ...] = ()

    def covers(self, reason: str, path: str) -> bool:
        """Whether a problem of this reason over this file is the known one."""
        return reason == self.reason and any(fnmatch.fnmatchcase(path, pattern) for pattern in self.files or ("*",))


@frozen
class Citation:
    """How to cite the data set."""

    bibtex: str = ""


@frozen(kw_only=True, slots=False, eq=False)
class Card(Head):
    """The facts of one data set: the fields of its head and, as attributes of the same names, its tables.

    ``path`` is the file. ``labels`` maps the codes that lie on disk to captions, in card order: the order of classes
    everywhere. ``layout`` says how the data set lies on disk, as it stands in the file
    (:func:`medmat_core.layouts.layout_of`). A card pickles with all that it holds, so a worker needs no file.
    """

    path: Path
    labels: Mapping[str, str]
    counts: Counts = Counts()
    classes: Classes = Classes()
    mask: MaskRules = MaskRules()
    layout: Mapping[str, Any] = Factory(dict)
    ignored: tuple[Ignored, ...] = ()
    published: Published = Published()
    known: tuple[Known, ...] = ()
    verified: tuple[Verified, ...] = ()
    download: tuple[Download, ...] = ()
    by_hand: ByHand = Factory(ByHand)
    citation: Citation = Citation()
    example: Example = Factory(Example)

    @classmethod
    def load(cls, path: Path) -> Card:
        """Read the card at ``path``; :class:`CardError` names file, field and reason."""
        raw = _parse(path)
        if "path" in raw:
            raise CardError(f"{path}: card: there is no field path")
        card = structure({**raw, "path": path}, cls, path)
        _check(card)
        return card

    @property
    def head(self) -> Head:
        """The card as what its head says of it."""
        return self

    @property
    def tables(self) -> Card:
        """The card as what its tables say of it."""
        return self

    @cached_property
    def captions(self) -> tuple[str, ...]:
        """The captions in card order, each once."""
        return tuple(dict.fromkeys(self.labels.values()))

    @cached_property
    def order(self) -> Mapping[str, int]:
        """Caption -> its place in card order."""
        return {caption: place for place, caption in enumerate(self.captions)}

    def ignores(self, path: str, prefix: str = "") -> bool:
        """Whether a rule of ``[[ignored]]`` leaves a file alone.

        ``path`` lies below the data set's folder, with '/' separators; ``prefix`` is what leads from there to the data
        set's root ('' or 'outer/folders/'), as :attr:`medmat_core.tree.Tree.prefix` is.
        """
        rules = self._ignoring
        return rules is not None and any(rules.match(name) is not None for name in _names(path, prefix))

    @cached_property
    def _ignoring(self) -> re.Pattern[str] | None:
        rules = [fnmatch.translate(item.pattern) for item in self.ignored]
        return re.compile("|".join(rules)) if rules else None


def _parse(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise CardError(f"{path}: not valid TOML: {error}") from error


def _check(card: Card) -> None:
    """Refuse a card whose tables name a caption or a code that ``[labels]`` does not have."""
    captions = set(card.labels.values())
    for where, names in (
        ("normal", (card.normal,) if card.normal else ()),
        ("counts.classes", card.counts.classes),
        ("classes.catch_all", card.classes.catch_all),
        ("classes.anatomy", card.classes.anatomy),
        ("classes.nested", [name for pair in card.classes.nested for name in pair]),
        ("classes.overlapping", [name for pair in card.classes.overlapping for name in pair]),
    ):
        for name in names:
            if name not in captions:
                raise CardError(
                    f"{card.path}: {where}: {name!r} is not a caption of [labels]; write the caption as it stands there"
                )
    for where, codes in (
        ("mask.index", card.mask.index.values()),
        ("mask.colors", card.mask.colors.values()),
        ("published.captions", card.published.captions),
    ):
        for code in codes:
            if code and code not in card.labels:
                raise CardError(f"{card.path}: {where}: {code!r} is not a code of [labels]")
