"""What a worker must know of a data set to inspect one of its shards. It pickles and is small."""

from __future__ import annotations

import pickle
from functools import lru_cache
from pathlib import Path

from attrs import frozen

from medmat_core.card import Card
from medmat_core.pipeline.rendered import Rendered


@frozen(eq=False)
class Context:
    """One data set in one build.

    ``root`` is the data set's own root on disk, ``image_prefix`` what stands before a picture's path in a record.
    ``work`` is the folder for what shards leave behind, ``rendered`` says where rendered pictures go.
    ``hashes`` are the columns of :class:`~medmat_core.pipeline.hashes.Hashes` that are wanted: pictures are
    decoded then.
    ``region_plugins`` are modules whose hooks a worker asks. ``stamp`` is a hash of all that facts hang on besides the
    samples, ``resume`` whether facts of a killed build may be used. ``timeout`` are the seconds that a sample may take.
    ``ahead``: a thread decodes masks that come next.
    """

    card: Card
    no: int | None
    slug: str
    root: Path
    image_prefix: str
    work: Path
    rendered: Rendered
    seed: int
    verify: str
    region_plugins: tuple[str, ...] = ()
    hashes: frozenset[str] = frozenset()
    resume: bool = False
    stamp: str = ""
    timeout: float = 0
    ahead: bool = False

    def packed(self) -> bytes:
        """As bytes, so that every task of a data set carries the same ones and a worker unpacks them once."""
        return pickle.dumps(self, protocol=pickle.HIGHEST_PROTOCOL)


@lru_cache(maxsize=8)
def unpacked(raw: bytes) -> Context:
    """The context of these bytes, remembered by the worker."""
    context: Context = pickle.loads(raw)
    return context
