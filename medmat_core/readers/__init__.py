"""Readers: one module a layout. A reader takes paths and rules and yields samples or rows.

It knows neither questions nor files to be written. What cannot be used is reported to the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medmat_core.model import Box, ColorMask, IndexMask, MaskFile, Point, PolygonMask, RleMask, Slice, Split
    from medmat_core.readers.boxes import (
        coco_boxes,
        inclusive,
        listed_boxes,
        paired_boxes,
        table_boxes,
        voc_boxes,
        yolo_boxes,
    )
    from medmat_core.readers.folders import class_folders, labelled_files, split_of
    from medmat_core.readers.groups import Group, Part
    from medmat_core.readers.masks import (
        gathered_masks,
        mask_beside,
        paired_masks,
        palette,
        report_unpaired,
        stem_index,
    )
    from medmat_core.readers.pictures import Pictures, picture_beside, report_unlisted, stem
    from medmat_core.readers.tables import Row, json_file, json_rows, lines, lookup, rows
    from medmat_core.readers.tagged import Marks, by_value, in_cell, marks, merged_labels, one_hot, table_labels
    from medmat_core.readers.volumes import slices_of
    from medmat_core.tree import Tree

_HOMES = {
    "model": "Box ColorMask IndexMask MaskFile Point PolygonMask RleMask Slice Split",
    "readers.boxes": "coco_boxes inclusive listed_boxes paired_boxes table_boxes voc_boxes yolo_boxes",
    "readers.folders": "class_folders labelled_files split_of",
    "readers.groups": "Group Part",
    "readers.masks": "gathered_masks mask_beside paired_masks palette report_unpaired stem_index",
    "readers.pictures": "Pictures picture_beside report_unlisted stem",
    "readers.tables": "Row json_file json_rows lines lookup rows",
    "readers.tagged": "Marks by_value in_cell marks merged_labels one_hot table_labels",
    "readers.volumes": "slices_of",
    "tree": "Tree",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    # imported when first used: an adapter of class folders has no use for tables, XML or volumes
    from importlib import import_module

    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"medmat_core.{home}"), name)
    return value


__all__ = [
    "Box",
    "ColorMask",
    "Group",
    "IndexMask",
    "Marks",
    "MaskFile",
    "Part",
    "Pictures",
    "Point",
    "PolygonMask",
    "RleMask",
    "Row",
    "Slice",
    "Split",
    "Tree",
    "by_value",
    "class_folders",
    "coco_boxes",
    "gathered_masks",
    "in_cell",
    "inclusive",
    "json_file",
    "json_rows",
    "labelled_files",
    "lines",
    "listed_boxes",
    "lookup",
    "marks",
    "mask_beside",
    "merged_labels",
    "one_hot",
    "paired_boxes",
    "paired_masks",
    "palette",
    "picture_beside",
    "report_unlisted",
    "report_unpaired",
    "rows",
    "slices_of",
    "split_of",
    "stem",
    "stem_index",
    "table_boxes",
    "table_labels",
    "voc_boxes",
    "yolo_boxes",
]
