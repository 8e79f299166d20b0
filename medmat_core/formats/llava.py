"""LLaVA's conversations, and the yaml that names its files."""

from __future__ import annotations

import re
from typing import Any, Final

from attrs import Attribute, field, frozen

from medmat_core.formats.lines import ArrayFormat, dumped, marks, write_whole
from medmat_core.formats.protocol import Folder, Picture, Scope, Told
from medmat_core.formats.talk import turn_id, turns
from medmat_core.model import Record

_SAMPLING: Final = re.compile(r"all|(first|end):\d+%?")


def _sampling(instance: Any, attribute: Attribute[str], value: str) -> None:
    if not _SAMPLING.fullmatch(value):
        # its loader draws `random:` with the global generator, so no two runs would read the same
        raise ValueError(f"{value!r} is none of all, first:N, first:N%, end:N, end:N%")


@frozen
class LlavaOptions:
    """``by``: a file a data set, a subset, or one over all; ``sampling``: what the yaml says of each file."""

    by: Scope = "dataset"
    sampling: str = field(default="all", validator=_sampling)


def conversation(user: str, assistant: str) -> list[dict[str, str]]:
    """Two turns as LLaVA and ShareGPT write them; the picture stands once, before the question."""
    return [{"from": "human", "value": f"<image>\n{user}"}, {"from": "gpt", "value": assistant}]


class LlavaFormat(ArrayFormat):
    """``llava/02-train.json``: ``id``, ``image``, ``conversations``; then ``key`` and ``round``."""

    name = "llava"
    about = "LLaVA, LLaVA-NeXT, Qwen-VL fine-tuning: JSON arrays of conversations, and a yaml over them"
    options = LlavaOptions
    open_records = "asked"

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        found = []
        for turn in turns(record, told):
            said = conversation(turn.user, turn.assistant)
            body = {"id": turn_id(record, turn, told), "image": record.image, "conversations": said}
            found.append(dumped({**body, **marks(record)}))
        return found

    def finish(self, folder: Folder, told: Told) -> None:
        files = [file for file in folder.written() if file.place is not None and file.records]
        for split in dict.fromkeys(file.place.split for file in files if file.place is not None):
            index = b"datasets:\n"
            for file in files:
                if file.place is not None and file.place.split == split:
                    path, sampling = dumped(str(told.root / file.path)), dumped(told.options.sampling)
                    index += b"  - json_path: " + path + b"\n    sampling_strategy: " + sampling + b"\n"
            write_whole(folder, f"llava/{split}.yaml", index)
