"""What holds the house up: arrows that point down, one door to each dangerous thing, every field classified."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from tests.architecture.routes import ours

pytestmark = pytest.mark.xdist_group("structure")  # one process reads the sources for all of them

ROOT = Path(settings.BASE_DIR)
FLOORS = ("core", "accounts", "catalogue", "cases", "records", "specialists")
"""From the ground up (house.md, floor plan)."""
MODELS = [model for label in FLOORS for model in apps.get_app_config(label).get_models()]


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders or ("portal", "cases", "records", "specialists"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


# -- the model graph


def relations() -> list[Any]:
    return [field for model in MODELS for field in model._meta.get_fields() if field.is_relation and field.concrete]


def test_every_model_lives_on_a_floor() -> None:
    theirs = {"auth", "contenttypes", "sessions", "account", "mfa", "usersessions"}
    assert {model._meta.app_label for model in apps.get_models()} - theirs == set(FLOORS)


def test_foreign_keys_point_down() -> None:
    assert len(relations()) > 40
    up = [
        f"{field.model._meta.label}.{field.name}"
        for field in relations()
        if FLOORS.index(field.related_model._meta.app_label) > FLOORS.index(field.model._meta.app_label)
    ]
    assert up == []


def test_foreign_keys_open_no_way_back() -> None:
    """A reverse accessor would let a lower floor read an upper one without importing it."""
    assert [f"{f.model._meta.label}.{f.name}" for f in relations() if f.remote_field.related_name != "+"] == []


def test_kernel_has_no_foreign_key_to_a_floor_above() -> None:
    assert {f.related_model._meta.app_label for f in relations() if f.model._meta.app_label == "core"} == {"core"}


def test_nothing_of_a_case_is_deleted_with_its_account() -> None:
    """An account that goes must never take a record of a case along."""
    cascades = [
        f"{f.model._meta.label}.{f.name}"
        for f in relations()
        if f.remote_field.on_delete is models.CASCADE and f.related_model._meta.label in {"accounts.User", "cases.Case"}
    ]
    assert cascades == []


# -- views


def test_routed_views_are_not_abstract() -> None:
    assert [route.name for route in ours() if route.view.abstract] == []


READS_IN_VIEWS = {
    "portal/accounts/views.py": 2,
    "portal/pages/auditlog.py": 4,
    "portal/pages/desk/casepage.py": 4,
    "portal/pages/desk/queue.py": 6,
    "portal/pages/desk/views.py": 1,
    "records/viewer/views.py": 1,
    "records/views/documents.py": 2,
    "specialists/views/assign.py": 1,
}
"""Reads that stand in a view today instead of in a query. May only shrink."""


def test_views_read_through_queries_only() -> None:
    files = [path for path in sources() if "views" in path.parts or path.name == "views.py"]
    files += [path for path in sources("portal/pages") if "demo" not in path.parts and path.name != "forms.py"]
    found = Counter(
        str(path.relative_to(ROOT))
        for path in dict.fromkeys(files)
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager"}
    )
    assert dict(found) == READS_IN_VIEWS, "a read belongs in queries; when one has moved there, take it off the list"


WRITES = {"create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update", "delete", "save"}


def test_views_and_queries_write_nothing() -> None:
    """Writes are actions. A call of a writing method on a manager or a queryset anywhere else would go round the locks."""
    rooms = {"views", "queries", "rules", "forms"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        if rooms & {*path.parts, path.stem}
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WRITES
        and "objects" in ast.unparse(node.func.value)
    ]
    assert found == []


# -- one door to each dangerous thing


def calls(path: Path, names: set[str]) -> list[int]:
    return [
        node.lineno
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr in names and isinstance(node.ctx, ast.Load)
    ]


def test_only_the_kernel_rings_the_broker() -> None:
    """A task sent past the Job row is lost with the broker."""
    found = {str(path.relative_to(ROOT)) for path in sources() if calls(path, {"apply_async", "delay", "send_task"})}
    assert found == {"portal/core/jobs.py"}


def test_only_storage_reaches_sealed_objects() -> None:
    """Whoever opened the backend would get sealed bytes, or write readable ones."""
    found = {
        str(path.relative_to(ROOT))
        for path in sources()
        for node in nodes(path)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django.core.files.storage"))
        or (isinstance(node, ast.Name) and node.id in {"storages", "default_storage"})
    }
    assert found == {"portal/core/storage.py"}


def test_only_storage_knows_the_master_key() -> None:
    found = {str(path.relative_to(ROOT)) for path in sources() if calls(path, {"MASTER_KEY"})}
    assert found == {"portal/core/storage.py", "portal/core/checks.py"}


def test_only_mail_sends_mail() -> None:
    """Everything else goes through templates/email, which hold no clinical word, and through jobs."""
    found = {
        str(path.relative_to(ROOT))
        for path in sources()
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and node.module == "django.core.mail"
    }
    assert found == {"portal/core/mail.py"}


def test_history_is_written_by_the_kernel_alone() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in sources()
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"Event", "AuditEntry", "Event.objects.create", "AuditEntry.objects.create"}
    }
    assert found == {"portal/core/workflow.py", "portal/core/audit.py", "portal/core/sweep.py"}


def test_django_admin_is_absent() -> None:
    assert not apps.is_installed("django.contrib.admin")
    assert not [path for path in sources() if "django.contrib.admin" in path.read_text(encoding="utf-8")]


def test_signals_carry_nothing() -> None:
    """What travels up travels as an event row. Celery's start-up signals and the session's end are not of that kind."""
    found = {
        str(path.relative_to(ROOT))
        for path in sources()
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith(("django.db.models.signals", "django.dispatch"))
    }
    assert found == set()


# -- every field that can hold words is classified

PERSON = {  # who the patient is, what is wrong with them, what anybody wrote about it, and names as senders typed them
    "accounts.User": "email name",
    "accounts.Invitation": "email name",
    "cases.Patient": "given_name family_name other_names birth_date sex country state language phone",
    "cases.Case": "acting_as specialties condition reason title planned_date",
    "cases.IntakeSection": "answers draft",
    "cases.Screening": "answers",
    "cases.Question": "text",
    "cases.Hold": "asks",
    "cases.Message": "body",
    "cases.DeskNote": "body",
    "cases.Report": "document",
    "records.Upload": "name folder fingerprint",
    "records.File": "name folder",
    "records.Study": "uid date time description accession study_id institution referring modalities patient_name patient_id "
    "patient_birth_date patient_sex",
    "records.Series": "uid modality description body_part laterality date",
    "records.Instance": "uid position metadata content",
    "records.Document": "title klass date author institution language about named",
    "records.Page": "text blocks",
    "records.Correction": "before value likeness",
    "records.HealthFact": "text code date end status value unit reference flag detail author",
    "records.ChecklistItem": "key reason",
    "records.Receipt": "document",
    "records.UploadLink": "label items holder_name holder_place",
    "records.PhysicalItem": "label item owner return_by holder",
    "records.CustodyEntry": "happened_on carrier tracking condition holder remark",
    "records.RequestLetter": "provider items parts capacity ends_on",
    "records.ViewerState": "state",
    "records.ViewerStateVersion": "state",
    "specialists.Assignment": "specialty note conflict conflict_text end_reason end_text",
    "specialists.OpinionDraft": "content",
    "specialists.Opinion": "content",
}
NOT_PERSON = {  # codes, ids, hashes, keys; content of the catalogue; what specialists publish about themselves
    "core.Event": "subject_kind name source target actor_kind actor_id actor_role data",
    "core.AuditEntry": "actor_kind actor_id actor_role action outcome cases subjects request_id",
    "core.Job": "name key args state error",
    "core.DataKey": "wrapped master_key_id",
    "core.StoredObject": "kind name sha256 format state",
    "accounts.User": "password role language",
    "accounts.Invitation": "role secret_sha256",
    "accounts.AccessToken": "scope secret_sha256 used_on",
    "catalogue.CatalogueVersion": "sha256 content note state",
    "cases.Case": "ref level proposed_level phase clock_signal",
    "cases.Grant": "role token_sha256 scope granted_by",
    "cases.IntakeSection": "key",
    "cases.Consent": "key version shown",
    "cases.Hold": "scope reason owner closed_by",
    "cases.Report": "state sha256",
    "records.Upload": "state",
    "records.File": "sha256 kind media_type state code warnings",
    "records.Study": "state code",
    "records.Instance": "sop_class transfer_syntax look digest",
    "records.Document": "state code source identity words",
    "records.Correction": "field",
    "records.HealthFact": "kind system",
    "records.ChecklistItem": "state documents studies",
    "records.UploadLink": "holder_sha256",
    "records.RequestLetter": "key sha256",
    "records.PhysicalItem": "kind state",
    "records.CustodyEntry": "event source target sha256 photo_sha256",
    "specialists.Profile": "title institution specialties sub_specialties conditions languages away_from away_until",
    "specialists.Licence": "country state number valid_until",
    "specialists.Assignment": "state",
    "specialists.Opinion": "sha256",
}


def holds_words(field: Any) -> bool:
    if isinstance(field, models.DateTimeField):
        return False
    return isinstance(
        field, models.CharField | models.TextField | models.JSONField | models.BinaryField | models.DateField
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_field_that_holds_words_is_classified(model: type[models.Model]) -> None:
    label = model._meta.label
    person, plain = PERSON.get(label, "").split(), NOT_PERSON.get(label, "").split()
    assert not set(person) & set(plain)
    named = {field.name for field in model._meta.local_fields if holds_words(field)}
    assert named == {*person, *plain}, "say in PERSON or NOT_PERSON whether the field may hold a patient's data"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_object_in_a_log_line_or_traceback_shows_no_persons_data(model: type[models.Model]) -> None:
    made = model(**dict.fromkeys(PERSON.get(model._meta.label, "").split(), "Canaria"))
    assert "Canaria" not in f"{made} {made!r}"
