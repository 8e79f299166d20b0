"""What every single record must satisfy, checked from the record, the card and the file that holds it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations, permutations
from typing import Final

from medmat_core.audit.faults import Told, listed
from medmat_core.audit.home import Home
from medmat_core.audit.place import RENDERED
from medmat_core.audit.regions import asked_box, region_told
from medmat_core.concepts import fold
from medmat_core.images.rendering import source_of
from medmat_core.model import ASKS, Record
from medmat_core.regions.words import LISTED
from medmat_core.subsets import OPEN_BOX, count_clause, in_sentence

_KEY: Final = re.compile("[0-9a-f]{16}")


class RecordRules:
    """The rules of one data set's records."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._depth: int | None = None
        # few questions are different ones: a round's list stands at four pictures, and labels are few
        self._label = lru_cache(20_000)(lambda *claims: tuple(_label(home, *claims)))

    def faults(self, record: Record) -> Iterator[Told]:
        """(name, sentence) of everything in which a record, taken by itself, is not what its card says."""
        home = self.home
        yield from self._home(record, home)
        if wrong := _question(record, home):
            yield "question_text", wrong
        if not record.captions:
            yield "unknown_caption", "nothing is asked about"
        elif record.ask == "label":
            yield from self._label(record.captions, record.answer, record.options)
        else:
            yield from _captions(record.captions, home)
            if len(record.captions) != 1:
                yield "keys", f"{record.ask} is asked of {len(record.captions)} classes"
            if record.ask == "structure":
                yield from _pairs(record.answer, record.options, home)
            yield from region_told(record, home)

    def _home(self, record: Record, home: Home) -> Iterator[Told]:
        head = home.card.head
        kind = head.kind if head.kind in ("mask", "box") else "label"
        for what, said, expected in (
            ("number", record.no, head.no or 0), ("slug", record.slug, head.slug),
            ("subset", record.subset, head.subset), ("kind", record.kind, kind),
        ):  # fmt: skip
            if said != expected:
                yield "misfiled", f"its {what} is {said!r}, the card says {expected!r}"
        if record.group and not record.group.startswith(f"{home.card.head.namespace}:"):
            yield "misfiled", f"its group {record.group!r} is not of the namespace {home.card.head.namespace!r}"
        if (record.ask == "label") != (kind == "label"):
            yield "misfiled", f"a data set of kind {head.kind!r} is asked for {record.ask}"
        if kind == "label" and record.boxes:
            yield "keys", "a label question carries boxes"
        yield from _captions([some.caption for some in record.boxes], home, "boxes are listed: ")
        if (home.terms.opened or kind != "label") and not (record.width > 0 and record.height > 0):
            yield "keys", f"its size is {record.width} x {record.height}, and its picture has one"
        yield from self._key(record, home)

    def _key(self, record: Record, home: Home) -> Iterator[Told]:
        """Is the key the hash of data set, path, ask and class. Which part of the path counts is told by any record
        whose key fits, and is the same for all of a data set."""
        what = "" if record.ask == "label" else (record.captions or ("",))[0]
        if record.image.startswith(f"{RENDERED}/{record.slug}/"):
            source = source_of(record.image.split("/", 2)[2])
            if source is not None and record.key != key_of(record.slug, str(source), record.ask, what):
                yield "key_wrong", f"its key is not that of {source}, {record.ask} and {what!r}"
            return
        parts = record.image.split("/")
        tried = range(len(parts)) if self._depth is None else [self._depth]
        for depth in tried:
            if record.key == key_of(record.slug, "/".join(parts[depth:]), record.ask, what):
                self._depth = depth
                return
        yield "key_wrong", f"its key is not that of its picture, {record.ask} and {what!r}"


