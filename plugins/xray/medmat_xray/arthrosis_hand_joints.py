"""Arthrosis, bone age of the hand: a folder for each kind of bone, in it a folder for each stage of maturity."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    bones = {code.partition("/")[0].casefold(): code.partition("/")[0] for code in card.labels}

    def stage(path: str) -> str | None:
        """'DIP/03/x.png' -> 'DIP/3'; stage 3 of one bone has nothing to do with stage 3 of another."""
        bone, number = f"//{path}".split("/")[-3:-1]
        return f"{bones[bone.casefold()]}/{int(number)}" if bone.casefold() in bones and number.isdecimal() else None

    return readers.labelled_files(tree, tree.images(), stage, split=readers.split_of)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
