"""Intel and MobileODT cervix types: folders Type_1 to Type_3 in ``train`` and in the additional sets; the stage 1
``test`` pictures get their type from ``solution_stg1_release.csv``. File names restart in every folder.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

FIRST_ISSUE = {"additional_type_1", "additional_type_2", "additional_type_3"}


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    test = tree.folder("test")
    solution = tree.find("solution_stg1_release.csv")
    part: readers.Split | None = "train" if test and solution else None

    def elsewhere(path: str) -> bool:
        """Not labelled by its folder, or of the first issue of the additional sets, which the second one corrects."""
        folders = path.casefold().split("/")[:-1]
        return not FIRST_ISSUE.isdisjoint(folders) or (test is not None and path.startswith(test + "/"))

    yield from readers.class_folders(tree, card, skip=elsewhere, split=lambda _: part)
    if test and solution:
        pictures = readers.Pictures(tree, test)
        table = readers.rows(tree, solution, require=["image_name", *card.labels])
        labelled = readers.one_hot(
            tree, card, table, pictures, image="image_name", by="name", single=True, split="test"
        )
        yield from readers.report_unlisted(pictures, labelled)
    elif test:
        tree.report("missing_file", "solution_stg1_release.csv", f"the pictures in {test} have no other label")


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
