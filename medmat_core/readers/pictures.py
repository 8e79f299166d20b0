"""Finding the picture that a label file means."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from medmat_core.tree import Tree, fold


class Pictures:
    """The pictures of a tree (or of some paths), to be looked up by stem, by name or by a path's tail.

    Comparison is exact after NFC and case folding. Where a name occurs more than once, the path nearest to
    the root wins by code points; rows that need the folder look up by tail.
    """

    def __init__(self, tree: Tree, under: str = "", paths: Iterable[str] | None = None) -> None:
        self.tree = tree
        self.paths = sorted(tree.images(under) if paths is None else paths, key=lambda p: (p.count("/"), p))

    @cached_property
    def _names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for path in self.paths:
            names.setdefault(fold(path.rpartition("/")[2]), path)
        return names

    @cached_property
    def _stems(self) -> dict[str, str]:
        stems: dict[str, str] = {}
        for path in self.paths:
            name = fold(path.rpartition("/")[2])
            stems.setdefault(name.rpartition(".")[0] or name, path)
        return stems

    @cached_property
    def _tails(self) -> dict[str, list[str]]:
        tails: dict[str, list[str]] = {}
        for path in self.paths:
            tails.setdefault(fold(path.rpartition("/")[2]), []).append(path)
        return tails

    def stem(self, stem: str) -> str | None:
        """The picture with this file name without its suffix."""
        return self._stems.get(fold(stem))

    def name(self, name: str) -> str | None:
        """The picture with this file name."""
        return self._names.get(fold(name))

    def tail(self, text: str) -> str | None:
        """The picture whose path shares the longest tail of whole names with ``text``; the file name must agree."""
        parts = [fold(part) for part in text.replace("\\", "/").split("/") if part not in ("", ".")]
        if not parts:
            return None
        best: tuple[int, str] | None = None
        for path in self._tails.get(parts[-1], ()):
            own = [fold(part) for part in path.split("/")]
            shared = 0
            while shared < min(len(own), len(parts)) and own[-1 - shared] == parts[-1 - shared]:
                shared += 1
            if best is None or shared > best[0]:
                best = (shared, path)
        return best[1] if best else None

    def wanted(self, text: str, file: str, row: int | None = None, *, by: str = "name") -> str | None:
        """Look up by "stem", "name" or "tail"; None, with a problem reported, where there is no such picture
        or the text points outside the data folder."""
        if escapes(text):
            self.tree.report("path_escapes", file, f"{text!r} points outside the data folder", row)
            return None
        path = {"stem": self.stem, "name": self.name, "tail": self.tail}[by](text)
        if path is None:
            self.tree.report("missing_image", file, f"no picture {text!r} below {self.tree.base.name}", row)
        return path


def escapes(text: str) -> bool:
    """Whether a path from a label file climbs out of the folder it is relative to."""
    depth = 0
    for part in text.replace("\\", "/").split("/"):
        if part == "..":
            depth -= 1
            if depth < 0:
                return True
        elif part not in ("", "."):
            depth += 1
    return False
