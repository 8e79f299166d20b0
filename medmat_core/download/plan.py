"""What a download would do: for each data set from where, how much, and what is left to a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from attrs import evolve, frozen

from medmat_core.dataset import Dataset
from medmat_core.download.hosts import Hosts
from medmat_core.download.run import staged
from medmat_core.download.web import UnreachableError, Web
from medmat_core.download_entries import ByHand, Download, card_size, size_text
from medmat_core.errors import DownloadError
from medmat_core.pipeline.source import is_present


@frozen
class Step:
    """What happens with one data set: it is fetched, or is there, or comes with another one of the plan (``lead``), or
    is left to a person. ``size`` is in bytes, 0 where nothing is known of it; ``size_told`` says it in words; ``left``
    are bytes that a former run fetched."""

    dataset: Dataset
    does: Literal["fetch", "there", "with", "by hand"]
    size: int = 0
    size_told: str = "-"
    left: int = 0
    lead: str = ""

    @property
    def hosts(self) -> str:
        """From where it comes."""
        return ", ".join(dict.fromkeys(entry.host_name for entry in self.dataset.card.download)) or "-"


def plan(datasets: Sequence[Dataset], to: Path, *, again: bool = False) -> list[Step]:
    """A step for each data set, in their order; one of which a picture and its labels are there is not fetched, unless
    ``again`` says so."""
    steps: list[Step] = []
    leads: dict[tuple[str, str], str] = {}
    for dataset in datasets:
        head, entries = dataset.card.head, dataset.card.download
        if not again and is_present(dataset, to):
            steps.append(Step(dataset, "there"))
        elif not entries:
            steps.append(Step(dataset, "by hand"))
        elif lead := leads.get((head.folder, repr(entries)), ""):
            steps.append(Step(dataset, "with", lead=lead))
        else:
            leads[head.folder, repr(entries)] = head.slug
            size = sum(entry.size for entry in entries)
            steps.append(Step(dataset, "fetch", size, card_size(entries), staged(dataset, to)))
    return steps


def asked(steps: Sequence[Step], web: Web, hosts: Hosts, say: Callable[[str], object]) -> list[Step]:
    """The same with the sizes that the hosts state now. Kaggle states none without a token, and is not asked.

    ``say`` is given a line when a host is asked for the first time, and one when it cannot be reached: then it is asked
    no more, since without a network every further request would wait for nothing.
    """
    ask = _Asking(web, hosts, say)
    return [ask.step(step) if step.does == "fetch" else step for step in steps]


class _Asking:
    """Asks for sizes, and remembers which hosts answer (True) and which do not."""

    def __init__(self, web: Web, hosts: Hosts, say: Callable[[str], object]) -> None:
        self._web, self._hosts, self._say = web, hosts, say
        self._answers: dict[str, bool] = {}

    def step(self, step: Step) -> Step:
        total, told = 0, True
        for entry in step.dataset.card.download:
            size = self._size(entry)
            told = told and bool(size)
            total += size or entry.size
        if not total:
            return step
        about = f"about {size_text(total)}" if step.size else f"at least {size_text(total)}"
        return evolve(step, size=total, size_told=size_text(total) if told else about)

    def _size(self, entry: Download) -> int:
        """Bytes of all files of an entry; 0 where the host does not say, or is not asked."""
        name = entry.host_name
        if entry.host in ("kaggle", "kaggle-competition") or not self._answers.get(name, True):
            return 0
        if name not in self._answers:
            self._say(f"asking {name} for sizes")
            self._answers[name] = True
        try:
            sizes = [remote.size or self._web.size(remote.url) for remote in self._hosts.remotes(entry, self._web)]
        except UnreachableError as error:
            self._answers[name] = False
            self._say(f"{error}; {name} is asked for no more sizes")
            return 0
        except DownloadError:
            return 0
        return sum(sizes) if all(sizes) else 0


def entry_lines(entries: Sequence[Download]) -> list[str]:
    """Where the files of a card come from, a line for each entry."""
    lines = []
    for entry in entries:
        names = ", ".join(entry.names[:3]) + (f" and {len(entry.names) - 3} more" if len(entry.names) > 3 else "")
        size = f", {card_size((entry,))}" if entry.size else ""
        into = f", into {entry.into}/" if entry.into else ""
        checked = ", hash on the card" if entry.hashes else ""
        lines.append(f"{entry.host_name}: {names or entry.page}{size}{into}{checked}")
        if entry.note:
            lines.append(f"  {entry.note}")
    return lines


def hand_lines(by_hand: ByHand) -> list[str]:
    """What is left to a person, numbered."""
    if not by_hand.why:
        return []
    return [f"By hand: {by_hand.why}", *(f"  {place}. {step}" for place, step in enumerate(by_hand.steps, 1))]
