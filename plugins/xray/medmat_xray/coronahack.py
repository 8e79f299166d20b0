"""CoronaHack: one table names file, part and class in three steps; the pictures lie in ``train`` and ``test``."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_xray._kermany import patient

PARTS: dict[str, readers.Split] = {"TRAIN": "train", "TEST": "test"}
STEPS = ("Label", "Label_1_Virus_category", "Label_2_Virus_category")


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    name = "Chest_xray_Corona_Metadata.csv"
    table = readers.rows(
        tree, tree.find(name) or name, require=("X_ray_image_name", "Dataset_type", *STEPS), key="X_ray_image_name"
    )
    pictures = readers.Pictures(tree)
    found = readers.table_labels(
        tree,
        table,
        pictures,
        image=lambda row: f"{row['Dataset_type'].lower()}/{row['X_ray_image_name']}",
        code=lambda row: "|".join(row[step] for step in STEPS),
        by="tail",
        group=lambda row, path: patient(path) or row["X_ray_image_name"],
        split=lambda row, path: PARTS.get(row["Dataset_type"]),
    )
    # films that were dropped from the table (lateral ones, CT) still lie in train
    return readers.report_unlisted(pictures, found, reason="unlabelled")


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
