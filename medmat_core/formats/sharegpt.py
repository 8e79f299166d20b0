"""ShareGPT's conversations as LLaMA-Factory reads them, and its dataset_info.json."""

from __future__ import annotations

import json

from medmat_core.formats.lines import ArrayFormat, dumped, marks, write_whole
from medmat_core.formats.llava import conversation
from medmat_core.formats.protocol import ByOptions, Folder, Picture, Told
from medmat_core.formats.talk import turns
from medmat_core.model import Record


class SharegptFormat(ArrayFormat):
    """``sharegpt/train.json``: ``conversations`` and ``images``; then ``key`` and ``round``.

    In dataset_info.json the files are called ``medmat_train`` and so on.
    """

    name = "sharegpt"
    about = "LLaMA-Factory: conversations with images, and dataset_info.json"
    options = ByOptions
    open_records = "asked"

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        talks = [conversation(turn.user, turn.assistant) for turn in turns(record, told)]
        return [dumped({"conversations": talk, "images": [record.image], **marks(record)}) for talk in talks]

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
        text = json.dumps(body, ensure_ascii=False, indent=2) + "\n"
        write_whole(folder, "sharegpt/dataset_info.json", text.encode())
