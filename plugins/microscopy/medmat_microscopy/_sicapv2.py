"""What the two rows over SICAPv2 share: its patch tables and its patients."""

from collections.abc import Iterator, Mapping

from medmat_core import Card, LabelSample, readers

GRADES = ("NC", "G3", "G4", "G5")  # G4C marks a pattern inside G4 and is no fifth class
PARTS: dict[str, readers.Split] = {"Train": "train", "Test": "test"}


def pictures(tree: readers.Tree) -> readers.Pictures:
    return readers.Pictures(tree, tree.folder("images") or "")


def patches(
    tree: readers.Tree, card: Card, found: readers.Pictures, patient: Mapping[str, str]
) -> Iterator[LabelSample]:
    """Every patch of the two official tables with its grade, patient and part."""
    for name, part in PARTS.items():
        file = f"partition/Test/{name}.xlsx"
        yield from readers.one_hot(
            tree,
            card,
            readers.rows(tree, tree.find(file) or file, require=("image_name", *GRADES)),
            found,
            image=lambda row: row["image_name"].removesuffix(".jpg"),
            columns=GRADES,
            group=lambda path: patient_of(path, patient),
            split=part,
            single=True,
        )


def patients(tree: readers.Tree) -> Mapping[str, str]:
    """Slide -> patient."""
    file = tree.find("wsi_labels.xlsx") or "wsi_labels.xlsx"
    return readers.lookup(tree, file, "slide_id", "patient_id", required=True)


def patient_of(path: str, patient: Mapping[str, str]) -> str:
    """The patient of a patch; the slide where the table of slides does not know it."""
    slide = path.rpartition("/")[2].partition("_Block_")[0]
    return patient.get(slide, slide)
