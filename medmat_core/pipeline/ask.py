"""Second pass over a shard: its decided facts become questions, and questions lines of text."""

from __future__ import annotations

import marshal
import threading
import unicodedata
from collections import Counter
from collections.abc import Sequence
from json.encoder import encode_basestring as quoted
from operator import itemgetter
from typing import Any

from attrs import field, frozen

from medmat_core.fileio import write_bytes
from medmat_core.model import ClassBoxes, Problem, Record
from medmat_core.pipeline.context import Context, unpacked
from medmat_core.pipeline.kept import Fact, load_facts
from medmat_core.questions.draws import bits_from, key_of
from medmat_core.questions.labels import LabelPlanner, Plan, Unasked
from medmat_core.questions.pools import Pools
from medmat_core.splits import TEST
from medmat_core.writers import Writer

Line = tuple[str, int, int, str]
"""(image, place of the ask, place of the class, text): sorts as records are ordered."""

PARTS = ("train", "test")


@frozen
class ShardAsked:
    """What the second pass tells of a shard: lines by (format, part), in memory or in files, and counts."""

    index: int
    lines: dict[tuple[str, str], list[Line]] | None
    files: dict[tuple[str, str], str]
    spans: dict[tuple[str, str], tuple[str, str]]
    problems: tuple[Problem, ...]
    records: Counter[tuple[str, str, str]] = field(factory=Counter)
    used: int = 0


def writers_of(context: Context) -> list[Writer]:
    """The writers of a build by its formats."""
    from medmat_core.writers import WRITERS

    return [writer for writer in WRITERS if writer.name in context.formats]


def ask_shard(task: tuple[bytes | Context, int, Sequence[Fact] | str, bytes, bool]) -> ShardAsked:
    """Work on one shard: (context, index, facts or their file, decisions, whether to keep lines in memory)."""
    raw, index, source, decisions, keep = task
    context = raw if isinstance(raw, Context) else unpacked(raw)
    facts = load_facts(source)[0] if isinstance(source, str) else source
    asker = _asker(context)
    asker.start()
    asker.ask(facts, decisions)
    lines = {place: rows for place, rows in asker.lines.items() if rows}
    spans: dict[tuple[str, str], tuple[str, str]] = {}
    for place, rows in lines.items():
        rows.sort()
        spans[place] = (rows[0][0], rows[-1][0])
    files: dict[tuple[str, str], str] = {}
    if not keep:
        for (name, part), rows in lines.items():
            file = context.work / f"{index:06d}-{name}-{part}.lines"
            write_bytes(file, marshal.dumps(rows), durable=False)
            files[name, part] = str(file)
    return ShardAsked(index, lines if keep else None, files, spans, tuple(asker.problems), asker.records, asker.used)


class _Mine(threading.local):
    """The last asker of each thread: Dask workers may run several."""

    last: Asker | None = None


_mine = _Mine()


def _asker(context: Context) -> Asker:
    """One asker a context and thread, so that plans are made once."""
    if _mine.last is None or _mine.last.context is not context:
        _mine.last = Asker(context)
    return _mine.last


