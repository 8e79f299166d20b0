"""swift by ms-swift: eight steps of supervised fine-tuning on a tiny Qwen2.5-VL, boxes in its own fields."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from medmat_core.export import ExportOptions, export
from medmat_core.records import Built

pytest.importorskip("swift")

from tests.consumers.tiny import make, words_of


@pytest.mark.parametrize("ask_as", ["choice", "both"])
def test_eight_steps_lower_the_loss(built: Built, tmp_path: Path, ask_as: str) -> None:
    folder = tmp_path / "exported"
    export(
        built, ["swift"],
        ExportOptions(folder, jobs=1, ask_as=ask_as),  # type: ignore[arg-type]
    )  # fmt: skip
    file = folder / "swift/train.jsonl"
    model = make(tmp_path / "tiny", words_of(file))
    arguments = {
        "model": model, "model_type": "qwen2_5_vl", "template": "qwen2_5_vl", "dataset": file,
        "tuner_type": "full", "torch_dtype": "float32", "max_steps": 8, "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 1, "learning_rate": 5e-3, "lr_scheduler_type": "constant", "logging_steps": 1,
        "save_strategy": "no", "output_dir": tmp_path / "run", "report_to": "none", "use_cpu": "true",
        "split_dataset_ratio": 0, "dataset_num_proc": 1, "dataloader_num_workers": 0, "gradient_checkpointing": "false",
        "attn_impl": "sdpa", "freeze_vit": "false", "add_version": "false", "use_hf": "true",
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.trainers.cli", "swift.pipelines:sft_main"]
    ran = subprocess.run(
        command + [text for name, value in arguments.items() for text in (f"--{name}", str(value))],
        env={**os.environ, "ROOT_IMAGE_DIR": str(folder), "HF_HUB_OFFLINE": "1"}, check=False, capture_output=True,
        text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    log = next((tmp_path / "run").rglob("logging.jsonl"))
    losses = [entry["loss"] for entry in map(json.loads, log.read_text().splitlines()) if "loss" in entry]
    print("losses:", losses)
    assert len(losses) >= 8
    assert sum(losses[5:8]) < 0.9 * sum(losses[:3]), losses  # batches of two differ much
