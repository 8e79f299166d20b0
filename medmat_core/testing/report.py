"""What the conformance suite finds: one finding a fault, each naming file, card field and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import define, field, frozen


@frozen
class Finding:
    """One way in which a data set does not keep the contract.

    ``check`` is the check that failed, ``file`` the file of the example tree or the card, ``where`` the card field
    that states what was expected ("example.expect[3].captions"), ``what`` what was found instead and ``todo`` what
    the plugin's author can do. A ``hint`` is worth knowing and fails nothing.
    """

    check: str
    file: str
    what: str
    todo: str
    where: str = ""
    hint: bool = False

    def __str__(self) -> str:
        place = f"{self.file} ({self.where})" if self.where and self.file else self.file or self.where
        return f"{'hint' if self.hint else 'FAIL'} {self.check}: {place}: {self.what}; {self.todo}"


@define
class Report:
    """The findings over one data set. True where nothing failed."""

    dataset: str
    findings: list[Finding] = field(factory=list)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add findings, each once."""
        self.findings.extend(finding for finding in findings if finding not in self.findings)

    @property
    def faults(self) -> list[Finding]:
        """The findings that fail the suite."""
        return [finding for finding in self.findings if not finding.hint]

    @property
    def hints(self) -> list[Finding]:
        """The findings that fail nothing."""
        return [finding for finding in self.findings if finding.hint]

    def __bool__(self) -> bool:
        return not self.faults

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __str__(self) -> str:
        count = len(self.faults)
        head = f"{self.dataset}: " + (f"{count} fault{'s' * (count != 1)}" if count else "ok")
        return "\n".join([head, *(f"  {finding}" for finding in self.findings)])
