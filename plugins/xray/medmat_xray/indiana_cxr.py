"""Indiana University chest X-rays: a table of pictures points to a table of reports, whose problems are the labels."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

# said of the record, not of the picture: no label
OF_THE_RECORD = ("No Indexing", "Technical Quality of Image Unsatisfactory")

problems = readers.in_cell("Problems", ";")  # terms hold commas


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    pictures = readers.Pictures(tree)
    return readers.report_unlisted(pictures, films(tree, pictures), reason="unlabelled")


def films(tree: readers.Tree, pictures: readers.Pictures) -> Iterator[LabelSample]:
    table = readers.rows(tree, "indiana_reports.csv", require=("uid", "Problems"), key="uid")
    reports = {row["uid"]: problems(row) for row in table}
    for row in readers.rows(tree, "indiana_projections.csv", require=("uid", "filename"), key="filename"):
        path = pictures.wanted(row["filename"], row.file, row.number)
        if path is None:
            continue
        terms = reports.get(row["uid"])
        if terms is None:
            tree.report("missing_label", path, f"report {row['uid']!r} is not in the table, or lists no problem")
            continue
        yield LabelSample(path, tuple(term for term in terms if term not in OF_THE_RECORD), group=row["uid"])


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
