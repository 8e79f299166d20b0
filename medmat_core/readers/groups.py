"""What a picture belongs to, said as data: its patient by a name's pattern or by a column, and its official part.

Both are rules over a picture's path, as every reader takes them; where a table is read they may look at the row too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from inspect import signature
from typing import Any, Literal

from attrs import Factory, evolve, field, frozen

from medmat_core.images.suffixes import without_suffix
from medmat_core.model import Split
from medmat_core.readers.tables import Row, lookup
from medmat_core.tree import Tree, fold

GroupRule = Callable[[str], str | None]
"""A picture's group by its path below the data set's root; None: it has none."""


def catching(instance: Any, attribute: Any, value: str) -> None:
    """A validator: the text is a regular expression with something to catch."""
    try:
        caught = re.compile(value).groups
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from None
    if value and not caught:
        raise ValueError(f"{value!r} catches nothing; put parentheses around what is meant")


@frozen(slots=False)
class Pattern:
    """A regular expression that has to fit the whole of a text, letter case ignored. What it says is what its groups
    caught, joined by ``join``; those that took no part are left out."""

    text: str = field(default="", validator=catching)
    join: str = "-"

    @cached_property
    def fits(self) -> Callable[[str], re.Match[str] | None]:
        """The match of a text, or None."""
        return re.compile(self.text, re.IGNORECASE).fullmatch

    def __call__(self, text: str) -> str | None:
        found = self.fits(text)
        if found is None:
            return None
        return self.join.join([part for part in found.groups() if part is not None]) or None


def part_of_path(path: str, of: str) -> str:
    """The text that a pattern is held against: a path's "stem" (its file name without suffix), its "name", or the whole
    "path" without suffix."""
    folder, slash, name = path.rpartition("/")
    if of == "stem":
        return without_suffix(name)
    return name if of == "name" else folder + slash + without_suffix(name)


@frozen(kw_only=True, slots=False)
class Group:
    """What pictures belong together: a patient, a video, a slide.

    ``pattern`` has to fit the whole of the picture's ``of`` ("stem", "name" or "path" without suffix), or of the cell
    of ``column``; the group is what its parentheses caught, joined by "-". Where it does not fit there is no group.
    A ``column`` alone is the group itself. With a ``block`` the last thing caught is a running number, and neighbors
    stay together: ``block = 100`` makes 0 to 99 one group. ``case`` turns it into "lower" or "upper" case. ``same``
    says which group is another one under a second name. ``per_class``: names start anew in each class, so that the
    group begins with the class's code.

    A ``table`` elsewhere may know what belongs together: what was found so far is looked up in its column ``key``,
    which is read as the picture's name is, and the group is what its ``column`` says; it stays as it is where the table
    does not know it. A table that is not here, a row with a blank cell, or a group that it does not
    know, is a problem only if it is ``required``.
    """

    pattern: str = field(default="", validator=catching)
    of: Literal["stem", "name", "path"] = "stem"
    column: str = ""
    block: int = 0
    case: Literal["", "lower", "upper"] = ""
    per_class: bool = False
    same: Mapping[str, str] = Factory(dict)
    table: str | tuple[str, ...] = ""
    key: str = ""
    required: bool = False

    def __attrs_post_init__(self) -> None:
        if bool(self.table) != bool(self.key) or (self.table and not self.column):
            raise ValueError("a table is looked up by its key column, and its column is the group; give all three")
        if self.required and not self.table:
            raise ValueError("required says that a table has to be here, and there is none")
        if not self.pattern and not self.column:
            raise ValueError("say by which pattern or column pictures belong together")
        if self.block < 0 or (self.block and not self.pattern):
            raise ValueError("a block is a number of running numbers, which a pattern has to catch")

    @cached_property
    def _pattern(self) -> Pattern:
        return Pattern(self.pattern)

    def __call__(self, path: str, row: Row | None = None) -> str | None:
        """The group of a picture by its path, and by the row that names it where there is one."""
        of_row = self.column and not self.table and row is not None
        return self._meant(row.get(self.column) if row is not None and of_row else part_of_path(path, self.of))

    def at(self, tree: Tree) -> GroupRule:
        """The rule for one tree: itself, or with what its table says there."""
        if not self.column:
            meant, of = self._meant, self.of
            return lambda path: meant(part_of_path(path, of))
        if not self.table:
            return self
        file = tree.find(*((self.table,) if isinstance(self.table, str) else self.table))
        known: dict[str | None, str] = {}
        if file is not None or self.required:
            found = lookup(tree, file or self.table, self.key, self.column, required=self.required)
            for key, value in found.items():
                known.setdefault(self._meant(key), value)

        lacking: set[str] = set()

        def group(path: str) -> str | None:
            own = self(path)
            if own is None:
                return None
            if self.required and known and own not in known and own not in lacking:
                lacking.add(own)
                tree.report(
                    "missing_label", path, f"{file} has no row whose {self.key} is {own!r}, the picture's group"
                )
            return known.get(own, own)

        return group

    @cached_property
    def _meant(self) -> Callable[[str], str | None]:
        """The group that a text means; put together once, for there may be a million pictures."""
        caught = self._of_block if self.block else self._pattern if self.pattern else lambda text: text or None
        if not (self.case or self.same):
            return caught
        case: Callable[[str], str] = {"lower": str.lower, "upper": str.upper}.get(self.case, str)
        same = self.same

        def meant(text: str) -> str | None:
            group = caught(text)
            if group is None:
                return None
            group = case(group)
            return same.get(group, group)

        return meant

    @cached_property
    def _of_block(self) -> Callable[[str], str | None]:
        fits, block = self._pattern.fits, self.block

        def group(text: str) -> str | None:
            found = fits(text)
            if found is None:
                return None
            caught = [part for part in found.groups() if part is not None]
            if not caught or not caught[-1].isdecimal():
                return None
            caught[-1] = str(int(caught[-1]) // block)
            return "-".join(caught)

        return group


@frozen(kw_only=True, slots=False)
class Part:
    """The official part of a picture by what stands in a ``column`` of its row: ``names`` maps that to parts, letter
    case ignored."""

    column: str
    names: Mapping[str, Split]
    tree: Tree | None = field(default=None, eq=False, repr=False)

    def __call__(self, path: str, row: Row | None = None) -> Split | None:
        """The part that the row says; None where it says another word, which is reported once to the ``tree``."""
        word = row.get(self.column) if row is not None else ""
        part = self._parts.get(fold(word))
        if part is None and word and row is not None and self.tree is not None and fold(word) not in self._told:
            self._told.add(fold(word))
            what = f"{word[:60]!r} in {self.column} is none of the words for parts, so that such pictures have none"
            self.tree.report("bad_row", row.file, what, row.number)
        return part

    def at(self, tree: Tree) -> Part:
        """The rule for one tree, which is told of words that no part is called by."""
        return evolve(self, tree=tree)

    @cached_property
    def _parts(self) -> dict[str, Split]:
        return {fold(name): part for name, part in self.names.items()}

    @cached_property
    def _told(self) -> set[str]:
        return set()


def group_of(rule: str | GroupRule | None, path: str, row: Row) -> str | None:
    """The group of a picture that a row names: ``rule`` is a column or a rule over the path."""
    if rule is None:
        return None
    if isinstance(rule, str):
        return row.get(rule) or None
    found: str | None = _said(rule, path, row)
    return found


def split_at(rule: Split | Callable[[str], Split | None] | None, path: str, row: Row) -> Split | None:
    """The part of a picture that a row names: ``rule`` is one for all, or a rule over the path."""
    if not callable(rule):
        return rule
    found: Split | None = _said(rule, path, row)
    return found


def _said(rule: Callable[..., Any], path: str, row: Row) -> Any:
    """What a rule says of a picture that a row names."""
    if isinstance(rule, Group | Part):
        return rule(path, row)
    return rule(row, path) if _takes_row(rule) else rule(path)


@lru_cache(maxsize=64)
def _takes_row(rule: Callable[..., Any]) -> bool:
    """Whether it is a rule over (row, path), as rules for tables were: adapters that have one go on working."""
    try:
        signature(rule).bind(None, None)
    except (TypeError, ValueError):
        return False
    try:
        signature(rule).bind(None)
    except TypeError:
        return True
    return False
