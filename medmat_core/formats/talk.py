"""Records as talk: what the user says and what the assistant answers, for every format of conversations."""

from __future__ import annotations

import re
from typing import Final, Literal

from attrs import frozen

from medmat_core.formats.protocol import Told
from medmat_core.model import Record

LETTERS: Final = "ABCDEFGHIJ"

CLOSING_LINE: Final = "Answer with the option's letter from the given choices directly."
"""Med-MAT's own last line."""

_CLOSING: Final = {
    "letter": CLOSING_LINE,
    "text": "Answer with the option's text from the given choices directly.",
    "both": "Answer with the option's letter and text from the given choices directly.",
}

_TAG: Final = re.compile(r"<(/?(?:image|video|audio|bbox|ref-object)[^<>]*)>", re.IGNORECASE)


def letter(index: int) -> str:
    """The letter of an option by its place; "" for none."""
    return LETTERS[index] if index >= 0 else ""


def listed(options: tuple[str, ...]) -> str:
    """One line an option: ``A: text``."""
    return "\n".join(f"{LETTERS[place]}: {option}" for place, option in enumerate(options))


def choice_text(question: str, options: tuple[str, ...], closing: str = CLOSING_LINE) -> str:
    """The question, one line an option, and the closing line."""
    return f"{question}\n{listed(options)}\n{closing}"


def plain(text: str) -> str:
    """Text in which nothing reads as a trainer's placeholder for a picture or a box."""
    return _TAG.sub(r"(\1)", text) if "<" in text else text


@frozen
class Turn:
    """A question and its answer, in one of the two ways in which a record can be asked."""

    form: Literal["choice", "open"]
    user: str
    assistant: str


def turns(record: Record, told: Told) -> list[Turn]:
    """A record as one or two turns: with its options, without them, or first with and then without.

    An open record is asked without options whatever is asked for.
    """
    found = []
    if not record.is_open and told.ask_as in ("choice", "both"):
        which = letter(record.answer_index)
        answer = {"letter": which, "text": record.answer, "both": f"{which}: {record.answer}"}[told.reply]
        found.append(Turn("choice", choice_text(record.question, record.options, _CLOSING[told.reply]), answer))
    if record.is_open or told.ask_as in ("open", "both"):
        found.append(Turn("open", record.question, record.answer))
    return [Turn(turn.form, plain(turn.user), plain(turn.assistant)) for turn in found]


def turn_id(record: Record, turn: Turn, told: Told) -> str:
    """A name for a turn that no other of the export has: the record's key, and how it is asked where it is asked in
    both ways."""
    return f"{record.key}-open" if told.ask_as == "both" and turn.form == "open" else record.key