def key_of(slug: str, path: str, ask: str, what: str) -> str:
    """A record's key as the contract defines it: SHA-256 over slug, path below the root in NFC, ask and class."""
    raw = "\0".join((slug, unicodedata.normalize("NFC", path), ask, what))
    return hashlib.sha256(raw.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _question(record: Record, home: Home) -> str:
    """Why a question is not the instruction that it names, filled in with what the record says; '' if it is."""
    texts = home.subset.instructions.get(record.ask)
    if texts is None:
        return f"its subset has no instructions for {record.ask}"
    if record.ask == "box" and record.is_open:
        texts = OPEN_BOX
    if not 0 <= record.template < len(texts):
        return f"template {record.template} is none of 0 to 5"
    words = home.words
    if record.ask != "label":
        boxes = sum(len(some.boxes) for some in record.boxes if some.caption in record.captions)
        count, caption = count_clause(min(max(boxes, 1), LISTED + 1)), in_sentence("".join(record.captions[:1]))
        words = {**words, "count": count, "caption": caption, "box": asked_box(record.question)}
    right = record.question == texts[record.template].format(**words)
    return "" if right else f"the question is not instruction {record.template}: {record.question!r:.120}"


def form_told(record: Record, part: str) -> Iterator[Told]:
    """What is wrong with a record of ``part``, whatever its data set."""
    if not _KEY.fullmatch(record.key):
        yield "keys", f"key is {record.key!r:.60}, expected 16 hex digits"
    if record.round and not _KEY.fullmatch(record.round):
        yield "round_id", f"the round is {record.round!r:.60}, expected 16 hex digits"
    if record.round and not record.options:
        yield "round_id", "a record without options names a round"
    if not 0 <= record.template <= 5:
        yield "keys", f"template is {record.template}, expected 0 to 5"
    if record.split != part:
        yield "misfiled", f"its split is {record.split}, its file is of {part}"
    image = record.image
    if "\\" in image or image.startswith("/") or any(step in ("", ".", "..") for step in image.split("/")):
        yield "image_path", f"{image!r:.200} is no plain relative path"
    if not record.answer.strip() or len(record.answer.splitlines()) > 1:
        yield "option_text", f"the answer {record.answer!r:.60} is empty or holds a line break"
    if record.options:
        yield from options_told(record.options, record.answer, record.answer_index)


def options_told(options: Sequence[str], answer: str, slot: int) -> Iterator[Told]:
    """What is wrong with a list of options, of which ``slot`` (-1: none) is said to be the answer."""
    if not 2 <= len(options) <= 4:
        yield "options_count", f"it has {len(options)} options"
    yield from _texts_told(tuple(options))
    times = options.count(answer)
    if times != 1:
        yield "answer_missing", f"the answer {answer!r:.60} stands {times} times among {listed(options)}"
    named = options[slot] if 0 <= slot < len(options) else None
    if times and named != answer:
        yield "answer_letter", f"its letter names {'no option' if named is None else repr(named)}, not {answer!r}"


@lru_cache(1_000)  # the pictures of a round come with one list
def _texts_told(options: tuple[str, ...]) -> tuple[Told, ...]:
    told = []
    strange = [option for option in options if not option.strip() or len(option.splitlines()) > 1]
    if strange:
        told.append(("option_text", f"option {strange[0]!r:.60} is empty or holds a line break"))
    folded = [(fold(option), option) for option in options]
    if alike := next(((one, two) for (a, one), (b, two) in combinations(folded, 2) if a == b), None):
        told.append(("options_alike", f"{alike[0]!r} and {alike[1]!r} are alike"))
    return tuple(told)


def _captions(captions: Sequence[str], home: Home, what: str = "") -> Iterator[Told]:
    strange = [caption for caption in captions if caption not in home.card.order]
    if strange:
        yield "unknown_caption", f"{what}{strange[0]!r} is not on the card"
    elif list(captions) != sorted(set(captions), key=home.card.order.__getitem__):
        yield "caption_order", f"{what}{listed(captions)} are not in card order, each once"


def _label(home: Home, captions: tuple[str, ...], answer: str, options: tuple[str, ...]) -> Iterator[Told]:
    rounds = home.terms.label_rounds
    if home.terms.as_published:
        yield from published_claims(answer, options, home)
        return
    yield from _captions(captions, home)
    if answer != "; ".join(captions):
        yield "caption_answer", f"the answer is {answer!r}, the captions say {'; '.join(captions)!r}"
    if home.card.head.kind == "single-label" and not all(home.pools.clash(captions[0], one) for one in captions[1:]):
        yield "contradictory_picture", f"it is said to be {listed(captions)}"
    wrongs = [option for option in options if option != answer]
    for option in wrongs:
        if wrong := home.wrong(captions, option):
            yield "distractor_true", wrong
        if not home.in_pool(option, rounds):
            yield "not_in_pool", f"{option!r} is no label that may be drawn"
    yield from _pairs(answer, options, home) if rounds else _related(wrongs, home)


def published_claims(answer: str, options: tuple[str, ...], home: Home) -> list[Told]:
    """Is a wrong option true of the picture, where options follow Med-MAT's published rule and its wording."""
    stated = home.findings(answer, ", ")
    strange = [name for name in stated if name not in home.card.order]
    if strange:
        told = [("unknown_caption", f"{strange[0]!r:.80} is none of the card's captions")]
        return [] if home.is_wording(answer) else told  # of a wording of several nobody can tell which is meant
    wrongs = [option for option in options if fold(option) != fold(answer)]
    true = [("distractor_true", why) for option in wrongs if (why := home.wrong(stated, option, ", "))]
    names = [home.findings(option)[0] for option in wrongs] if not home.several else []
    return [*true[:1], *_related(names, home)]


def _related(wrongs: Sequence[str], home: Home) -> Iterator[Told]:
    """Two wrong options of which one says something of the other."""
    if pair := next((pair for pair in combinations(wrongs, 2) if home.related(*pair)), None):
        yield "options_related", f"{pair[0]!r} and {pair[1]!r} stand beside one another"


def _pairs(answer: str, options: Sequence[str], home: Home) -> Iterator[Told]:
    """Every option of a round is right of one picture, and every other certainly wrong of it."""
    for one, two in permutations(options, 2):
        if one != answer and (wrong := home.wrong(home.findings(one), two)):
            yield "options_related", wrong
            return


def place_of(record: Record, home: Home | None) -> tuple[str, int, int]:
    """Where a record stands among those of its file: by picture, ask and class."""
    order = home.card.order if home is not None else {}
    ask = ASKS.index(record.ask)
    return record.image, ask, order.get(record.captions[0], 0) if record.captions and record.ask != "label" else 0
