"""Part lists: text files that name the pictures of each official part, one a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from medmat_core.model import PARTS, Split
from medmat_core.readers.tables import lines
from medmat_core.tree import Tree, fold


class PartLists:
    """The part of a picture by the list that names it; call it with a path, as a rule of parts.

    A line is a picture's name with or without suffix; folders in front of it do not count. Where one list is here and
    another is not, that one is reported; where none is, there are no official parts. A picture that is in two lists is
    reported and stays in the stronger part; a line that may mean two pictures is reported. A line that nothing asked
    for is told by :meth:`tell`.
    """

    def __init__(self, tree: Tree, lists: Mapping[Split, Iterable[str]]) -> None:
        self._tree = tree
        self._parts: dict[str, Split] = {}
        self._lines: dict[str, tuple[str, int, str]] = {}
        self._met: dict[str, str] = {}
        files = {part: (tree.find(*names), *names) for part, names in lists.items()}
        for part, (file, name, *_) in files.items():
            if file is None:
                if any(other[0] for other in files.values()):
                    tree.report("missing_file", name or "", f"the list of the part {part!r} is not there")
                continue
            for number, text in lines(tree, file):
                self._add(part, file, number, text)
        self._left = dict(self._lines)

    def _add(self, part: Split, file: str, number: int, text: str) -> None:
        key = _name(text)
        before = self._parts.setdefault(key, part)
        other, at, _ = self._lines.setdefault(key, (file, number, text))
        if before != part:
            self._parts[key] = max(before, part, key=PARTS.index)
            what = f"{text[:80]!r} is in {other} (line {at}) too; it stays in the part {self._parts[key]!r}"
            self._tree.report("listed_twice", file, what, number)

    def __call__(self, path: str) -> Split | None:
        """The part whose list names a picture."""
        key = self.strike(path)
        if key is None:
            return None
        other = key.rpartition(".")[0]
        if key == _name(path) and self._parts.get(other, self._parts[key]) != self._parts[key]:
            file, number, text = self._lines[other]
            self._add(self._parts[other], file, number, f"{text}{key[len(other) :]}")
            self._left.pop(other, None)
        first = self._met.setdefault(key, path)
        if first != path and (line := self._lines.pop(key, None)) is not None:
            file, number, text = line
            self._tree.report("bad_row", file, f"{text[:80]!r} may mean {first} or {path}; both are taken so", number)
        return self._parts[key]

    def strike(self, text: str) -> str | None:
        """Take note that a line's picture was met; the line, if there is one."""
        name = _name(text)
        for key in (name, name.rpartition(".")[0]):
            if key in self._parts:
                self._left.pop(key, None)
                return key
        return None

    def tell(self) -> None:
        """Report the lines whose picture was never met."""
        for file, number, text in self._left.values():
            self._tree.report("bad_row", file, f"{text[:80]!r} is a picture that nothing else names", number)


def _name(text: str) -> str:
    return fold(text.replace("\\", "/").rpartition("/")[2])
