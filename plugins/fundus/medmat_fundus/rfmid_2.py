"""RFMiD, release 1.0 or 2.0: a table a part with a column a finding, IDs that restart in every part.

Release 1.0 has a summary column ``Disease_Risk`` and no column for a normal eye, release 2.0 has ``WNL``.
"""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

TABLE = re.compile(r"(?:[abc]\. )?rfmid_(2_)?(training|validation|test(?:ing)?)_labels\.csv", re.IGNORECASE)
SPLITS: dict[str, readers.Split] = {"training": "train", "validation": "val", "testing": "test", "test": "test"}
FOLDERS: dict[str, readers.Split] = {
    **dict.fromkeys(("training_set", "training", "train", "a. training set"), "train"),
    **dict.fromkeys(("evaluation_set", "validation_set", "validation", "val", "b. validation set"), "val"),
    **dict.fromkeys(("test_set", "testing_set", "test", "c. testing set"), "test"),
}


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    seen = set()
    for file in sorted(tree.files(suffixes=[".csv"]), key=lambda path: (path.count("/"), path)):
        name = TABLE.fullmatch(file.rpartition("/")[2])
        if name is None:
            continue
        split = SPLITS[name[2].lower()]
        if (name[1], split) in seen:
            tree.report("left_out", file, f"a second table of the {split} part; its pictures are taken to be copies")
            continue
        seen.add((name[1], split))
        yield from part(tree, card, file, split)
    read = {split for _, split in seen}
    for part_here in dict.fromkeys(readers.split_of(path, FOLDERS) for path in tree.images()):
        if part_here is not None and part_here not in read:
            tree.report("missing_file", "", f"the label table of the {part_here} pictures is not there")


def part(tree: readers.Tree, card: Card, file: str, split: readers.Split) -> Iterator[LabelSample]:
    table = list(readers.rows(tree, file, require=["ID", "DR"], key="ID"))
    if not table:
        return
    findings = [name for name in table[0].cells if name not in ("", "ID", "Disease_Risk")]
    pictures = pictures_of(tree, file, split)
    yield from readers.one_hot(
        tree,
        card,
        [row for row in table if sound(tree, row, findings)],
        pictures,
        image="ID",
        columns=findings,
        split=split,
        normal=None if "WNL" in findings else "WNL",
    )
    listed = {row["ID"].casefold() for row in table}
    for path in pictures.paths:
        if path.rpartition("/")[2].rpartition(".")[0].casefold() not in listed:
            tree.report("missing_label", path, "no row of the label file names the picture")


def sound(tree: readers.Tree, row: readers.Row, findings: list[str]) -> bool:
    """Whether the summary column agrees with the findings, where there is one: 0 if and only if nothing is marked."""
    risk, found = readers.marks(row, ["Disease_Risk"]), readers.marks(row, findings)
    if found is None:
        return True  # one_hot reports it
    if risk is None or ((risk.stated or risk.absent) and bool(risk.stated) != bool(found.stated)):
        tree.report(
            "bad_row", row.file, f"Disease_Risk is {row['Disease_Risk']}, the findings say otherwise", row.number
        )
        return False
    return True


def pictures_of(tree: readers.Tree, table: str, split: str) -> readers.Pictures:
    """The part's pictures below the nearest folder over its table that holds any: releases differ in where it lies."""
    folder = table
    while folder:
        folder = folder.rpartition("/")[0]
        paths = [path for path in tree.images(folder) if readers.split_of(path, FOLDERS) == split]
        if paths:
            return readers.Pictures(tree, paths=paths)
    return readers.Pictures(tree, paths=[])


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
