"""A vision-language model that trains in a minute on a CPU: a convolution reads the picture, embedded words the text.

It reads what any trainer would: LLaVA's conversations for training, VLMEvalKit's table for the test, both as
`medmat export` writes them, and answers in words.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import nn

WIDTH = 32
WORDS = 512
EPOCHS = 10
BATCH = 64
OPTIONS = 4


class Asked(NamedTuple):
    """A question: pixels (32, 32), the words of the question, those of each option, the right place or -1, its key."""

    pixels: np.ndarray
    question: list[int]
    options: list[list[int]]
    answer: int
    key: str


def words(text: str) -> list[int]:
    """A text as numbers of words: by hash, so that no vocabulary has to be kept."""
    import zlib

    return [1 + zlib.crc32(word.encode()) % (WORDS - 1) for word in re.findall(r"[a-z]+", text.casefold())]


def pixels(picture: Image.Image) -> np.ndarray:
    """Brightness and contrast evened out, as every vision model's preprocessing does."""
    shown = np.asarray(picture.convert("L"), np.float32)
    return (shown - shown.mean()) / (shown.std() + 1)


def train_set(export: Path) -> list[Asked]:
    """The conversations under ``export/llava``."""
    found = []
    for path in sorted((export / "llava").glob("*-train.json")):
        for item in json.loads(path.read_text("utf-8")):
            lines = item["conversations"][0]["value"].splitlines()
            options = [line[3:] for line in lines if re.match(r"[A-D]: ", line)]
            with Image.open(export / item["image"]) as picture:
                shown = pixels(picture)
            answer = "ABCD".index(item["conversations"][1]["value"])
            found.append(Asked(shown, words(lines[1]), [words(text) for text in options], answer, item["key"]))
    return found


def test_set(export: Path) -> list[Asked]:
    """The questions of ``export/vlmeval``, whose answers are not looked at."""
    found = []
    csv.field_size_limit(1 << 30)
    for path in sorted((export / "vlmeval").glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, dialect="excel-tab"):
                with Image.open(io.BytesIO(base64.b64decode(row["image"]))) as picture:
                    shown = pixels(picture)
                options = [words(row[letter]) for letter in "ABCD" if row[letter]]
                found.append(Asked(shown, words(row["question"]), options, -1, row["key"]))
    return found


class TinyVlm(nn.Module):
    """Scores each option from what the picture shows where question and option look for it."""

    def __init__(self) -> None:
        super().__init__()
        self.eyes = nn.Sequential(
            nn.Conv2d(1, 12, 5, 2, 2), nn.ReLU(), nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(),
            nn.Conv2d(24, WIDTH, 3, 2, 1), nn.ReLU(), nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.ReLU(),
        )  # fmt: skip
        self.place = nn.Parameter(torch.randn(64, WIDTH) * 0.1)
        self.word = nn.EmbeddingBag(WORDS, WIDTH, mode="mean", padding_idx=0)
        self.ask = nn.Sequential(nn.Linear(2 * WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))
        self.look = nn.Linear(WIDTH, WIDTH)
        self.judge = nn.Sequential(nn.Linear(3 * WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1))

    def forward(self, shown: torch.Tensor, question: torch.Tensor, options: torch.Tensor) -> torch.Tensor:
        """``shown`` (n, 32, 32), ``question`` (n, words), ``options`` (n, 4, words) -> scores (n, 4)."""
        count = len(shown)
        seen = self.eyes(shown[:, None]).flatten(2).transpose(1, 2) + self.place
        asked = self.word(question)[:, None].expand(-1, OPTIONS, -1)
        offered = self.word(options.flatten(0, 1)).view(count, OPTIONS, -1)
        query = self.ask(torch.cat([asked, offered], -1))
        weight = torch.softmax(query @ self.look(seen).transpose(1, 2) / WIDTH**0.5, -1)
        found, mean = weight @ seen, seen.mean(1, keepdim=True).expand(-1, OPTIONS, -1)
        return self.judge(torch.cat([found * query, found, mean * query], -1)).squeeze(-1)


def tensors(items: list[Asked]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    def padded(texts: list[list[int]], length: int) -> list[list[int]]:
        return [(text + [0] * length)[:length] for text in texts]

    options = [padded((one.options + [[]] * OPTIONS)[:OPTIONS], 6) for one in items]
    return (
        torch.tensor(np.stack([one.pixels for one in items])),
        torch.tensor(padded([one.question for one in items], 20)),
        torch.tensor(options),
        torch.tensor([one.answer for one in items]),
    )


def trained(items: list[Asked], seed: int, epochs: int = EPOCHS) -> TinyVlm:
    torch.manual_seed(seed)
    model = TinyVlm()
    shown, question, options, answer = tensors(items)
    steps = epochs * -(-len(items) // BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, steps)
    for epoch in range(1, epochs + 1):
        for rows in torch.randperm(len(items)).split(BATCH):
            loss = nn.functional.cross_entropy(model(shown[rows], question[rows], options[rows]), answer[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch}: loss {float(loss):.3f}", flush=True)
    return model.eval()


@torch.no_grad()
def answers(model: TinyVlm, items: list[Asked], *, blank: bool = False) -> list[dict[str, str]]:
    """A reply to each question; ``blank``: of a model that is shown gray instead of every picture."""
    shown, question, options, _ = tensors(items)
    if blank:
        shown = torch.zeros_like(shown)
    scores = model(shown, question, options)
    for place, one in enumerate(items):
        scores[place, len(one.options) :] = -torch.inf
    letters = ["ABCD"[int(best)] for best in scores.argmax(1)]
    return [{"key": one.key, "prediction": f"The answer is {said}."} for one, said in zip(items, letters, strict=True)]


def main(mixture: Path, target: Path, to: Path, seeds: list[int]) -> None:
    """Train on the export of a mixture, answer the target's test part with and without pictures."""
    torch.set_num_threads(1)  # more threads wait for one another on a busy machine
    train, test = train_set(mixture), test_set(target)
    to.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        model = trained(train, seed)
        for name, blank in (("seen", False), ("blank", True)):
            lines = [json.dumps(row) + "\n" for row in answers(model, test, blank=blank)]
            (to / f"{mixture.parent.name}-{seed}-{name}.jsonl").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), [int(text) for text in sys.argv[4:]])
