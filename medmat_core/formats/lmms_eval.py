"""A task of lmms-eval over the parquet files of ``hf``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from medmat_core.formats.card import quoted
from medmat_core.formats.lines import write_whole
from medmat_core.formats.protocol import BaseFormat, Folder, Item, Picture, Place, Scope, Told
from medmat_core.model import Record

_TASK: Final = """\
# `lmms_eval --include_path {folder} --tasks medmat`
task: medmat
dataset_path: {data}
dataset_kwargs:
  token: false
test_split: {split}
output_type: generate_until
doc_to_visual: !function utils.doc_to_visual
doc_to_text: !function utils.doc_to_text
doc_to_target: !function utils.doc_to_target
process_docs: !function utils.process_docs
process_results: !function utils.process_results
generation_kwargs:
  max_new_tokens: 16
  temperature: 0
  do_sample: false
metric_list:
  - metric: accuracy
    aggregation: mean
    higher_is_better: true
  - metric: round_accuracy
    aggregation: !function utils.round_accuracy
    higher_is_better: true
metadata:
  version: 1.0
"""

_UTILS: Final = '''\
"""What the task in medmat.yaml asks and how it scores; written by medmat."""

import re
from collections import defaultdict

LETTERS = "ABCDEFGHIJ"


def process_docs(dataset):
    """Closed questions alone: an open one has no letter to be right about."""
    return dataset.filter(lambda doc: doc["answer_index"] >= 0)


def doc_to_visual(doc):
    return [doc["image"].convert("RGB")]


def doc_to_text(doc, lmms_eval_specific_kwargs=None):
    options = "\\n".join(f"{letter}: {option}" for letter, option in zip(LETTERS, doc["options"]))
    return f"{doc['question']}\\n{options}\\nAnswer with the option's letter from the given choices directly."


def doc_to_target(doc):
    return LETTERS[doc["answer_index"]]


def chosen(reply, options):
    """The letter that a reply names, or that of the one option that it quotes; "" where it does neither."""
    letters = LETTERS[: len(options)]
    lead = r"\\W*(?:(?:the )?(?:correct |right )?(?:answer|option|choice)\\b(?: is)?\\W*)?"
    # a lower-case letter has to stand alone: "a dog" names no letter
    found = re.match(lead + rf"([{letters}])(?![A-Za-z])", reply.strip()) or re.match(
        lead + rf"([{letters}])(?:[.:)]|\\W*$)", reply.strip(), re.IGNORECASE
    )
    if found:
        return found[1].upper()
    said = [letter for letter, option in zip(letters, options) if option.casefold() in reply.casefold()]
    return said[0] if len(said) == 1 else ""


def process_results(doc, results):
    right = chosen(results[0], doc["options"]) == doc_to_target(doc)
    return {"accuracy": float(right), "round_accuracy": {"round": doc["round"], "right": right}}


def round_accuracy(results):
    """The share of rounds in which every picture was answered right; who sees no picture has at most one right."""
    rounds = defaultdict(list)
    for result in results:
        if result["round"]:
            rounds[result["round"]].append(result["right"])
    return sum(map(all, rounds.values())) / len(rounds) if rounds else 0.0
'''


class LmmsEvalFormat(BaseFormat):
    """``lmms-eval/medmat.yaml`` and ``utils.py`` over ``hf/``; the task asks the test part, or what there is."""

    name = "lmms-eval"
    about = "lmms-eval: a task over hf/"
    needs = ("hf",)
    pictures = "inside"

    def scopes(self, told: Told) -> tuple[Scope, ...]:
        return ("build",)

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        return [b""]  # counted, so that it is known which parts have closed records

    def encoder(self, place: Place, folder: Folder, told: Told) -> _Nothing:
        return _Nothing()

    def finish(self, folder: Folder, told: Told) -> None:
        splits = {place.split for place, count in folder.counts().items() if count}
        split = next((name for name in ("test", "val", "train") if name in splits), "test")
        data, where = quoted(str(told.root / "hf")), quoted(str(told.root / "lmms-eval"))
        task = _TASK.format(data=data, split=split, folder=where)
        write_whole(folder, "lmms-eval/medmat.yaml", task.encode())
        write_whole(folder, "lmms-eval/utils.py", _UTILS.encode())


class _Nothing:
    """The records stand in ``hf``."""

    def add(self, first: int, items: Sequence[Item]) -> None:
        return

    def close(self) -> None:
        return
