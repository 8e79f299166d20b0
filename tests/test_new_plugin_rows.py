"""``medmat new-plugin --from`` on the example trees of known data sets, as if nobody knew them."""

from __future__ import annotations

from pathlib import Path

import pytest

from medmat_core.catalog import Catalog, load_catalog
from medmat_core.layouts.guess import NoLayoutError
from medmat_core.layouts.guess.proposal import Proposal, card_of
from medmat_core.layouts.guess.words import folded
from medmat_core.model import BoxSample, LabelSample, MaskSample
from medmat_core.samples import write_example
from medmat_core.scaffold.propose import propose

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def looked_at(catalog: Catalog, no: int, tmp_path: Path, layout: str | None = None) -> tuple[Proposal, Path]:
    dataset = next((dataset for dataset in catalog if dataset.no == no), None)
    if dataset is None:
        pytest.skip(f"no plugin with row {no} is installed")
    write_example(dataset.card, tmp_path)
    base = tmp_path / dataset.card.folder
    return propose(base, layout), base


@pytest.mark.parametrize(
    ("no", "layout"),
    [
        (2, "class-folders"), (3, "class-folders"), (5, "class-folders"), (9, "class-folders"), (15, "class-folders"),
        (17, "class-folders"), (49, "class-folders"), (11, "table"), (13, "table"), (29, "table"),
        (80, "table"), (85, "table"), (24, "one-hot"), (71, "one-hot"), (77, "one-hot"),
    ],
)  # fmt: skip
def test_labels_are_read_as_the_card_of_the_row_says(catalog: Catalog, tmp_path: Path, no: int, layout: str) -> None:
    # the table of row 85 holds boxes as well, and is a table of labels only where that is asked for
    proposal, _ = looked_at(catalog, no, tmp_path, "table" if no == 85 else None)
    card = catalog.get(str(no)).card
    assert proposal.layout["kind"] == layout
    known = {folded(code): caption for code, caption in card.labels.items()}
    tree, samples = proposal.trial.tree, proposal.trial.samples
    by_image = {tree.prefix + str(sample.image): sample for sample in samples}
    for expect in card.example.expect:
        sample = by_image.get(expect.image)
        if expect.unused:
            continue
        assert isinstance(sample, LabelSample), expect.image
        assert {known[folded(code)] for code in sample.stated} == set(expect.captions), expect.image
        if expect.split is not None:
            assert sample.split == expect.split, expect.image


@pytest.mark.parametrize("no", [89, 90, 91, 92, 93, 95, 96, 97, 98, 99, 107])
def test_masks_are_paired_as_the_card_of_the_row_says(catalog: Catalog, tmp_path: Path, no: int) -> None:
    from medmat_core.testing.example_check import facts_of

    proposal, _ = looked_at(catalog, no, tmp_path)
    known = catalog.get(str(no)).card
    card = card_of(proposal)
    sizes = {path: picture.size for picture in known.example.pictures for path in picture.paths}
    tree, samples = proposal.trial.tree, proposal.trial.samples
    by_image = {tree.prefix + str(sample.image): sample for sample in samples}
    for expect in known.example.expect:
        if expect.unused:
            assert expect.image not in by_image
            continue
        sample = by_image.get(expect.image)
        assert isinstance(sample, MaskSample), expect.image
        found = facts_of(card, sample, tree.root, sizes[expect.image]).boxes
        assert bool(found) == bool(expect.captions), expect.image
        if expect.boxes:
            wanted = sorted(tuple(box) for boxes in expect.boxes.values() for box in boxes)
            assert sorted(box for boxes in found.values() for box in boxes) == wanted, expect.image


@pytest.mark.parametrize(("no", "why"), [(103, "run-length masks"), (106, "run-length masks")])
def test_what_is_no_known_layout_is_declined_with_what_was_seen(
    catalog: Catalog, tmp_path: Path, no: int, why: str
) -> None:
    with pytest.raises(NoLayoutError, match=why):
        looked_at(catalog, no, tmp_path)


def test_lists_of_official_parts_are_taken(catalog: Catalog, tmp_path: Path) -> None:
    proposal, _ = looked_at(catalog, 80, tmp_path)
    assert proposal.layout["split"] == {"lists": {"train": "train_val_list.txt", "test": "test_list.txt"}}


@pytest.mark.parametrize("no", [86, 100])
def test_a_table_of_boxes_is_read_as_one(catalog: Catalog, tmp_path: Path, no: int) -> None:
    proposal, _ = looked_at(catalog, no, tmp_path)
    assert proposal.layout["kind"] == "box-table" and "No finding" in proposal.layout["nothing"]
    samples, problems = proposal.trial.samples, proposal.trial.problems
    assert {type(sample) for sample in samples} == {BoxSample} and not problems


def test_what_is_read_otherwise_than_a_person_would_is_told(catalog: Catalog, tmp_path: Path) -> None:
    proposal, _ = looked_at(catalog, 64, tmp_path)  # three columns hold classes, from fine to coarse
    told = " ".join(proposal.doubts)
    assert "other columns could hold the class" in told and "label" in told
    samples = proposal.trial.samples
    assert samples and not any(isinstance(sample, MaskSample | BoxSample) for sample in samples)
