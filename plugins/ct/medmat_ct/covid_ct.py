"""COVID-CT: figures cut from papers in CT_COVID and CT_NonCOVID; six lists in ``Data-split`` name the parts, and two
tables the patient of each picture.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

TABLES = (
    ("COVID-CT-MetaInfo.xlsx", "File name", "Patient ID"),
    ("NonCOVID-CT-MetaInfo.csv", "image name", "patient id"),
)
PARTS: tuple[readers.Split, ...] = ("train", "val", "test")
SUFFIXES = ("png", "jpg", "jpeg")


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    folders = [folder for code in card.labels for folder in tree.folders(code)]
    pictures = readers.Pictures(tree, paths=[path for folder in folders for path in tree.images(folder)])
    patients, parts = patients_of(tree, pictures), parts_of(tree, pictures)

    def patient(path: str) -> str:
        # panels of one figure that no table names differ in the last number: "1%0", "1%1"
        name = stem(path)
        return patients.get(path) or name.rpartition("%")[0] or name

    return readers.class_folders(tree, card, group=patient, split=parts.get)


def patients_of(tree: readers.Tree, pictures: readers.Pictures) -> dict[str, str]:
    """Patient by picture."""
    found: dict[str, str] = {}
    for name, image, patient in TABLES:
        file = tree.find(name)
        for row in readers.rows(tree, file, require=[image, patient], key=image) if file is not None else ():
            path = meant(pictures, row[image], row.file, row.number)
            if path is not None:
                found.setdefault(path, row[patient])
    return found


def parts_of(tree: readers.Tree, pictures: readers.Pictures) -> dict[str, readers.Split]:
    """Part by picture; the lists of some copies hold whole paths."""
    found: dict[str, readers.Split] = {}
    for part in PARTS:
        for code in ("CT_COVID", "CT_NonCOVID"):
            file = tree.find(f"{part}{code}.txt")
            if file is None:
                continue
            for number, line in readers.lines(tree, file):
                path = meant(pictures, line, file, number)
                if path is not None:
                    found.setdefault(path, part)
    return found


def meant(pictures: readers.Pictures, text: str, file: str, number: int) -> str | None:
    """The picture by its stem: one is a .png on disk and a .jpg in the table, and copies write _ for % on disk."""
    name = stem(text)
    return pictures.stem(name.replace("%", "_")) or pictures.wanted(name, file, number, by="stem")


def stem(name: str) -> str:
    """The file name without suffix: names hold dots, and a quarter of those in the spreadsheet lack the suffix."""
    last = name.replace("\\", "/").rpartition("/")[2]
    bare, _, suffix = last.rpartition(".")
    return bare if suffix.casefold() in SUFFIXES else last


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
