"""What an audit can find: stable names, what each means, and the collector that counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import define, evolve, field, frozen

FAULTS: Final[Mapping[str, str]] = {
    # files and manifest
    "unfinished": "a build was killed here, and its working folder is left",
    "missing_file": "a file that must be there is not",
    "unlisted_file": "a file among medmat's own that the manifest does not name",
    "manifest_digest": "a file's bytes are not those that the manifest names",
    "manifest_seal": "the manifest was edited since medmat wrote it",
    "manifest_keys": "the manifest lacks something that it must say, or says it in another form",
    "manifest_counts": "the manifest counts something else than the files hold",
    "manifest_card": "the manifest says something else of a data set than its card",
    "problems_form": "a line of problems.jsonl is not of the promised form",
    "bad_json": "a file cannot be read to its end",
    # the form of a record
    "keys": "a record lacks a key, or a value is of the wrong kind",
    "key_order": "a record's keys are not in the promised order",
    "ids": "ids do not count from 1 in the file",
    "order": "records are not sorted by picture, then ask, then class",
    "duplicate_record": "one question is asked twice, or two records have one key",
    "misfiled": "a record says another data set, subset, part, kind or group namespace than its file and card",
    "image_path": "a picture's path is not a plain relative path with '/' separators",
    "key_wrong": "the key is not that of the picture, ask and class",
    "formats_differ": "the full record and Med-MAT's record say different things",
    # the question
    "question_text": "the question is not the instruction that it names, filled in",
    "options_count": "there are not two to four options",
    "option_text": "an option is empty or holds a line break",
    "options_alike": "two options differ in case, spaces and punctuation at most",
    "answer_missing": "the answer is not exactly one of the options",
    "answer_letter": "the answer's letter or index names another option",
    "choice_text": "Question-choice does not give question, lettered options and closing line back",
    # what the question claims
    "unknown_caption": "a caption is not on the data set's card",
    "caption_order": "the captions are not in card order, or one stands twice",
    "caption_answer": "the answer does not say what the captions say",
    "distractor_true": "a wrong option is, or may be, true of the picture",
    "options_related": "two wrong options are synonyms, or one is wider than the other, or both may be true",
    "not_in_pool": "a wrong option is no label of the pool that it must come from",
    # regions
    "negative_asked": "something else than presence is asked of a class that is not there",
    "presence_options": "presence is not asked with 'No X' and 'X'",
    "presence_answer": "the answer about presence contradicts the boxes",
    "box_text": "an option is no list of boxes in the build's format",
    "box_count": "options list different numbers of boxes",
    "box_outside": "a box leaves its picture or has no area",
    "box_answer": "the answer does not list the boxes of its class",
    "box_close": "a wrong box has an IoU over 0.5 with a right one",
    "location_answer": "the cell named does not hold the region, or a wrong one holds a part of it",
    "location_text": "an option is no cell of the 3 x 3 grid",
    "coverage_text": "an option is no percentage",
    "coverage_answer": "the share named is not what the boxes can hold",
    "coverage_close": "two percentages are neither 1.5 times nor 10 points apart",
    "structure_box": "the class's region does not fit the box in the question",
    "structure_answer": "a wrong class touches the box in the question",
    # rounds
    "round_id": "a round's id is not 16 hex digits, or an open record has one",
    "round_size": "a round has more or fewer pictures than options",
    "round_question": "the pictures of a round are not asked the same question with the same list in the same order",
    "round_answer": "an option of a round is right of no picture, or of two",
    "round_missing": "a question has options but no round, where options come by rounds alone",
    "surplus_list": "a picture without a round has options that stand in no round of its data set and part",
    "options_size": "questions of one data set have different numbers of options, where all must have the same",
    # parts
    "group_leak": "a group is in two parts",
    "picture_leak": "a picture is in two parts",
    "contradictory_picture": "one picture is asked about under classes that exclude one another",
    "subset_union": "a subset file is not the union of its members' files less the removals",
    "subset_copy": "a subset file holds one picture of two members in the same words",
    "removal_unknown": "the manifest lists a removal of a picture that no member holds",
    # chance
    "guessed_blind": "a guesser who sees no picture beats chance and the most frequent answer",
    "uneven_letters": "the answer's place among the options is not even",
    "uneven_instructions": "the six instructions are not used evenly",
    "options_tell": "the number of options tells the answer",
    # with --data
    "missing_image": "the picture is not there or cannot be read",
    "picture_size": "width and height are not the picture's",
    "picture_unknown": "the adapter gives no such picture of the data set",
    "label_differs": "the data set says something else of the picture than the record",
    "boxes_differ": "the boxes are not those of the data set's masks or boxes",
    "group_differs": "the data set gives the picture another group",
    "region_differs": "the share or place named is not that of the data set's own mask",
    "rendered_differs": "a rendered picture is not what its source renders to",
}
"""Every fault by its stable name."""

NOTES: Final[Mapping[str, str]] = {
    "unprotected": "no split and no ids were published: near copies of one patient may lie on both sides",
    "alike_leak": "pictures of two parts decode alike, though their files differ",
    "near_leak": "pictures of two parts are near copies: encoded again, resized, or a little changed",
    "near_copy": "two data sets hold near copies in one part",
    "other_version": "the build was made by another version",
    "no_card": "the plugin of a data set is not installed, so its labels were not audited",
}
"""Worth knowing; an audit with notes alone is sound."""

_LENIENT: Final = frozenset({"keys", "ids", "image_path", "unknown_caption", "not_in_pool", "choice_text"})
"""Promises of a medmat build that files published elsewhere never made: notes there."""


@frozen
class Fault:
    """One thing that is wrong: a name of :data:`FAULTS` (or :data:`NOTES`), where, and a sentence.

    ``file`` is relative to what was audited, ``line`` the line of a record file (from 1; in Med-MAT's JSON the record
    counted from 1; 0: the file as a whole), ``key`` the record's. ``level`` is "fault" or "note"."""

    name: str = field()
    detail: str = field()
    file: str = ""
    line: int = 0
    key: str = ""
    image: str = ""
    level: str = "fault"

    @name.validator
    def _known(self, attribute: Any, value: str) -> None:
        if value not in FAULTS and value not in NOTES:
            raise ValueError(f"{value!r} is no fault that an audit knows")

    @property
    def where(self) -> str:
        """File, line, key and picture, as far as they are known."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return " ".join(part for part in (place, self.key, self.image) if part)

    def __str__(self) -> str:
        return f"{self.name}: {self.where + ': ' if self.where else ''}{self.detail}"


@define
class Faults:
    """Counts every fault and keeps the first ``keep`` of each name (None: all), so that memory stays flat.

    ``lenient``: what is audited was not made by ``medmat build``, so promises of form are notes."""

    keep: int | None = 20
    lenient: bool = False
    counts: Counter[str] = field(factory=Counter)
    notes: Counter[str] = field(factory=Counter)
    kept: list[Fault] = field(factory=list)

    def tell(self, found: Iterable[Fault]) -> None:
        for fault in found:
            noted = fault.name in NOTES or (self.lenient and fault.name in _LENIENT)
            counts = self.notes if noted else self.counts
            counts[fault.name] += 1
            if self.keep is None or counts[fault.name] <= self.keep:
                self.kept.append(evolve(fault, level="note") if noted else fault)


Told = tuple[str, str]
"""(name, sentence) of a fault whose place the reader of the file knows."""


def listed(names: Sequence[str]) -> str:
    """Four names for a sentence: 'A', 'B', 'C', 'D' and 3 more."""
    return ", ".join(map(repr, names[:4])) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
