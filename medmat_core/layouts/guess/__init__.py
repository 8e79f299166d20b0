"""From a folder to the layout that reads it: what a look at it may be, each tried by the layout itself.

A :class:`~medmat_core.layouts.guess.survey.Survey` lists what lies there. Beside each module of layouts there is one of
the same name here, whose ``guess`` proposes layouts of its kinds as data
(:class:`~medmat_core.layouts.guess.proposal.Proposal`). Nothing is read by rules of a guess's own: the layout itself is
run over the folder, and what it reads and reports is what is known of it. Only ``medmat new-plugin`` imports this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module

from attrs import evolve

from medmat_core.errors import UsageError
from medmat_core.layouts import KINDS
from medmat_core.layouts.guess.groups import with_group, with_table
from medmat_core.layouts.guess.looks import looks
from medmat_core.layouts.guess.proposal import NotReadError, Proposal, codes_of, rooted, tried
from medmat_core.layouts.guess.survey import Survey


class NoLayoutError(UsageError):
    """A folder with pictures that no layout reads; message and ``remarks`` say what was seen, and ``looks`` how the
    files look that lie beside the pictures: that names what is in them, and is for the terminal alone."""

    def __init__(self, message: str, remarks: Sequence[str], looks: Sequence[str]) -> None:
        super().__init__("\n  - ".join([message, *remarks]))
        self.remarks, self.looks = remarks, looks


def guessed(survey: Survey, layout: str | None = None) -> Proposal:
    """How the folder is laid out, by what its layout reads there; ``layout`` takes that kind and no other.

    What was seen besides is among the doubts. Raises :class:`UsageError` where there is no picture, and
    :class:`NoLayoutError` where no layout fits.
    """
    base = survey.base
    if not survey.pictures:
        seen = "".join(f"; {line}" for line in (*survey.remarks, *looks(survey)))
        how = "give the folder of an unzipped data set, or leave out --from and fill in what is made up"
        raise UsageError(f"{base}: no picture lies there{seen}; {how}")
    found = {proposal.layout["kind"]: proposal for proposal in _read(survey, layout)}
    opened = {path for proposal in found.values() for path in proposal.trial.tree.opened}
    known = set().union(*(pictures for path, (_, pictures) in survey.lists.items() if path in opened))
    survey.remarks += [
        f"{path} lists pictures of a part and is not read"
        for path, (_, pictures) in survey.lists.items() if path not in opened and not pictures <= known
    ]  # fmt: skip
    labelled = any(path in remark for path in survey.others for remark in survey.remarks)
    if not (found or layout or labelled):  # the weakest sign: a table that was not understood is a better one
        found = {proposal.layout["kind"]: proposal for proposal in _read(survey, "file-names")}
    if not found:
        what = f"as {layout}" if layout else "by any layout"
        seen = f"{base}: {len(survey.pictures)} pictures such as {survey.pictures[0]}, but they cannot be read {what}"
        raise NoLayoutError(seen, survey.remarks, [*looks(survey)])
    chosen, *others = sorted(found.values(), key=lambda proposal: _rank(proposal, found, len(survey.pictures)))
    told = [
        f"{other.layout['kind']} would fit, too ({other.covered} pictures: {', '.join([*other.labels][:4])}); "
        f"--layout {other.layout['kind']} takes it"
        for other in others
        if other.covered >= 0.25 * chosen.covered
    ]
    doubts = tuple(dict.fromkeys([*chosen.doubts, *survey.remarks, *told]))
    return with_group(rooted(with_table(evolve(chosen, doubts=doubts), survey), survey))


def _read(survey: Survey, layout: str | None) -> Iterator[Proposal]:
    """The proposals that read what they promise."""
    for module in dict.fromkeys(KINDS[kind].partition(".")[0] for kind in ([layout] if layout else KINDS)):
        for proposal in import_module(f"{__name__}.{module}").guess(survey, layout):
            try:
                yield tried(proposal, survey)
            except NotReadError as error:
                survey.remarks.append(str(error))


def _rank(proposal: Proposal, found: dict[str, Proposal], pictures: int) -> int:
    """The place of a proposal among all: what says most of pictures comes first."""
    kind, covered = proposal.layout["kind"], proposal.covered
    table = next((found[one] for one in ("box-table", "one-hot", "table") if one in found), None)
    if kind in ("voc", "coco", "yolo"):
        return 0 if covered >= 0.3 * pictures else 6
    if kind == "masks":
        return 1 if covered >= 0.25 * pictures else 5
    if kind == "class-folders":
        # folders are a simpler source than a table: they say the same, or cover more
        simpler = table is not None and (table.covered < 0.6 * covered or _agree(table, proposal))
        return 2 if simpler else 4
    return 3


def _agree(one: Proposal, two: Proposal) -> bool:
    """Whether two ways of reading the folder tell the same pictures apart, whatever they call the classes."""
    if "box" in (one.kind, two.kind):
        return False
    said = [
        {proposal.trial.tree.prefix + str(sample.image): codes_of(sample) for sample in proposal.trial.samples}
        for proposal in (one, two)
    ]
    pairs = {(label, said[1][path]) for path, label in said[0].items() if path in said[1]}
    return len(pairs) == len({label for label, _ in pairs}) == len({label for _, label in pairs}) > 1
