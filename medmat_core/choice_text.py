"""How a single-choice question reads, and the text of Med-MAT's record around its picture."""

from __future__ import annotations

from json.encoder import encode_basestring as quoted
from typing import Final

LETTERS: Final = "ABCDEFGHIJ"

CLOSING_LINE: Final = "Answer with the option's letter from the given choices directly."
"""Med-MAT's own last line."""


def letter(index: int) -> str:
    """The letter of an option by its place; "" for none."""
    return LETTERS[index] if index >= 0 else ""


def listed(options: tuple[str, ...]) -> str:
    """One line an option: ``A: text``."""
    return "\n".join(f"{LETTERS[place]}: {option}" for place, option in enumerate(options))


def choice_text(question: str, options: tuple[str, ...], closing: str = CLOSING_LINE) -> str:
    """The question, one line an option, and the closing line."""
    return f"{question}\n{listed(options)}\n{closing}"


def around_question(
    caption: str, question: str, answer: str, options: tuple[str, ...], slot: int, data_no: str
) -> tuple[str, str]:
    """A line after its running number, before and after the picture's JSON string: nothing else in it hangs on the
    picture, so that pictures with equal questions are written without asking again."""
    return (
        f'"caption": {quoted(caption)}, "image": ',
        f', "Question": {quoted(question)}, "Answer": {quoted(answer)}, '
        f'"Question-choice": {quoted(choice_text(question, options))}, '
        f'"Answer-choice": "{letter(slot)}", "data-no": {quoted(data_no)}}}',
    )
