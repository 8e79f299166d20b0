"""Is what was built sound: every promise about records checked again.

What is independent of the builder, so that an error there is not repeated here: the identity of rounds, the rules of
every ask from a record's own boxes, keys, order, counts, unions, leaks, the guessers, and the chance of it all. They
are written from the contract and read nothing but files.

What is shared with it: cards, subsets and concepts, which are data; the relations between captions worked out of them
(:class:`medmat_core.questions.pools.Pools`); how a box, a cell and a percentage are written
(:mod:`medmat_core.regions.words`); and with ``--data`` everything that looks at the data: adapters, mask decoders and
the inspector, run again. A card that is wrong, or an adapter that reads the wrong column, is wrong here too:
``medmat check`` holds those against published counts.

:func:`audit` reads a folder, :func:`check_records` judges records in memory.
"""

from __future__ import annotations

from medmat_core.audit.faults import FAULTS, NOTES, Fault, Faults
from medmat_core.audit.report import Report, Row
from medmat_core.audit.run import audit, names_in
from medmat_core.audit.seen import SHARES
from medmat_core.audit.unit import check_records

__all__ = ["FAULTS", "NOTES", "SHARES", "Fault", "Faults", "Report", "Row", "audit", "check_records", "names_in"]
