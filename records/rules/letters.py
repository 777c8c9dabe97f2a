"""When a letter that asks for records counts. Pure: what was filled in goes in, what is wrong comes out.

An authorisation needs the elements of 45 CFR 164.508(c)(1) and the statements of (c)(2); one that is expired, has an
empty field, was revoked or is known to be false is no authorisation (164.508(b)(2)), and the portal refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from portal.catalogue.parts import Letter
from records.rules.words import folded

ELEMENTS = {
    "records": "45 CFR 164.508(c)(1)(i)",
    "special_kind": "45 CFR 164.508(c)(1)(i)",
    "provider": "45 CFR 164.508(c)(1)(ii)",
    "receiver": "45 CFR 164.508(c)(1)(iii)",
    "purpose": "45 CFR 164.508(c)(1)(iv)",
    "ends": "45 CFR 164.508(c)(1)(v)",
    "signature": "45 CFR 164.508(c)(1)(vi)",
    "signed_on": "45 CFR 164.508(c)(1)(vi)",
    "authority": "45 CFR 164.508(c)(1)(vi)",
}
"""Which element of the law a gap of the letter is."""
STATEMENTS = 3
"""Right to revoke, whether treatment depends on it, and passing on: 45 CFR 164.508(c)(2)(i) to (iii)."""
LONGEST = timedelta(days=366)
SPECIAL = ("hiv", "genetic", "mental_health", "substance_use", "psychotherapy")
"""Kinds of record that need a paper of their own, one kind each; psychotherapy notes always stand alone (164.508(b)(3)(ii))."""


@dataclass(frozen=True)
class Problem:
    """What keeps a letter from counting: which gap, and why: missing, expired, too_long, unlike_name, statements."""

    part: str
    code: str


def needs_end(letter: Letter) -> bool:
    """Whether it is an authorisation: those end, an access request does not."""
    return "ends" in letter.parts


def problems(
    letter: Letter, parts: Mapping[str, str], *, ends_on: date | None, own: bool, signer: str, today: date
) -> list[Problem]:
    """Everything that is wrong with a filled-in letter; empty when it may be signed.

    Args:
        own: the patient signs; otherwise `authority` says what lets somebody else.
        signer: the name of who signs, as the portal knows it; the typed signature must share a word with it.
    """
    found = [Problem(part, "missing") for part in letter.parts if _empty(parts, part, own)]
    if needs_end(letter):
        if ends_on is None:
            found += [Problem("ends", "missing")] if Problem("ends", "missing") not in found else []
        elif ends_on < today:
            found.append(Problem("ends", "expired"))
        elif ends_on > today + LONGEST:
            found.append(Problem("ends", "too_long"))
        if len(letter.notices) < STATEMENTS:
            found.append(Problem("notices", "statements"))
    signature = parts.get("signature", "").strip()
    if signature and signer.strip() and not _shares_a_name(signature, signer):
        found.append(Problem("signature", "unlike_name"))
    return found


def _empty(parts: Mapping[str, str], part: str, own: bool) -> bool:
    if part == "authority" and own:
        return False
    return not parts.get(part, "").strip()


def _shares_a_name(signature: str, signer: str) -> bool:
    def names(text: str) -> set[str]:
        return {word for word in re.split(r"[\s.,'’-]+", folded(text)) if len(word) > 1}

    return bool(names(signature) & names(signer))


def counts(*, ends_on: date | None, withdrawn: bool, today: date) -> str:
    """Why a signed letter does not count any more: "withdrawn", "expired"; "" while it does."""
    if withdrawn:
        return "withdrawn"
    return "expired" if ends_on is not None and ends_on < today else ""


def filled(letter: Letter, parts: Mapping[str, str]) -> list[str]:
    """The letter's paragraphs with every gap filled in.

    Raises:
        KeyError: a gap that nothing fills, so that no letter leaves with a brace in it.
    """
    return [re.sub(r"\{(\w+)\}", lambda gap: parts[gap[1]], paragraph) for paragraph in letter.paragraphs]
