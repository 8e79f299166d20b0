"""Duke Liver Dataset, version 2: one folder of DICOM slices and one of masks a series, in folders of patients."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers
from medmat_mri.duke_liver import VERSION_1, VERSION_2, liver_slices


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    return liver_slices(tree, own=VERSION_2, other=VERSION_1)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
