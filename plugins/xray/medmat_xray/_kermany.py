"""What the rows share that hold the children's chest films of Kermany et al.: the patient in a file name."""

import re

_PATIENT = re.compile(
    r"(person\d+_(?:bacteria|virus)|(?:NORMAL2-)?IM-\d+|(?:BACTERIA|VIRUS|NORMAL)-\d+)[-_]\d", re.IGNORECASE
)


def patient(name: str) -> str | None:
    """'PNEUMONIA/person1_bacteria_2.jpeg' -> 'person1_bacteria', 'NORMAL2-IM-0383-0001.jpeg' -> 'NORMAL2-IM-0383'.

    Patients with bacterial and viral pneumonia are numbered apart: person1_virus is somebody else. The third form
    ('BACTERIA-40699-0001') is that of the Mendeley copy. None for a name of another form.
    """
    found = _PATIENT.match(name.rpartition("/")[2])
    return found[1] if found else None
