"""Signing the letters that ask a hospital for records, and taking them back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cases import pdf
from cases.actions.guard import must_be_patient
from cases.actions.locking import lock
from cases.models import Case
from portal.catalogue import queries as catalogue
from portal.catalogue.parts import Images, Letter
from portal.core import storage
from portal.core.access import Actor
from portal.core.workflow import Refused, note
from records.actions import links
from records.models import RequestLetter, UploadLink
from records.qr import qr
from records.queries.checklist import ItemView, checklist
from records.rules import letters as rules
from records.rules.links import grouped

STYLE = Path(__file__).parent.parent / "letters.css"
LINK_DAYS = 30


class Invalid(Exception):
    """The law asks for something that is missing, or the letter would not count. `problems` says what."""

    def __init__(self, problems: list[rules.Problem]) -> None:
        super().__init__(", ".join(f"{one.part}: {one.code}" for one in problems))
        self.problems = problems


@dataclass(frozen=True)
class Answers:
    """What the signer filled in. `deliver_to` is where copies go when no link is used."""

    provider: str
    items: Sequence[str] = ()
    more: str = ""
    special_kind: str = ""
    purpose: str = ""
    ends_on: date | None = None
    signature: str = ""
    authority: str = ""
    by_link: bool = True
    deliver_to: str = ""
    agreed: str = ""
    """The sentence that was ticked when signing."""


def capacity_words(acting_as: str) -> str:
    """In which capacity somebody signs for the patient; empty when the patient signs."""
    return {
        "parent": _("the patient’s parent"),
        "guardian": _("the patient’s guardian"),
        "attorney": _("holder of a power of attorney for the patient"),
        "relative": _("the patient’s relative"),
    }.get(acting_as, "")


def special_words(kind: str) -> str:
    """Kinds of record with protection of their own, as the letter names them."""
    return {
        "hiv": _("HIV tests and treatment"),
        "genetic": _("genetic tests"),
        "mental_health": _("mental health care"),
        "substance_use": _("records of a substance-use programme (42 CFR Part 2)"),
        "psychotherapy": _("psychotherapy notes"),
    }.get(kind, "")


def asked(items: Sequence[ItemView], more: str) -> str:
    """The records by name, as the hospital's archive knows them: the gap of the checklist."""
    with_images = _("%(name)s: the images and the report")
    words = [
        with_images % {"name": one.item.staff} if one.images is not Images.NO and one.item.images else one.item.staff
        for one in items
    ]
    return "; ".join([*words, *([more.strip()] if more.strip() else [])])


def parts_of(case: Case, letter: Letter, answers: Answers, signer: Any, today: date) -> dict[str, str]:
    """Every gap of the letter, filled in from the case and the signer's answers."""
    person, own = case.patient, case.own
    chosen = [one for one in checklist(case) if one.key in answers.items]
    product = settings.PRODUCT
    deliver = _("the secure page that is named at the end of this letter") if answers.by_link else answers.deliver_to
    born = date_format(person.birth_date, "j F Y") if person.birth_date else ""
    return {
        "provider": answers.provider.strip(),
        "patient_name": person.full_name,
        "birth_date": born,
        "records": asked(chosen, answers.more),
        "special_kind": special_words(answers.special_kind),
        "receiver": f"{product['organisation']} ({product['name']}), {product['address']}",
        "deliver_to": deliver.strip(),
        "contact": ", ".join(part for part in (person.phone, signer.email) if part),
        "purpose": answers.purpose.strip(),
        "ends": date_format(answers.ends_on, "j F Y") if answers.ends_on else "",
        "signature": answers.signature.strip(),
        "signed_on": date_format(today, "j F Y"),
        "authority": answers.authority.strip() if not own else "",
    }


