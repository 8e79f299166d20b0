"""chat by TRL's SFTTrainer: eight steps on a tiny Qwen2.5-VL made on the spot."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.consumers.tiny import make, mend_torchvision, words_of


def test_eight_steps_lower_the_loss(exported: Path, tmp_path: Path) -> None:
    mend_torchvision()
    trl = pytest.importorskip("trl")
    import datasets
    from transformers import AutoModelForImageTextToText, AutoProcessor

    file = exported / "chat/train.jsonl"
    rows = datasets.load_dataset("json", data_files=str(file), split="train", cache_dir=str(tmp_path / "cache"))
    rows = rows.map(lambda row: {"images": [str(exported / image) for image in row["images"]]})
    rows = rows.cast_column("images", datasets.List(datasets.Image()))
    folder = make(tmp_path / "tiny", words_of(file))
    trainer = trl.SFTTrainer(
        model=AutoModelForImageTextToText.from_pretrained(folder),
        processing_class=AutoProcessor.from_pretrained(folder),
        train_dataset=rows,
        args=trl.SFTConfig(
            output_dir=str(tmp_path / "run"), max_steps=8, per_device_train_batch_size=2, learning_rate=5e-3,
            lr_scheduler_type="constant", logging_steps=1, max_length=None, report_to=[], use_cpu=True, bf16=False,
            save_strategy="no", gradient_checkpointing=False, seed=0,
        ),
    )  # fmt: skip
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert len(losses) == 8
    assert sum(losses[-2:]) < 0.9 * sum(losses[:2]), losses