class Asker:
    """Asks the questions of one data set."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.writers = writers_of(context)
        self.pools = Pools(
            context.card,
            context.subset,
            context.concepts,
            context.distractors,
            context.extra_pool,
        )
        self.planner = (
            LabelPlanner(context.card, context.subset, self.pools) if "label" in context.subset.instructions else None
        )
        self._spatial: Any = None
        self.start()

    def start(self) -> None:
        """Forget what the last shard left."""
        self.lines: dict[tuple[str, str], list[Line]] = {
            (writer.name, part): [] for writer in self.writers for part in PARTS
        }
        # plans by the identity of a shard's label tuples, which the shard keeps alive as long as this
        self._plans: dict[int, tuple[object, Plan | Unasked]] = {}
        self.problems: list[Problem] = []
        self.records: Counter[tuple[str, str, str]] = Counter()
        self.used = 0

    def ask(self, facts: Sequence[Fact], decisions: bytes) -> None:
        """Ask about every fact whose decision is TRAIN or TEST."""
        labelled: tuple[list[Fact], list[Fact]] = ([], [])
        for fact, decision in zip(facts, decisions, strict=True):
            if decision > TEST:
                continue
            if fact[2] is not None:
                labelled[decision].append(fact)
            else:
                self._regions(fact, PARTS[decision])
        if self.context.asks is None or "label" in self.context.asks:
            for part, some in zip(PARTS, labelled, strict=True):
                if some:
                    self._labels(some, part)

    # -- labels -----------------------------------------------------------------------------------

    def _labels(self, facts: Sequence[Fact], part: str) -> None:
        """The label questions of one part, a writer at a time: this loop is the build's hot path."""
        plans = self._plans
        for fact in facts:
            labels = fact[2]
            if id(labels) not in plans:
                assert self.planner is not None, "a label data set needs a subset with label instructions"
                plans[id(labels)] = (labels, self.planner.plan(*labels))
        counts = Counter(map(id, map(itemgetter(2), facts)))
        for number, count in counts.items():
            plan = plans[number][1]
            if isinstance(plan, Plan):
                self.records[part, "label", plan.answer] += count
                self.used += count
        drawn = bits_from(self.context.seed)
        for first, writer in enumerate(self.writers):
            name = writer.name
            add = self.lines[name, part].append
            # (what is remembered of a plan's draws, of how many different ones, the plan)
            ready: dict[int, tuple[dict[int, tuple[str, str]], int, Plan | Unasked]] = {}
            for number in counts:
                plan = plans[number][1]
                if isinstance(plan, Plan) and plan.span:
                    ready[number] = plan.memory.setdefault(name, {}), plan.span, plan
                else:
                    ready[number] = {}, 1, plan
            for fact in facts:
                image = fact[0]
                memory, span, plan = ready[id(fact[2])]
                bits = drawn(fact[5])
                around = memory.get(bits % span)
                if around is None:
                    if isinstance(plan, Unasked):
                        if not first:
                            self.problems.append(Problem(plan.reason, self._below(image), plan.detail))
                        continue
                    made = self._around(writer, plan, bits, fact, part)
                    if isinstance(made, str):
                        add((image, 0, 0, made))
                        continue
                    around = made
                    if plan.span:
                        memory[bits % span] = around
                add((image, 0, 0, f"{around[0]}{quoted(image)}{around[1]}"))

    def _around(self, writer: Writer, plan: Plan, bits: int, fact: Fact, part: str) -> tuple[str, str] | str:
        """What stands around the picture's name; or the whole line of a writer that says more."""
        template, options, place = plan.draw(bits)
        image, _, _, group, _, key, _, _, width, height, _, _ = fact
        context = self.context
        record = Record(
            id=0, key=f"{key:016x}", no=context.no or 0, slug=context.slug, subset=context.card.head.subset, split=part,
            group=self._group(group), image=image, width=width or 0, height=height or 0, kind="label", ask="label",
            captions=plan.captions, question=plan.instructions[template], answer=plan.answer, options=options,
            answer_index=place, round="", boxes=(), template=template,
        )  # fmt: skip
        return writer.around_image(record) or writer.line(record)

    def _group(self, group: str | None) -> str:
        return "" if group is None else f"{self.context.card.head.namespace}:{group}"

    def _below(self, image: str) -> str:
        return image.removeprefix(self.context.image_prefix)

    # -- regions ----------------------------------------------------------------------------------

    def _regions(self, fact: Fact, part: str) -> None:
        from medmat_core.questions.spatial import SpatialQuestions

        if self._spatial is None:
            context = self.context
            self._spatial = SpatialQuestions(
                context.card, context.subset, self.pools, context.seed, context.slug, context.asks, context.box_format
            )
        image, source, _, group, _, _, _, _, width, height, regions, unsure = fact
        context = self.context
        path = source if source is not None else self._below(image)
        boxes: dict[str, tuple[tuple[int, int, int, int], ...]] = {}
        for caption, box, _, _ in regions:
            boxes[caption] = (*boxes.get(caption, ()), box)
        ordered = tuple(
            ClassBoxes(caption, boxes[caption]) for caption in sorted(boxes, key=context.card.order.__getitem__)
        )
        asked = False
        for item in self._spatial.ask(unicodedata.normalize("NFC", path), regions, unsure, (width, height)):
            if isinstance(item, Unasked):
                self.problems.append(Problem(item.reason, path, item.detail))
                continue
            record = Record(
                id=0, key=f"{item.key:016x}", no=context.no or 0, slug=context.slug,
                subset=context.card.head.subset, split=part,
                group=self._group(group), image=image, width=width or 0, height=height or 0,
                kind="box" if context.card.head.kind == "box" else "mask", ask=item.ask, captions=(item.caption,),
                question=item.question, answer=item.answer, options=item.options, answer_index=item.answer_index,
                round="", boxes=ordered, template=item.template,
            )  # fmt: skip
            asked = True
            self.records[part, item.ask, item.caption if item.ask != "presence" else item.answer] += 1
            for writer in self.writers:
                self.lines[writer.name, part].append((image, item.ask_place, item.class_place, writer.line(record)))
        self.used += asked
        if not regions and not unsure and "presence" not in context.card.head.asks:
            self.problems.append(
                Problem("no_label", path, "nothing is marked in it, and presence is not asked about here")
            )


__all__ = ["ShardAsked", "ask_shard", "key_of", "writers_of"]
