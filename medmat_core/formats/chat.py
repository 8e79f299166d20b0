"""Chat messages with lists of content: TRL's, and OpenAI's with the picture inside."""

from __future__ import annotations

import base64
from typing import Any, Literal

from attrs import frozen

from medmat_core.formats.lines import LineFormat, dumped, marks
from medmat_core.formats.protocol import Picture, Scope, Told
from medmat_core.formats.talk import turns
from medmat_core.model import Record


@frozen
class ChatOptions:
    """``by``: a file a data set, a subset, or one over all; ``style``: trl (paths in ``images``) or openai (data
    URLs inside the messages)."""

    by: Scope = "build"
    style: Literal["trl", "openai"] = "trl"


class ChatFormat(LineFormat):
    """``chat/train.jsonl``: ``messages``, ``images`` (with style=trl), ``key``, ``round``."""

    name = "chat"
    about = "TRL's SFTTrainer (style=trl), OpenAI's fine-tuning and servers (style=openai)"
    options = ChatOptions
    open_records = "asked"

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        found = []
        for turn in turns(record, told):
            if told.options.style == "openai":
                url = f"data:{picture.mime};base64,{base64.b64encode(picture.read()).decode()}"
                user: list[dict[str, Any]] = [
                    {"type": "image_url", "image_url": {"url": url}},
                    {"type": "text", "text": turn.user},
                ]
                messages = [{"role": "user", "content": user}, {"role": "assistant", "content": turn.assistant}]
                body: dict[str, Any] = {"messages": messages}
            else:
                # the chat templates ask for both keys in every part
                user = [{"type": "image", "text": None}, {"type": "text", "text": turn.user}]
                reply = [{"type": "text", "text": turn.assistant}]
                body = {
                    "messages": [{"role": "user", "content": user}, {"role": "assistant", "content": reply}],
                    "images": [record.image],
                }
            found.append(dumped({**body, **marks(record)}))
        return found
