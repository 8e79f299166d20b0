"""EvalScope's general_vmcq: questions with options, the picture by its path."""

from __future__ import annotations

from medmat_core.choice_text import letter
from medmat_core.formats.lines import LineFormat, dumped, marks
from medmat_core.formats.protocol import ByOptions, Picture, Place, Told
from medmat_core.formats.talk import plain
from medmat_core.model import Record


class EvalscopeFormat(LineFormat):
    """``evalscope/test_val.jsonl``: ``question`` with ``<image 1>``, ``options``, ``image_1``, ``answer`` (a letter).

    EvalScope looks for ``SUBSET_val.jsonl`` in ``local_path``: its subset is our part ('test'), 'val' is its word for
    what is asked.
    """

    name = "evalscope"
    about = "EvalScope's general_vmcq"
    options = ByOptions

    def file(self, place: Place, told: Told) -> str:
        return f"evalscope/{place.stem}_val.jsonl"

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        body = {
            "question": f"<image 1> {plain(record.question)}",
            "options": [plain(option) for option in record.options],
            "image_1": str(told.root / record.image),
            "answer": letter(record.answer_index),
            "category": record.ask,
            **marks(record),
        }
        return [dumped(body)]
