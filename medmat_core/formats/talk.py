"""Records as talk: what the user says and what the assistant answers, for every format of conversations."""

from __future__ import annotations

import re
from typing import Final, Literal

from attrs import frozen

from medmat_core.choice_text import CLOSING_LINE, choice_text, letter
from medmat_core.formats.protocol import Told
from medmat_core.model import Record

_CLOSING: Final = {
    "letter": CLOSING_LINE,
    "text": "Answer with the option's text from the given choices directly.",
    "both": "Answer with the option's letter and text from the given choices directly.",
}

_TAG: Final = re.compile(r"<(/?(?:image|video|audio|bbox|ref-object)[^<>]*)>", re.IGNORECASE)


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
