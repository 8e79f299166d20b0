"""ShareGPT's conversations as LLaMA-Factory reads them, and its dataset_info.json."""

from __future__ import annotations

import json

from attrs import frozen

from medmat_core.formats.lines import ArrayFormat, dumped
from medmat_core.formats.llava import conversation
from medmat_core.formats.protocol import Folder, Picture, Place, Scope, Told
from medmat_core.formats.talk import is_told, turns
from medmat_core.model import Record


@frozen
class SharegptOptions:
    """``by``: a file a data set, a subset, or one over all."""

    by: Scope = "build"


class SharegptFormat(ArrayFormat):
    """``sharegpt/train.json``: ``conversations`` and ``images``; then ``key`` and ``round``.

    In dataset_info.json the files are called ``medmat_train`` and so on.
    """

    name = "sharegpt"
    about = "LLaMA-Factory: conversations with images, and dataset_info.json"
    options = SharegptOptions

    def takes(self, record: Record, told: Told) -> bool:
        return is_told(record, told)

    def file(self, place: Place, told: Told) -> str:
        return f"sharegpt/{place.stem}.json"

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        return [
            dumped(
                {
                    "conversations": conversation(turn.user, turn.assistant),
                    "images": [record.image],
                    "key": record.key,
                    "round": record.round,
                }
            )
            for turn in turns(record, told)
        ]

    def finish(self, folder: Folder, told: Told) -> None:
        body = {
            "medmat_" + file.place.stem.replace("-", "_"): {
                "file_name": file.path.rpartition("/")[2],
                "formatting": "sharegpt",
                "columns": {"messages": "conversations", "images": "images"},
            }
            for file in folder.written()
            if file.place is not None and file.records
        }
        info = folder.create("sharegpt/dataset_info.json")
        info.write((json.dumps(body, ensure_ascii=False, indent=2) + "\n").encode())
        info.finish()
