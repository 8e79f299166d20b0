"""Readers: one module a layout. A reader takes paths and rules and yields samples or rows.

It knows neither questions nor files to be written. What cannot be used is reported to the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers: the same names once more, each exported by its alias
    from medmat_core.model import Box as Box
    from medmat_core.model import ColorMask as ColorMask
    from medmat_core.model import IndexMask as IndexMask
    from medmat_core.model import MaskFile as MaskFile
    from medmat_core.model import Point as Point
    from medmat_core.model import PolygonMask as PolygonMask
    from medmat_core.model import RleMask as RleMask
    from medmat_core.model import Slice as Slice
    from medmat_core.model import Split as Split
    from medmat_core.readers.boxes import coco_boxes as coco_boxes
    from medmat_core.readers.boxes import inclusive as inclusive
    from medmat_core.readers.boxes import listed_boxes as listed_boxes
    from medmat_core.readers.boxes import paired_boxes as paired_boxes
    from medmat_core.readers.boxes import table_boxes as table_boxes
    from medmat_core.readers.boxes import voc_boxes as voc_boxes
    from medmat_core.readers.boxes import yolo_boxes as yolo_boxes
    from medmat_core.readers.folders import class_folders as class_folders
    from medmat_core.readers.folders import labelled_files as labelled_files
    from medmat_core.readers.folders import split_of as split_of
    from medmat_core.readers.groups import Group as Group
    from medmat_core.readers.groups import Part as Part
    from medmat_core.readers.masks import gathered_masks as gathered_masks
    from medmat_core.readers.masks import mask_beside as mask_beside
    from medmat_core.readers.masks import paired_masks as paired_masks
    from medmat_core.readers.masks import palette as palette
    from medmat_core.readers.masks import report_unpaired as report_unpaired
    from medmat_core.readers.masks import stem_index as stem_index
    from medmat_core.readers.pictures import Pictures as Pictures
    from medmat_core.readers.pictures import picture_beside as picture_beside
    from medmat_core.readers.pictures import report_unlisted as report_unlisted
    from medmat_core.readers.pictures import stem as stem
    from medmat_core.readers.tables import Row as Row
    from medmat_core.readers.tables import json_file as json_file
    from medmat_core.readers.tables import json_rows as json_rows
    from medmat_core.readers.tables import lines as lines
    from medmat_core.readers.tables import lookup as lookup
    from medmat_core.readers.tables import rows as rows
    from medmat_core.readers.tagged import Marks as Marks
    from medmat_core.readers.tagged import by_value as by_value
    from medmat_core.readers.tagged import in_cell as in_cell
    from medmat_core.readers.tagged import marks as marks
    from medmat_core.readers.tagged import merged_labels as merged_labels
    from medmat_core.readers.tagged import one_hot as one_hot
    from medmat_core.readers.tagged import table_labels as table_labels
    from medmat_core.readers.volumes import slices_of as slices_of
    from medmat_core.tree import Tree as Tree

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


__all__ = sorted(_HOME_OF)
