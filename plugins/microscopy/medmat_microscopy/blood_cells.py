"""Blood Cell Images, the half dataset-master: photographs of blood smears and one table of their white cells.

The other half, dataset2-master, is the data set blood-cell-crops.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

PHOTOGRAPHS = "JPEGImages"

cells = readers.in_cell("Category", ",")  # with and without a blank after the comma; two cells of a kind name it twice


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    folder = tree.folder(PHOTOGRAPHS)
    if folder is None:
        tree.report("missing_file", PHOTOGRAPHS, "the photographs are not there; unzip the half dataset-master")
        return
    pictures = readers.Pictures(tree, folder)
    yield from readers.report_unlisted(pictures, photographs(tree, folder, pictures))


def photographs(tree: readers.Tree, folder: str, pictures: readers.Pictures) -> Iterator[LabelSample]:
    table = tree.find("labels.csv", under=folder.rpartition("/")[0]) or "labels.csv"
    blank = 0
    for row in readers.rows(tree, table, require=("Image", "Category"), key="Image"):
        name, stated = f"BloodImage_{row['Image'].zfill(5)}", cells(row)
        if stated is None and pictures.stem(name) is None:
            blank += 1
            continue
        path = pictures.wanted(name, table, row.number, by="stem")
        if path is not None:
            yield LabelSample(path, stated or ())
    if blank:
        tree.report("left_out", table, f"rows without a label, of photographs that are not here: {blank}")


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
