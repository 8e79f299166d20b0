"""What a reply is read as: what is said plainly, and never a guess."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medmat_core.score.reading import read_answer

ANIMALS = ("Cat", "Dog", "Cow", "Eel")
NESTED = ("Tumor", "Pituitary tumor", "No tumor", "Edema; Effusion")


@pytest.mark.parametrize(
    "reply",
    [
        "B", "b", "(B)", "[B]", "B.", "B: Dog", "B) Dog", "**B**", "$B$", "Option B", "Answer:\nB", "The answer is B.",
        "The answer is\n\nB", "answer is dog", "<answer>B</answer>", "\\boxed{B}", "A dog", "It is a dog, not a cat",
        "I choose B", "It is B.", "The correct option is B because of its ears", "B. A small animal",
        "<think>A? The cat is gray.</think>\nB", "B\n\nExplanation: the cat is not there", "B is correct",
        "The best answer is B, as the dog barks",
    ],
)  # fmt: skip
def test_a_plain_answer_is_read(reply: str) -> None:
    assert read_answer(reply, ANIMALS) == 1


@pytest.mark.parametrize(
    "reply",
    [
        "", "E", "I don't know", "not a dog", "dog or cat", "B or C", "Both A and B", "A, B", "A B C D", "B: Cat",
        "The answer is A: Dog", "The answer is A. Wait, the answer is B.", "The answer is not B", "Category", "Dogs",
        "Neither", "<think>it is B", "a", "It shows a tumor.",
    ],
)  # fmt: skip
def test_what_is_not_said_plainly_is_unread(reply: str) -> None:
    assert read_answer(reply, ANIMALS) == (0 if reply == "a" else -1)


@pytest.mark.parametrize(
    ("reply", "place"),
    [("pituitary tumor", 1), ("There is no tumor.", 2), ("tumor", 0), ("edema;  effusion.", 3), ("no edema", -1)],
)
def test_an_option_inside_a_longer_one_that_is_said_does_not_count(reply: str, place: int) -> None:
    assert read_answer(reply, NESTED) == place


def test_where_options_were_not_shown_a_letter_means_nothing() -> None:
    assert read_answer("B", ANIMALS, letters=False) == -1
    assert read_answer("The answer is a cow.", ANIMALS, letters=False) == 2


def test_a_letter_beyond_the_options_is_none() -> None:
    assert read_answer("D", ANIMALS[:3]) == -1


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_as_an_option_or_as_none(reply: str) -> None:
    assert -1 <= read_answer(reply, ANIMALS) < 4
