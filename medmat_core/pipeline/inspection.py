"""One shard of a data set, inspected where the engine says: what goes to a worker and what comes back."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence

from attrs import evolve, field, frozen

from medmat_core.model import Problem, Sample
from medmat_core.pipeline.context import Context, unpacked
from medmat_core.pipeline.facts import Facts, Regions, Shard, ShardNames, save_shard
from medmat_core.pipeline.hashes import Hashes
from medmat_core.pipeline.inspector import Inspector
from medmat_core.pipeline.kept import left_before, shard_file
from medmat_core.pipeline.state import Shown
from medmat_core.splits import Ledger


@frozen
class Task:
    """A shard to inspect. ``keep``: the facts may stay in memory. ``lasting``: they are worth keeping for a build that
    goes on, since pixels were decoded for them. ``deadly``: places of samples that are not to be touched, and how
    workers died of them."""

    context: bytes | Context
    index: int
    samples: Sequence[Sample]
    keep: bool
    lasting: bool
    deadly: Mapping[int, str] = field(factory=dict)


def without_deadly(task: Task, dies: Callable[[Task], str]) -> Task:
    """The task with those samples marked of which a worker dies when it looks at one alone."""
    alone = (evolve(task, samples=[sample], keep=True, lasting=False) for sample in task.samples)
    return evolve(task, deadly={place: how for place, one in enumerate(alone) if (how := dies(one))})


@frozen
class ShardDone:
    """What the first pass tells of a shard: where its names are, its numbers, and what could not be used.

    ``rendered`` are its rendered pictures. ``failed`` maps plugin modules whose hook failed to how.
    """

    names: ShardNames
    ledger: Ledger
    regions: Regions | None
    hashes: Hashes
    widths: array[int]
    heights: array[int]
    problems: tuple[Problem, ...]
    seen: int
    lost: dict[str, int]
    rendered: tuple[Shown, ...] = ()
    failed: Mapping[str, str] = field(factory=dict)


def inspect_shard(task: Task) -> ShardDone:
    """Look at every picture of a shard."""
    context = task.context if isinstance(task.context, Context) else unpacked(task.context)
    try:
        return _inspected(context, task)
    except MemoryError:
        pass  # let go of what was made first
    lost = [Problem("bad_image", str(sample.image), "there is not enough memory for it") for sample in task.samples]
    names = ShardNames(task.index, 0, ("", ""), "", Facts())
    regions = None if context.card.head.kind not in ("mask", "box") else Regions()
    return ShardDone(
        names, Ledger(), regions, Hashes(), array("I"), array("I"), tuple(lost), len(lost), {"bad_image": len(lost)}
    )  # fmt: skip


def _inspected(context: Context, task: Task) -> ShardDone:
    file = shard_file(context, task.index, task.samples, lasting=task.lasting)
    shard = left_before(context, file, task.samples) if task.lasting and context.resume else None
    if shard is None:
        inspector = Inspector(context)
        for place, how in task.deadly.items():
            inspector.refuse_unread(task.samples[place], how)
        facts = inspector.facts([sample for place, sample in enumerate(task.samples) if place not in task.deadly])
        shard = Shard(
            facts,
            tuple(inspector.problems),
            len(task.samples),
            inspector.lost,
            tuple(inspector.shown),
            inspector.failed,
        )
        if not task.keep:
            save_shard(file, shard)
    facts = shard.facts
    names = ShardNames(task.index, len(facts), facts.span(), str(file), facts if task.keep else None)
    return ShardDone(
        names, facts.ledger, facts.regions, facts.hashes, facts.widths, facts.heights, shard.problems, shard.seen,
        shard.lost, shard.rendered, shard.failed,
    )  # fmt: skip
