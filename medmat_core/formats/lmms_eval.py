"""A task of lmms-eval over the parquet files of ``hf``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from medmat_core.formats.card import quoted
from medmat_core.formats.lines import write_whole
from medmat_core.formats.protocol import BaseFormat, Folder, Item, Picture, Place, Scope, Told
from medmat_core.model import PARTS, Record


def template(name: str) -> str:
    """The text of a file of the task, as it stands under ``templates``."""
    return (files(__package__) / "templates" / name).read_text(encoding="utf-8")


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
        split = next((name for name in reversed(PARTS) if name in splits), "test")
        data, where = quoted(str(told.root / "hf")), quoted(str(told.root / "lmms-eval"))
        task = template("lmms_eval.yaml.tmpl").format(data=data, split=split, folder=where)
        write_whole(folder, "lmms-eval/medmat.yaml", task.encode())
        write_whole(folder, "lmms-eval/utils.py", template("lmms_eval.py.tmpl").encode())


class _Nothing:
    """The records stand in ``hf``."""

    def add(self, first: int, items: Sequence[Item]) -> None:
        return

    def close(self) -> None:
        return
