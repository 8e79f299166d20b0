"""The public face: a name that goes or changes here is a change to announce in CHANGELOG.md."""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

import medmat_core
from medmat_core import hooks
from medmat_core.records import KEYS

FACE = {
    "BoxSample": "(image, boxes, group, split)",
    "Card": "class",
    "Dataset": "(card, samples, module, source)",
    "Format": "protocol",
    "LabelSample": "(image, stated, uncertain, absent, group, split)",
    "MaskSample": "(image, masks, group, split)",
    "Problem": "(reason, file, detail, row, dataset)",
    "Record": (
        "(id, key, no, slug, subset, split, group, image, width, height, kind, ask, captions, question, answer, "
        "options, answer_index, round, boxes, template)"
    ),
    "Region": "(code, box, area, cells)",
    "Subset": "(no, modality, area, task, instructions, pool)",
    "build": (
        "(names, data, out, catalog, progress, subset, modality, access, licenses, formats, seed, jobs, engine, "
        "scheduler, split, test_fraction, fold, validation, max_per_label, distractors, surplus, pool, asks, "
        "box_format, verify, near, timeout_per_file, as_published, strict, resume)"
    ),
    "hookimpl": "marker",
    "hookspec": "marker",
    "load_catalog": "(disable, plugins)",
    "readers": "module",
}

HOOKS = {
    "medmat_datasets": (),
    "medmat_subsets": (),
    "medmat_formats": (),
    "medmat_commands": (),
    "medmat_regions": ("mask", "size", "root"),
}
VERSION_OF_HOOKS = 2
"""A change of :data:`HOOKS` is a new version."""

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


def test_the_keys_of_a_record_are_its_fields_in_their_order() -> None:
    names = [part.strip() for part in FACE["Record"].strip("()").replace("no, slug", "dataset").split(",")]
    assert list(KEYS) == names


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
    assert (found, hooks.API_VERSION) == (HOOKS, VERSION_OF_HOOKS)
    assert all(re.search(r"Since version [12]\b", inspect.getdoc(getattr(hooks, name)) or "") for name in HOOKS)


def test_the_readers_keep_their_parameters() -> None:
    for name, expected in READERS.items():
        assert parameters(getattr(medmat_core.readers, name)) == expected, name


def test_a_type_checker_is_told_of_every_reader() -> None:
    tree = ast.parse(inspect.getsource(medmat_core.readers))
    told = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    assert told == set(medmat_core.readers.__all__)


def test_a_built_in_format_is_a_format() -> None:
    from medmat_core.formats import core_formats

    assert all(isinstance(format_, medmat_core.Format) for format_ in core_formats())


def test_load_is_reached_beside_the_public_names() -> None:
    import medmat_core.loaded

    assert medmat_core.load is medmat_core.loaded.load


def test_build_stays_a_function_when_its_modules_are_imported() -> None:
    import medmat_core.pipeline.run

    assert medmat_core.pipeline.run is not None
    assert callable(medmat_core.build)
