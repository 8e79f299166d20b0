"""SIIM-ACR: DICOM files three folders deep, masks as relative run lengths in a table, one row a region."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers

TABLES = ("stage_2_train.csv", "train-rle.csv")  # the later one labels stage 1's test part, too
PARTS: dict[str, readers.Split] = {"dicom-images-train": "train", "dicom-images-test": "test"}
NOTHING = "-1"
SIZE = (1024, 1024)  # every film; the runs count in this grid


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    pictures = readers.Pictures(tree, paths=(path for path in tree.images() if readers.split_of(path, PARTS)))
    return readers.report_unlisted(pictures, films(tree, pictures), reason="unlabelled")


def films(tree: readers.Tree, pictures: readers.Pictures) -> Iterator[MaskSample]:
    late, early = map(tree.find, TABLES)
    if late is None and any(readers.split_of(path, PARTS) == "test" for path in pictures.paths):
        tree.report("missing_file", TABLES[0], "it labels dicom-images-test; without it there is no test part")
    seen: set[str] = set()
    for file in [file for file in (late, early) if file] or [TABLES[1]]:
        table = readers.by_value(
            readers.rows(tree, file, require=("ImageId", "EncodedPixels"), key="ImageId"), "ImageId"
        )
        for name, rows in table.items():
            if name in seen:
                continue
            seen.add(name)
            blank = next((row for row in rows if not row["EncodedPixels"]), None)
            if blank is not None:
                tree.report("bad_row", file, "the row has neither runs nor -1", blank.number)
                continue
            path = pictures.wanted(name, file, rows[0].number, by="stem")
            if path is not None:
                runs = [row["EncodedPixels"] for row in rows if row["EncodedPixels"] != NOTHING]
                masks = (readers.RleMask(text, "1", "columns", "relative", SIZE) for text in runs)
                split = readers.split_of(path, PARTS) if late else None
                yield MaskSample(path, tuple(masks), group="dicom:PatientID", split=split)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
