"""COVIDx CXR-4: a list a part without a header (patient, file, class, source), pictures in the folder of its name."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

PARTS: tuple[readers.Split, ...] = ("train", "val", "test")
HEADER = ("patient", "file", "class", "source")


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.report_unlisted(readers.Pictures(tree), films(tree))


def films(tree: readers.Tree) -> Iterator[LabelSample]:
    for part in PARTS:
        file = tree.find(f"{part}.txt")
        if file is None and part == "val":
            continue  # up to version CXR-3 there is none
        file = file or f"{part}.txt"
        pictures = readers.Pictures(tree, tree.folder(part) or part)
        for row in readers.rows(tree, file, header=HEADER, delimiter=" "):
            path = pictures.wanted(row["file"], file, row.number)
            if path is not None:
                yield LabelSample(path, (row["class"],), group=row["patient"], split=part)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
