"""The public face: a name that goes or changes here is a change to announce in CHANGELOG.md."""

from __future__ import annotations

import inspect
from typing import Any

import medmat_core
from medmat_core import hooks

FACE = {
    "BoxSample": "(image, boxes, group, split)",
    "Card": "(path, head)",
    "Dataset": "(card, samples, module, source)",
    "LabelSample": "(image, stated, uncertain, absent, group, split)",
    "MaskSample": "(image, masks, group, split)",
    "Problem": "(reason, file, detail, row, dataset)",
    "Record": (
        "(key, no, slug, subset, split, group, image, width, height, kind, ask, captions, question, answer, options, "
        "answer_index, boxes, template)"
    ),
    "Region": "(code, box, area, cells)",
    "Subset": "(no, modality, area, task, instructions, pool)",
    "Writer": "protocol",
    "build": "(names, data, out, catalog, options)",
    "hookimpl": "marker",
    "hookspec": "marker",
    "load_catalog": "(disable, plugins, wanted)",
    "readers": "module",
}

HOOKS = {
    "medmat_datasets": (),
    "medmat_subsets": (),
    "medmat_writers": (),
    "medmat_commands": (),
    "medmat_regions": ("mask", "size", "root"),
}

READERS = {
    "class_folders": "(tree, card, under, code, group, split, skip)",
    "coco_boxes": "(tree, file)",
    "json_file": "(tree, file)",
    "labelled_files": "(tree, paths, code, group, split)",
    "lines": "(tree, file)",
    "mask_beside": "(image, folder, mask_folder)",
    "one_hot": "(tree, card, table, pictures, image, columns, by, group, split, single, normal)",
    "paired_masks": "(tree, images, mask_of, code, make, threshold, invert, missing, group, split)",
    "rows": "(tree, file, require, header, delimiter, sheet, blanks, key)",
    "slices_of": "(tree, file, axis)",
    "split_of": "(path, names)",
    "table_labels": "(tree, table, pictures, image, code, by, group, split, skip)",
    "voc_boxes": "(tree, file)",
}


def parameters(thing: Any) -> str:
    return "(" + ", ".join(inspect.signature(thing).parameters) + ")"


def test_the_public_names_are_these_and_no_others() -> None:
    assert sorted(medmat_core.__all__) == sorted(FACE)
    assert all(getattr(medmat_core, name) is not None for name in FACE)


def test_the_public_signatures_are_these() -> None:
    for name, expected in FACE.items():
        if expected.startswith("("):
            assert parameters(getattr(medmat_core, name)) == expected, name


def test_the_hooks_are_these() -> None:
    found = {
        name: tuple(inspect.signature(getattr(hooks, name)).parameters)
        for name in dir(hooks)
        if name.startswith("medmat_")
    }
    assert found == HOOKS
    assert all(inspect.getdoc(getattr(hooks, name)) for name in HOOKS)


def test_the_readers_keep_their_parameters() -> None:
    for name, expected in READERS.items():
        assert parameters(getattr(medmat_core.readers, name)) == expected, name


def test_a_built_in_writer_is_a_writer() -> None:
    from medmat_core.writers import WRITERS

    assert all(isinstance(writer, medmat_core.Writer) for writer in WRITERS)


def test_build_stays_a_function_when_its_modules_are_imported() -> None:
    import medmat_core.pipeline.run

    assert medmat_core.pipeline.run is not None
    assert callable(medmat_core.build)
