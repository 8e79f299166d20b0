"""ISIC 2019: a folder of pictures, a table with one column a class, and a table that tells the lesion of a picture.

The test part is read where its labels, which were published later, lie beside it.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_dermoscopy.isic import labelled_parts

IMAGES, TABLES = ("ISIC_2019_{}_Input",), ("ISIC_2019_{}_GroundTruth.csv",)
METADATA = "ISIC_2019_Training_Metadata.csv"
LESION = readers.Group(pattern=r"(isic_\d+).*", case="upper", table=METADATA, key="image", column="lesion_id")


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    parts: dict[str, readers.Split | None] = {"Training": None}
    test = tree.folder(IMAGES[0].format("Test"))
    if tree.find(TABLES[0].format("Test")):
        parts = {"Training": "train", "Test": "test"}
    elif test:
        tree.report("unlabelled", test, "the pictures of the test part have no label file")
    # without the lesions two pictures of one lesion could part, so that a missing table is a problem
    if tree.find(METADATA) is None:
        tree.report("missing_file", METADATA, "it tells the lesions, which must not part; unzip the archive")
    lesion = LESION.at(tree)
    for split, pictures, table in labelled_parts(tree, parts, images=IMAGES, tables=TABLES):
        labelled = readers.one_hot(
            tree,
            card,
            readers.rows(tree, table, require=("image", *(code for code in card.labels if code != "UNK"))),
            pictures,
            image="image",
            group=lesion,
            split=split,
            single=True,
        )
        yield from readers.report_unlisted(pictures, labelled)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
