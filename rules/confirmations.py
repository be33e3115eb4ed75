"""What somebody says who was asked to confirm something: the answer, the words that it needs, the name under it."""

from __future__ import annotations

from models.errors import Fault, InputError
from models.submitting import Confirmation
from rules import signatures
from rules.text import TextRefused, clean, clean_name

TEXT_MAX = 2000
"""Characters of an opinion, or of the reason for a refusal."""
NAME_MAX = 100
"""Characters of a name or a unit."""


def read_answer(witness: Confirmation, agree: bool | None, text: str, name: str) -> tuple[str, str]:
    """The words and the name of an answer, as they are kept.

    Args:
        witness: Who answers, and what was asked.
        agree: The answer; None if none was chosen.
        text: The opinion, or why not; consent needs none.
        name: As typed under it; for a unit anybody may sign.

    Raises:
        InputError: every fault at once: `agree`, `text`, `name`.
    """
    faults, words, signed_as = [], "", ""
    if agree is None:
        faults.append(Fault("no answer was chosen", "choose one", field="agree", column="missing"))
    try:
        words = clean(text, max_length=TEXT_MAX)
        if not words and (agree is False or (agree and witness.kind != "consent")):
            faults.append(Fault("this answer needs words", "write them", field="text", column="missing"))
    except TextRefused as refused:
        faults.append(Fault(str(refused), "correct it", field="text", column="text"))
    try:
        signed_as = clean_name(clean(name, max_length=NAME_MAX))
        if not signed_as:
            faults.append(Fault("the name is missing", "type it", field="name", column="missing"))
        # Whoever signs for a unit need not be the person to whom the request was sent.
        elif witness.kind != "unit" and not signatures.is_same_name(signed_as, witness.name):
            faults.append(Fault("the typed name is another", "type the name as it stands above", field="name", column="other"))
    except TextRefused as refused:
        faults.append(Fault(str(refused), "correct it", field="name", column="text"))
    if faults:
        raise InputError(faults)
    return words, signed_as