def sign(*, case: Case, key: str, answers: Answers, by: Actor) -> RequestLetter:
    """Sign a letter: check it against the law's list, make its link, draw it, keep it sealed.

    The PDF is drawn here and not in a job: it holds the link's token, which is written down nowhere else. It takes a
    second or two, outside any transaction; when it fails, the link is stopped and nothing was signed.

    Raises:
        Invalid: an element is missing, the end lies in the past, or the signature is another's name.
        Refused: a treating doctor cannot sign for a patient, or the case takes no records.
        PermissionDenied: not the patient's side.
    """
    must_be_patient(case, by)
    if case.acting_as == "treating_doctor":
        raise Refused("doctor_cannot_sign")
    edition = catalogue.edition(case.catalogue_id)
    letter, today = edition.letter(key), timezone.localdate()
    parts = parts_of(case, letter, answers, by.user, today)
    own = case.own
    signer = case.patient.full_name if own else by.user.get_full_name()
    wrong = rules.problems(letter, parts, ends_on=answers.ends_on, own=own, signer=signer, today=today)
    if not own and not parts["authority"] and rules.Problem("authority", "missing") not in wrong:
        wrong.append(rules.Problem("authority", "missing"))
    if wrong:
        raise Invalid(wrong)
    parts["authority"] = parts["authority"] or _("not needed, the patient signs")
    link, token = None, ""
    if answers.by_link:
        label = answers.provider.strip().splitlines()[0]
        link, token = links.make(case=case, label=label, items=answers.items, days=LINK_DAYS, by=by)
    try:
        return _signed(case, letter, answers, parts, link, token, by)
    except BaseException:
        if link is not None and not RequestLetter.objects.filter(link_id=link.pk).exists():
            links.revoke(link=link, by=by)
        raise


def _signed(
    case: Case,
    letter: Letter,
    answers: Answers,
    parts: dict[str, str],
    link: UploadLink | None,
    token: str,
    by: Actor,
) -> RequestLetter:
    paragraphs = rules.filled(letter, parts)
    words = capacity_words(case.acting_as)
    role = _("Signed for %(patient)s by %(signer)s, %(capacity)s: %(authority)s.") % {
        "patient": parts["patient_name"],
        "signer": by.user.get_full_name(),
        "capacity": words,
        "authority": parts["authority"],
    }
    frozen: dict[str, Any] = {
        "letter": letter.key,
        "edition": catalogue.edition(case.catalogue_id).sha256,
        "subject": letter.subject,
        "paragraphs": paragraphs,
        "notices": list(letter.notices),
        "parts": parts,
        "capacity": role if words else "",
        "agreed": answers.agreed,
    }
    sha256 = hashlib.sha256(json.dumps(frozen, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    until = link.grant.until if link else None
    drawn = pdf.draw(_page(letter, frozen, token, until), style=STYLE, identifier=sha256.encode()[:32])
    stored = storage.write_stream([drawn], case_id=case.pk, kind="original")
    try:
        with transaction.atomic():
            held = lock(case)
            made = RequestLetter.objects.create(
                case=held,
                key=letter.key,
                provider=" ".join(parts["provider"].split())[:160],
                items=list(answers.items),
                parts=frozen,
                capacity=case.acting_as,
                signed_by=by.user,
                ends_on=answers.ends_on if rules.needs_end(letter) else None,
                link=link,
                pdf=stored,
                sha256=sha256,
            )
            note(made, "letter", "sign", actor=by, data={"key": letter.key, "sha256": sha256})
    except BaseException:
        if not RequestLetter.objects.filter(pdf_id=stored.pk).exists():  # a commit whose answer was lost is a commit
            storage.erase(stored)
        raise
    return made


def _page(letter: Letter, frozen: dict[str, Any], token: str, until: datetime | None) -> str:
    short = f"{settings.BASE_URL}{reverse('records:send-enter')}"
    context = {
        "letter": letter,
        "paragraphs": frozen["paragraphs"],
        "patient_name": frozen["parts"]["patient_name"],
        "contact": frozen["parts"]["contact"],
        "signed_on": frozen["parts"]["signed_on"],
        "capacity": frozen["capacity"],
        "product": settings.PRODUCT,
        "lang": settings.LANGUAGE_CODE,
        "groups": grouped(token) if token else [],
        "qr": qr(f"{short}#{token}") if token else "",
        "short": short,
        "until": until,
    }
    return render_to_string("letters/pdf.html", context)


@transaction.atomic
def withdraw(*, letter: RequestLetter, by: Actor) -> bool:
    """The signer takes a permission back: the portal gives it to nobody any more, and its link is stopped.

    Returns whether it counted until now.
    """
    held = lock(letter.case_id)
    must_be_patient(held, by)
    open_ones = RequestLetter.objects.filter(pk=letter.pk, withdrawn_at__isnull=True)
    if not open_ones.update(withdrawn_at=timezone.now()):
        return False
    note(letter, "letter", "withdraw", actor=by)
    if letter.link is not None:
        links.revoke(link=letter.link, by=by)
    return True


def suggested_end(today: date) -> date:
    """Three months: long enough for an archive, short enough to be forgotten safely."""
    return today + timedelta(days=90)
