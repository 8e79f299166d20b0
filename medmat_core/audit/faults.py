"""What an audit can find: stable names, what each means, and the collector that counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from attrs import asdict, define, evolve, field, frozen

FAULTS: Final[Mapping[str, str]] = {
    # files and manifest
    "unfinished": "a build was killed here: there is no manifest, and its working folder is left",
    "missing_file": "a file that must be there is not",
    "unlisted_file": "a file of records that the manifest does not name",
    "manifest_digest": "a file's bytes are not those that the manifest names",
    "manifest_counts": "the manifest counts something else than the files hold",
    "manifest_keys": "the manifest lacks something that it must say",
    "problems_form": "a line of problems.jsonl is not of the promised form",
    "bad_json": "a file cannot be read to its end",
    # the form of a record
    "keys": "a record lacks a key, or a value is of the wrong kind",
    "key_order": "a record's keys are not exactly those promised, in their order",
    "ids": "ids do not count from 1 in the file",
    "order": "records are not sorted by picture, then ask, then class",
    "duplicate_record": "one question is asked twice, or two records have one key",
    "misfiled": "a record says another data set, subset, part or group namespace than its file and card",
    "image_path": "a picture's path is not a plain relative path with '/' separators",
    "formats_differ": "the full record and Med-MAT's record say different things",
    # the question
    "options_count": "there are not two to four options",
    "answer_missing": "the answer is not exactly one of the options",
    "answer_letter": "the answer's letter or index names another option",
    "choice_text": "Question-choice does not give question, lettered options and closing line back",
    "option_text": "an option is empty or holds a line break",
    "options_alike": "two options differ in case, spaces and punctuation at most",
    "options_related": "two wrong options are synonyms, or one is wider than the other",
    "options_size": "options name different numbers of findings",
    "question_text": "the question is none of its subset's six instructions, filled in",
    # what the question claims
    "unknown_caption": "a caption is not on the data set's card",
    "caption_order": "the captions are not in card order",
    "caption_answer": "the answer does not say what the captions say",
    "distractor_true": "a wrong option is, or may be, true of the picture",
    "negation": "a 'No X' stands as a wrong option where X is not what the picture shows",
    "catch_all": "a catch-all or a mere place stands as a wrong option",
    "not_in_pool": "a wrong option is no label of the pool that it must come from",
    "mixed_without_own": "no wrong option is of the picture's own data set, although one would do",
    # regions
    "negative_asked": "something else than presence is asked of a class that is not there",
    "presence_options": "presence is not asked with 'X' and 'No X'",
    "presence_answer": "the answer about presence contradicts the boxes",
    "box_text": "an option is no list of boxes in the build's format",
    "box_count": "options list different numbers of boxes, or more than four",
    "box_outside": "a box leaves its picture or has no area",
    "box_answer": "the answer does not list the boxes of its class, top to bottom",
    "box_size": "a wrong box has under half or over twice the area of the right ones",
    "box_overlap": "a wrong box covers a quarter of a right one, or lies a quarter inside one",
    "location_answer": "the cell named does not hold the region",
    "location_text": "an option is no cell of the 3 x 3 grid",
    "coverage_text": "an option is no percentage",
    "coverage_answer": "the share named is more than the boxes could hold",
    "coverage_close": "two percentages are too close to be told apart by eye",
    "structure_box": "the box in the question is none of its class",
    # train and test
    "group_leak": "a group is in train and in test",
    "picture_leak": "a picture is in train and in test",
    "contradictory_picture": "one picture is asked about under classes that exclude one another",
    "subset_union": "a subset file is not the union of its members' files less the removals",
    "subset_copy": "a subset file holds one picture of two members",
    # chance
    "uneven_letters": "the answer's place among the options is not even",
    "uneven_instructions": "the six instructions are not used evenly",
    "uneven_options": "the wrong options of a data set are not drawn evenly",
    # with the pictures
    "missing_image": "the picture is not there or cannot be read",
    "picture_size": "width and height are not the picture's",
    "key_wrong": "the key is not that of the picture, ask and class",
}
"""Every fault by its stable name."""

NOTES: Final[Mapping[str, str]] = {
    "unprotected": "no split and no ids were published: near copies of one patient may lie on both sides",
    "class_untested": "a class with several groups has none in test",
    "alike_leak": "pictures of train and test decode alike, though their files differ",
    "near_leak": "pictures of train and test are near copies (perceptual hash)",
    "only_answer": "a label is an answer and never a wrong option",
    "only_distractor": "a label is a wrong option and never an answer",
    "other_version": "the build was made by another version",
    "copies": "identical pictures within one part",
}
"""Worth knowing; an audit with notes alone is sound."""

_LENIENT: Final = frozenset(
    {"key_order", "ids", "order", "misfiled", "question_text", "unknown_caption", "caption_order", "not_in_pool",
     "mixed_without_own", "options_size", "uneven_options", "subset_copy", "image_path"}
)  # fmt: skip
"""Promises of a medmat build that files published elsewhere never made: notes there."""


@frozen
class Fault:
    """One thing that is wrong: a name of :data:`FAULTS` (or :data:`NOTES`), where, and a sentence.

    ``file`` is relative to what was audited, ``record`` the record's ``id`` there. ``level`` is "fault" or "note".
    """

    name: str = field()
    detail: str = field()
    file: str = ""
    record: int | None = None
    image: str = ""
    level: str = field(default="fault")

    @name.validator
    def _known(self, attribute: Any, value: str) -> None:
        if value not in FAULTS and value not in NOTES:
            raise ValueError(f"{value!r} is no fault that an audit knows")

    def __str__(self) -> str:
        where = " ".join(part for part in (self.file, f"#{self.record}" if self.record is not None else "") if part)
        picture = f" ({self.image})" if self.image else ""
        return f"{self.name}: {where + ': ' if where else ''}{self.detail}{picture}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@define
class Faults:
    """Counts every fault and keeps the first ``keep`` of each name (None: all), so that memory stays flat.

    ``lenient``: what is audited was not made by ``medmat build``, so promises of format are notes.
    """

    keep: int | None = 20
    lenient: bool = False
    counts: Counter[str] = field(factory=Counter)
    notes: Counter[str] = field(factory=Counter)
    kept: list[Fault] = field(factory=list)

    def add(self, fault: Fault) -> None:
        """Count a fault."""
        noted = fault.name in NOTES or (self.lenient and fault.name in _LENIENT)
        counts = self.notes if noted else self.counts
        counts[fault.name] += 1
        if self.keep is None or counts[fault.name] <= self.keep:
            self.kept.append(evolve(fault, level="note" if noted else "fault"))

    def tell(self, name: str, detail: str, file: str = "", record: int | None = None, image: str = "") -> None:
        """Count a fault by its parts."""
        self.add(Fault(name, detail, file, record, image))

    @property
    def sound(self) -> bool:
        """Whether nothing but notes was found."""
        return not self.counts


def listed(names: Any, most: int = 4) -> str:
    """A few names for a sentence: 'A', 'B' and 3 more."""
    shown = [repr(name) for name in names]
    rest = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + rest
