"""Endoscopic bladder tissue: four class folders; a table beside them says which part a frame belongs to."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

CASE = re.compile(r"case_0*(\d+)", re.IGNORECASE)
PARTS: dict[str, readers.Split] = {"train": "train", "val": "val", "validation": "val", "test": "test"}


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, group=case, split=official_parts(tree).get)


def official_parts(tree: readers.Tree) -> dict[str, readers.Split]:
    """Path -> split by annotations.csv; empty where the copy came without it.

    The first column holds the file name whatever its header, the others go by header with '_' for a blank or not.
    """
    parts: dict[str, readers.Split] = {}
    table = tree.find("annotations.csv", "annotations_*.csv")
    pictures = readers.Pictures(tree)
    for row in readers.rows(tree, table) if table else ():
        cells = {name.replace("_", " ").casefold(): cell for name, cell in row.cells.items()}
        name, part = next(iter(row.cells.values())), PARTS.get(cells.get("sub dataset", "").casefold())
        # one file name may occur in two classes, so that the folder is part of what is looked up
        path = pictures.wanted(name and f"{cells.get('tissue type', '')}/{name}", row.file, row.number, by="tail")
        if name and part is None:
            tree.report("bad_row", row.file, "the row names no part (train, val or test)", row.number)
        elif path is not None and part is not None:
            parts[path] = part
    return parts


def case(path: str) -> str | None:
    """'HGC/case_002_pt_003_frame_0009.png', 'NST/cys_case_2_pt01_0039.png' -> 'case 2'."""
    found = CASE.search(path.rpartition("/")[2])
    return f"case {found[1]}" if found else None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
