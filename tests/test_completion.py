"""What the shell offers: commands, options, slugs, numbers and folders."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from medmat_core import load_catalog
from tests.outside import START


def offered(words: str, cwd: Path) -> list[str]:
    env = {
        **os.environ, "_MEDMAT_COMPLETE": "bash_complete", "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - (not words.endswith(" "))),
    }  # fmt: skip
    done = subprocess.run(START, env=env, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("medmat sh", "plain,show"),
        ("medmat list --ac", "plain,--access"),
        ("medmat list --modality ul", "plain,ultrasound"),
        ("medmat build ct-k", "plain,ct-kidney"),
        ("medmat check 9", "plain,97"),
        ("medmat show 97", "plain,97"),
        ("medmat sample 97 --to da", "dir,da"),
    ],
)
def test_the_shell_is_offered_what_fits(words: str, told: str, tmp_path: Path) -> None:
    if not {2, 97} <= {entry.head.no for entry in load_catalog().entries}:
        pytest.skip("needs the plugins of rows 2 and 97")
    found = offered(words, tmp_path)
    assert told in found or told.replace("dir,", "file,") in found
