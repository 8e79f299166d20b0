"""CBIS-DDSM as JPEG: four case tables name a series; the series' folder holds the film, with crops in others."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

TABLES: tuple[tuple[str, readers.Split], ...] = (
    ("csv/mass_case_description_train_set.csv", "train"),
    ("csv/mass_case_description_test_set.csv", "test"),
    ("csv/calc_case_description_train_set.csv", "train"),
    ("csv/calc_case_description_test_set.csv", "test"),
)
GRAVITY = ("MALIGNANT", "BENIGN", "BENIGN_WITHOUT_CALLBACK")
FILM = "full mammogram images"


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    films: dict[str, list[tuple[readers.Row, readers.Split]]] = {}
    for name, part in TABLES:
        for row in readers.rows(
            tree, name, require=("patient_id", "pathology", "image file path"), key="image file path"
        ):
            # <patient, side and view>/<study>/<series>/000000.dcm, of which only the series lives on
            names = row["image file path"].split("/")
            if len(names) < 2 or not row["pathology"]:
                tree.report("bad_row", row.file, "no series in the image file path, or no pathology", row.number)
                continue
            films.setdefault(names[-2], []).append((row, part))
    folder = tree.folder("jpeg") or "jpeg"
    jpegs = jpegs_by_series(tree, folder)
    shown = 0
    for series, rows in films.items():
        path = film(tree, jpegs.get(series, []), rows[0][0])
        if path is None:
            continue
        # one row an abnormality: the film has the gravest label; a milder one is true of it, too, so not asked about
        codes = sorted({row["pathology"] for row, _ in rows}, key=gravity)
        split: readers.Split = "test" if any(part == "test" for _, part in rows) else "train"
        yield LabelSample(path, (codes[0],), tuple(codes[1:]), group=rows[0][0]["patient_id"], split=split)
        shown += 1
    rest = sum(1 for _ in tree.images(folder)) - shown
    if rest:
        tree.report("left_out", folder, f"{rest} pictures are crops, masks, or films that no table names")


def gravity(code: str) -> tuple[int, str]:
    """Sorts the gravest first; a code that is none of these comes before all, so that the build refuses it by name."""
    return (GRAVITY.index(code) if code in GRAVITY else -1, code)


def jpegs_by_series(tree: readers.Tree, folder: str) -> dict[str, list[str]]:
    """The pictures in each series' folder, less those that dicom_info.csv calls crops or masks.

    Its SeriesDescription is blank for some hundred; there PatientID tells: a crop's ends in its abnormality's number.
    """
    file = tree.find("dicom_info.csv")
    cut: set[str] = set()
    for row in (
        readers.rows(tree, file, require=("image_path", "PatientID", "SeriesDescription"), key="image_path")
        if file
        else ()
    ):
        parts = row["image_path"].split("/")
        if ".." in parts:
            tree.report("path_escapes", row.file, f"{row['image_path']!r} points outside the data folder", row.number)
        kind = row["SeriesDescription"]
        if kind != FILM if kind else re.search(r"_\d+$", row["PatientID"]):
            cut.add("/".join(parts[-2:]))
    found: dict[str, list[str]] = {}
    for path in tree.images(folder):
        series, name = path.split("/")[-2:]
        if f"{series}/{name}" not in cut:
            found.setdefault(series, []).append(path)
    return found


def film(tree: readers.Tree, jpegs: list[str], row: readers.Row) -> str | None:
    """The one picture of the row's series; which of several is the film is not guessed."""
    if len(jpegs) == 1:
        return jpegs[0]
    what = f"{len(jpegs)} pictures, and dicom_info.csv does not say which is the film" if jpegs else "no film"
    tree.report("missing_image", row.file, f"{row['image file path']}: its series has {what}", row.number)
    return None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
