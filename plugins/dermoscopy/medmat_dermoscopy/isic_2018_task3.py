"""ISIC 2018, Task 3: training, validation and test each as a folder of pictures and a table with one column a class.

Which training pictures show one lesion stands in a table that lies in none of the archives.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_dermoscopy.isic import isic_id, labelled_parts

PARTS: dict[str, readers.Split] = {"Training": "train", "Validation": "val", "Test": "test"}
IMAGES, TABLES = ("ISIC2018_Task3_{}_Input",), ("ISIC2018_Task3_{}_GroundTruth.csv",)


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    groupings = tree.find("ISIC2018_Task3_Training_LesionGroupings.csv")
    lesions = readers.lookup(tree, groupings, "image", "lesion_id") if groupings else {}
    for split, pictures, table in labelled_parts(tree, PARTS, images=IMAGES, tables=TABLES):
        labelled = readers.one_hot(
            tree,
            card,
            readers.rows(tree, table, require=("image", *card.labels)),
            pictures,
            image="image",
            group=lambda row, path: lesions.get(row["image"]) or isic_id(path),
            split=split,
            single=True,
        )
        yield from readers.report_unlisted(pictures, labelled)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
