"""The split of Med-MAT's published files, for comparison with the paper alone."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

from medmat_core.splits.ledger import Decision, Ledger
from medmat_core.splits.settle import Settled

TRAIN_SHARE: Final = 0.85
"""Train holds floor(0.85 n) records of every data set whose published files could be counted (rows 7, 8, 9, 30, 66)."""

UNSOUND: Final = (
    "parts are drawn record by record: pictures of one patient, slide or video, and equal pictures, are on both sides",
    "wrong options are any labels of the subset: some are true of the picture, or say the same as the answer",
    "options are not answers of fellow pictures: how often each is right can be learned without a picture",
    "subset files leave nothing out: one picture may stand there twice, under labels that contradict one another",
)
"""What ``--as-published`` takes over from Med-MAT's published files: it is for comparison with the paper alone."""


def settle_as_published(ledger: Ledger, seed: int) -> Settled:
    """Record by record at random: neither groups nor equal pictures nor official lists are looked at.

    Only a picture that is listed again under the same path is asked once.
    """
    keys = np.frombuffer(ledger.keys, np.uint64)
    _, first = np.unique(keys, return_index=True)
    salt = int.from_bytes(hashlib.sha256(b"published\0%d" % seed).digest()[:8], "big")
    order = first[np.argsort((keys[first] ^ np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15))]
    decisions = np.full(len(ledger), Decision.TWICE, np.uint8)
    train = int(TRAIN_SHARE * len(order))
    decisions[order[:train]] = Decision.TRAIN
    decisions[order[train:]] = Decision.TEST
    return Settled(bytearray(decisions.tobytes()), "none")
