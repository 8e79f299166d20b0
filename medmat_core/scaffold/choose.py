"""From a folder to the proposal that fits it best."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve

from medmat_core.errors import UsageError
from medmat_core.model import LabelSample
from medmat_core.scaffold.boxes_look import look_at_boxes
from medmat_core.scaffold.folders_look import look_at_folders
from medmat_core.scaffold.masks_look import look_at_masks, mask_patterns
from medmat_core.scaffold.proof import proved, run
from medmat_core.scaffold.proposal import LAYOUTS, Layout, Proposal
from medmat_core.scaffold.survey import Survey
from medmat_core.scaffold.tables_look import look_at_tables


def propose(base: Path, layout: Layout | None = None) -> Proposal:
    """How the folder ``base`` is laid out; ``layout`` takes that kind and no other.

    The proposal is tried on the folder before it is returned: what its adapter leaves unread is ignored with a
    pattern, and what it refuses is among the doubts. Raises :class:`UsageError` that says what was seen where no
    adapter can be proposed.
    """
    survey = Survey(base)
    if not survey.pictures:
        seen = f"; it has volumes such as {survey.volumes[0]}, which this command cannot read" if survey.volumes else ""
        raise UsageError(f"{base}: no picture lies there{seen}; give the folder of an unzipped data set")
    chosen, remarks = _looked(survey, layout)
    if chosen is None:
        remarks.append("if file names tell the class, readers.labelled_files reads them")
        told = "".join(f"\n  - {remark}" for remark in remarks)
        what = f"as {layout}" if layout else "in any way that this command knows"
        raise UsageError(
            f"{base}: {len(survey.pictures)} pictures, but it cannot be read {what}{told}\n"
            f"  Leave out --from and give --layout ({', '.join(LAYOUTS)}) to start from a made-up example, then change "
            "the adapter."
        )
    named = [*chosen.doubts, *remarks]
    if survey.unwritable:
        named.append(f"{survey.unwritable} files have names that no card can hold (no Unicode, or a backslash)")
    if survey.volumes:
        named.append(f"{len(survey.volumes)} volumes such as {survey.volumes[0]} are not read")
    return proved(evolve(chosen, doubts=tuple(dict.fromkeys(named))), base)


def _looked(survey: Survey, layout: Layout | None) -> tuple[Proposal | None, list[str]]:
    """The best proposal, and remarks: what else was seen, or why there is none."""
    remarks: list[str] = []
    if layout in ("coco", "voc"):
        return look_at_boxes(survey, layout), remarks
    masks, pairing, said = look_at_masks(survey)
    if layout == "masks":
        return masks, list(said)
    boxes = look_at_boxes(survey) if layout is None else None
    tables, told = look_at_tables(survey, layout) if layout != "class-folders" else (None, ())
    if layout in ("table", "one-hot"):
        return tables, list(told)
    leave = tuple(pairing.owner) if pairing is not None and masks is not None else ()
    folders = look_at_folders(survey, leave, mask_patterns(pairing) if pairing is not None and leave else ())
    if layout == "class-folders":
        return folders, remarks
    remarks += [*said, *told]
    chosen = _best(survey, boxes, masks, tables, folders)
    others = [other for other in (boxes, masks, tables, folders) if other is not None and other is not chosen]
    for other in others:
        if other.covered < 0.25 * (chosen.covered if chosen is not None else 0):
            continue
        what = ", ".join(list(other.labels)[:4])
        remarks.append(
            f"{other.layout} would fit, too ({other.covered} pictures: {what}); --layout {other.layout} takes it"
        )
    return chosen, remarks


def _best(survey: Survey, boxes: Proposal | None, masks: Proposal | None, tables: Proposal | None,
          folders: Proposal | None) -> Proposal | None:  # fmt: skip
    if boxes is not None and boxes.covered >= 0.3 * len(survey.pictures):
        return boxes
    if masks is not None and masks.covered >= 0.25 * len(survey.pictures):
        return masks
    if tables is not None and folders is not None:
        # folders that say the same as the table, or cover more of it, are the simpler source
        if tables.covered < 0.6 * folders.covered or _agree(survey.base, tables, folders):
            return folders
        return tables
    return tables or folders or masks or boxes


def _agree(base: Path, one: Proposal, two: Proposal) -> bool:
    """Whether two ways of reading the folder tell the same pictures apart, whatever they call the classes."""
    said: list[dict[str, object]] = []
    for proposal in (one, two):
        tree, samples, _ = run(proposal, base)
        said.append({tree.prefix + str(s.image): s.stated for s in samples if isinstance(s, LabelSample)})
    pairs = {(label, said[1][path]) for path, label in said[0].items() if path in said[1]}
    return len(pairs) == len({label for label, _ in pairs}) == len({label for _, label in pairs}) > 1
