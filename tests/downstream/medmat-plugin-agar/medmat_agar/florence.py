"""``--format florence``: an open-vocabulary detection prompt a line, as Florence-2 is fine-tuned on."""

import json

from attrs import frozen

from medmat_core import Format, Record, hookimpl
from medmat_core.formats import LineFormat, Picture, Place, Told

MEDMAT_API = 2


@frozen
class FlorenceOptions:
    """``--option florence.bins=500`` counts places from 0 to 499."""

    bins: int = 1000


class FlorenceFormat(LineFormat):
    name = "florence"
    about = "Florence-2's <OPEN_VOCABULARY_DETECTION>, a line a question"
    options = FlorenceOptions

    def file(self, place: Place, told: Told) -> str:
        return f"florence/{place.stem}.jsonl"

    def takes(self, record: Record, told: Told) -> bool:
        return record.ask == "box"

    def items(self, record: Record, picture: Picture, told: Told) -> list[bytes]:
        (caption,) = record.captions
        shown = {found.caption: found.boxes for found in record.boxes}[caption]
        line = {
            "image": record.image,
            "prefix": f"<OPEN_VOCABULARY_DETECTION>{caption}",
            "suffix": "".join(caption + self.places(box, picture, told.options.bins) for box in shown),
        }
        return [json.dumps(line).encode()]

    @staticmethod
    def places(box: tuple[int, ...], picture: Picture, bins: int) -> str:
        """(x1, y1, x2, y2) in pixels as four tokens."""
        ends = (picture.width, picture.height) * 2
        return "".join(f"<loc_{min(bins - 1, edge * bins // end)}>" for edge, end in zip(box, ends, strict=True))


@hookimpl
def medmat_formats() -> list[Format]:
    return [FlorenceFormat()]
