"""From a folder to the proposal that fits it best."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import evolve

from medmat_core.errors import UsageError
from medmat_core.model import LabelSample
from medmat_core.scaffold.boxes import boxes
from medmat_core.scaffold.folders import by_name, folders
from medmat_core.scaffold.labels import labels
from medmat_core.scaffold.masks import masks, skipped
from medmat_core.scaffold.proof import NotReadError, proved, run
from medmat_core.scaffold.proposal import Proposal
from medmat_core.scaffold.survey import Survey


class NoLayoutError(UsageError):
    """A folder with pictures that no layout reads; message and ``remarks`` say what was seen."""

    def __init__(self, message: str, remarks: Sequence[str]) -> None:
        super().__init__("\n  - ".join([message, *remarks]))
        self.remarks = remarks


def propose(base: Path, layout: str | None = None) -> Proposal:
    """How the folder ``base`` is laid out; ``layout`` takes that kind and no other.

    The proposal is tried on the folder before it is returned: what its layout leaves unread is ignored with a
    pattern, and what it refuses is among the doubts. Raises :class:`UsageError` where there is no picture, and
    :class:`NoLayoutError` where no layout fits.
    """
    survey = Survey(base)
    if not survey.pictures:
        seen = f"; it has volumes such as {survey.volumes[0]}, which this command cannot read" if survey.volumes else ""
        raise UsageError(f"{base}: no picture lies there{seen}; give the folder of an unzipped data set")
    candidates, remarks = _looked(survey, layout)
    if survey.unwritable:
        remarks.append(f"{survey.unwritable} files have names that no card can hold (no Unicode, or a backslash)")
    if survey.volumes:
        remarks.append(f"{len(survey.volumes)} volumes such as {survey.volumes[0]} are not read: see readers.slices_of")
    for place, chosen in enumerate(candidates):
        rest = (o for o in candidates[place + 1 :] if o.covered >= 0.25 * chosen.covered and layout is None)
        told = [_other(other) for other in rest]
        try:
            return proved(evolve(chosen, doubts=tuple(dict.fromkeys([*chosen.doubts, *remarks, *told]))), survey)
        except NotReadError as error:
            remarks.append(str(error))
    what = f"as {layout}" if layout else "by any layout"
    raise NoLayoutError(f"{base}: {len(survey.pictures)} pictures, but they cannot be read {what}", remarks)


def _other(proposal: Proposal) -> str:
    kind, what = proposal.layout["kind"], ", ".join(list(proposal.labels)[:4])
    return f"{kind} would fit, too ({proposal.covered} pictures: {what}); --layout {kind} takes it"


def _looked(survey: Survey, layout: str | None) -> tuple[list[Proposal], list[str]]:
    """The proposals, the best first, and remarks: what else was seen."""
    boxed = boxes(survey, layout) if layout in (None, "coco", "voc", "yolo") else None
    tabled, told = labels(survey, layout) if layout in (None, "table", "one-hot", "box-table") else (None, [])
    masked, pairing, said = masks(survey) if layout in (None, "masks", "class-folders") else (None, None, [])
    filed = None
    if layout in (None, "class-folders"):
        mask_files = pairing.owner if masked is not None and pairing is not None else {}
        filed = folders(survey, mask_files, skipped(pairing) if mask_files and pairing is not None else ())
    masked = masked if layout != "class-folders" else None
    pictures = len(survey.pictures)
    ranked = [
        boxed if boxed is not None and boxed.covered >= 0.3 * pictures else None,
        masked if masked is not None and masked.covered >= 0.25 * pictures else None,
        filed if tabled is not None and filed is not None and _simpler(survey.base, filed, tabled) else None,
        tabled, filed, masked, boxed,
    ]  # fmt: skip
    if layout == "file-names" or not (any(ranked) or layout or told):
        ranked.append(by_name(survey))  # the weakest sign: a table that was not understood is a better one
    return list(dict.fromkeys(p for p in ranked if p is not None)), [*said, *told]


def _simpler(base: Path, filed: Proposal, tabled: Proposal) -> bool:
    """Whether folders are a simpler source than a table: they say the same, or cover more."""
    return tabled.covered < 0.6 * filed.covered or _agree(base, tabled, filed)


def _agree(base: Path, one: Proposal, two: Proposal) -> bool:
    """Whether two ways of reading the folder tell the same pictures apart, whatever they call the classes."""
    said: list[dict[str, object]] = []
    for proposal in (one, two):
        tree, samples, _ = run(proposal, base)
        said.append({tree.prefix + str(s.image): s.stated for s in samples if isinstance(s, LabelSample)})
    pairs = {(label, said[1][path]) for path, label in said[0].items() if path in said[1]}
    return len(pairs) == len({label for label, _ in pairs}) == len({label for _, label in pairs}) > 1
