"""sharegpt by LLaMA-Factory: eight steps of supervised fine-tuning on a tiny Qwen2.5-VL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from medmat_core.export import ExportOptions, export
from medmat_core.records import Built

pytest.importorskip("llamafactory")

from tests.consumers.tiny import make, words_of

CONFIG = """\
model_name_or_path: {model}
template: qwen2_vl
stage: sft
do_train: true
finetuning_type: full
dataset: medmat_train
dataset_dir: {folder}/sharegpt
media_dir: {folder}
cutoff_len: 1024
max_steps: 8
per_device_train_batch_size: 2
learning_rate: 5.0e-3
lr_scheduler_type: constant
logging_steps: 1
save_strategy: "no"
preprocessing_num_workers: 1
dataloader_num_workers: 0
output_dir: {run}
report_to: none
use_cpu: true
"""


@pytest.mark.parametrize("ask_as", ["choice", "both"])
def test_eight_steps_lower_the_loss(built: Built, tmp_path: Path, ask_as: str) -> None:
    folder = tmp_path / "exported"
    export(
        built, ["sharegpt"],
        ExportOptions(folder, jobs=1, ask_as=ask_as),  # type: ignore[arg-type]
    )  # fmt: skip
    model = make(tmp_path / "tiny", words_of(folder / "sharegpt/train.json"))
    config = tmp_path / "train.yaml"
    config.write_text(CONFIG.format(model=model, folder=folder, run=tmp_path / "run"))
    ran = subprocess.run(
        [sys.executable, "-m", "tests.trainers.cli", "llamafactory.train.tuner:run_exp", str(config)],
        env={**os.environ, "DISABLE_VERSION_CHECK": "1", "HF_HUB_OFFLINE": "1"}, check=False, capture_output=True,
        text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    lines = (tmp_path / "run/trainer_log.jsonl").read_text().splitlines()
    losses = [entry["loss"] for entry in map(json.loads, lines) if "loss" in entry]
    print("losses:", losses)
    assert len(losses) == 8
    assert sum(losses[-2:]) < 0.9 * sum(losses[:2]), losses
