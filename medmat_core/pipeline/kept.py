"""What the first pass leaves in the work folder for a build that goes on with ``--resume``.

A file may be used again only by a build that would write the same into it. So its name holds a hash of the samples
and of everything else that facts hang on (:func:`stamp`), and pictures and masks that changed since are looked at
again. The work folder is on its own: its files carry a checksum instead of being synced one by one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medmat_core.errors import BuildError
from medmat_core.model import Sample, Slice
from medmat_core.pipeline.facts import Shard, load_shard

if TYPE_CHECKING:
    from medmat_core.dataset import Dataset
    from medmat_core.pipeline.context import Context


def stamp(
    dataset: Dataset, arguments: Mapping[str, Any], root: Path, image_prefix: str, hooks: Iterable[str] = ()
) -> str:
    """A hash of what facts hang on besides the samples: the arguments that change records, where the data lie, the
    card as it is now, the versions at work, and the code of the plugin modules whose ``hooks`` decode masks."""
    from medmat_core import __version__

    source = dataset.source
    body = [
        arguments, str(root), image_prefix, __version__, source.dist, source.version, sys.implementation.cache_tag,
        hashlib.sha256(dataset.card.path.read_bytes()).hexdigest(), [[name, _code_of(name)] for name in hooks],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _code_of(module: str) -> str:
    """A hash of a plugin's code, which whoever writes it changes without a new version: the module and those beside
    it in its package."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return ""
    own = Path(file)
    beside = sorted(own.parent.glob("*.py")) if (own.parent / "__init__.py").exists() else [own]
    found = hashlib.sha256()
    for path in beside:
        with contextlib.suppress(OSError):
            found.update(path.name.encode("utf-8", "surrogateescape") + b"\0" + path.read_bytes())
    return found.hexdigest()


def shard_file(context: Context, index: int, samples: Sequence[Sample], *, lasting: bool) -> Path:
    """Where the facts of a shard lie; with ``lasting`` under a name that no other shard can have."""
    if not lasting:
        return context.work / f"{index:06d}.facts"
    digest = hashlib.sha256(context.stamp.encode())
    digest.update(pickle.dumps(list(samples), protocol=5))  # written nowhere: only a hash of it is
    return context.work / f"{index:06d}-{digest.hexdigest()[:16]}.facts"


def left_before(context: Context, file: Path, samples: Sequence[Sample]) -> Shard | None:
    """What a killed build left for this very shard; None where there is nothing, it is damaged, a picture or mask
    changed since, or a picture rendered then is gone."""
    try:
        made = file.stat().st_mtime_ns
        root = str(context.root)
        for path in _files(samples):
            found = os.stat(f"{root}/{path}")
            # a file moved into place keeps its time of change, but not that of its inode
            if max(found.st_mtime_ns, found.st_ctime_ns) > made:
                return None
        shard = load_shard(file)
    except (OSError, ValueError, BuildError):
        return None
    if not all(context.rendered.file(shown).exists() for shown in shard.rendered):
        return None
    return shard


def _files(samples: Sequence[Sample]) -> Iterator[str]:
    """The files below the root that samples name: pictures and masks."""
    for sample in samples:
        for ref in (sample.image, *(getattr(mask, "path", None) for mask in getattr(sample, "masks", ()))):
            if isinstance(ref, str | Slice):  # a plugin's own mask may keep anything under that name
                yield ref.path if isinstance(ref, Slice) else ref
