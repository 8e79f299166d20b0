"""Which file belongs to which picture: by folder and name, and by name alone only where that leaves no choice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from medmat_core.readers.masks import report_unpaired
from medmat_core.readers.pictures import stem
from medmat_core.tree import Tree, fold


@frozen(kw_only=True)
class Beside:
    """A file that says something of a picture.

    ``picture`` is the stem of the picture that its name means and ``place`` the folder that it lies in, counted from
    the folder that holds all such files; both folded. Files of several ``kind`` (a mask a class) may lie in several.
    """

    path: str
    picture: str
    place: str
    kind: str = ""


def place_of(path: str, top: str) -> str:
    """The folder that a path lies in, counted from ``top`` and folded: ("images/A/1.png", "images") -> "a"."""
    return fold((path[len(top) + 1 :] if top else path).rpartition("/")[0])


def pair_up(
    tree: Tree,
    pictures: Sequence[str],
    top: str,
    files: Iterable[Beside],
    *,
    reason: str = "missing_mask",
    single: bool = False,
) -> dict[str, list[Beside]]:
    """The files of each picture: those that mean its stem and lie in its own place below ``top``.

    Where there is none of a kind, those that mean its stem elsewhere are its own if they lie in one place and no other
    picture has that stem. With ``single`` a picture has one file of a kind at most. A picture for which that leaves
    more than one answer is reported as ``reason`` and is none of the keys; one without any file has an empty list. A
    file that belongs to no picture is reported.
    """
    by_name: dict[str, dict[str, list[Beside]]] = {}
    for file in files:
        by_name.setdefault(file.picture, {}).setdefault(file.kind, []).append(file)
    same: dict[str, list[str]] = {}
    for picture in pictures:
        same.setdefault(stem(picture), []).append(picture)
    taken = {(stem(picture), place_of(picture, top)) for picture in pictures}
    what = "mask" if reason == "missing_mask" else "file"
    found: dict[str, list[Beside]] = {}
    open_: dict[str, str] = {}
    met: set[str] = set()
    for picture in pictures:
        name, place = stem(picture), place_of(picture, top)
        own: list[Beside] = []
        for of_kind in by_name.get(name, {}).values():
            here = [file for file in of_kind if file.place == place]
            free = [file for file in of_kind if (name, file.place) not in taken]
            if not here and free:
                met.update(file.path for file in free)
                if len(same[name]) > 1 or len({file.place for file in of_kind}) > 1:
                    open_[picture] = _open(of_kind, same[name])
                here = free
            if single and len(here) > 1 and picture not in open_:
                open_[picture] = f"{here[0].path} and {here[1].path} both have its name; keep the one that is meant"
            own += here
        found[picture] = own
        met.update(file.path for file in own)
    unmet = [file for kinds in by_name.values() for of_kind in kinds.values() for file in of_kind]
    report_unpaired(tree, ((file.path, file.path) for file in unmet), {*met, *pictures}, what=what)
    for picture, detail in open_.items():
        del found[picture]
        tree.report(reason, picture, detail)
    return found


def _open(files: Sequence[Beside], pictures: Sequence[str]) -> str:
    """Why a picture's file is not certain."""
    places = {file.place: file.path for file in files}
    shown = " and ".join([*places.values()][:2])
    if len(places) > 1:
        return f"{shown} have its name, and none lies in its folder; lay them out in the folders of their pictures"
    return f"{shown} may belong to {' or '.join(pictures[:2])}; lay it out in the folder of its picture"
