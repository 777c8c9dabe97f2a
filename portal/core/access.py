"""The second gate: which view needs which permission. Sign-in is the default; a view that declares nothing cannot be imported.

The first gate is `visible_to(user)` in each app's queries (another person's object is 404, like a missing one); the third is the role list
of each transition (`workflow.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views import View

from portal.core import audit
from portal.core.states import STAFF, Role

ANYONE = frozenset(Role)


class Permission(Enum):
    """What a person may reach. The value is (name, roles); PUBLIC needs no account."""

    PUBLIC = ("public", None)
    SIGNED_IN = ("signed_in", frozenset({Role.PATIENT, Role.COORDINATOR, Role.SPECIALIST, Role.ADMINISTRATOR}))
    OWN_CASE = ("own_case", frozenset({Role.PATIENT}))
    VIEW_RECORDS = ("view_records", frozenset({Role.PATIENT, Role.COORDINATOR, Role.SPECIALIST}))
    UPLOAD_RECORDS = ("upload_records", frozenset({Role.PATIENT, Role.COORDINATOR}))
    DESK = ("desk", frozenset({Role.COORDINATOR}))
    REVIEW = ("review", frozenset({Role.SPECIALIST}))
    MANAGE_PEOPLE = ("manage_people", frozenset({Role.ADMINISTRATOR}))
    MANAGE_CATALOGUE = ("manage_catalogue", frozenset({Role.ADMINISTRATOR}))
    VIEW_AUDIT = ("view_audit", frozenset({Role.ADMINISTRATOR}))
    UPLOAD_LINK = ("upload_link", None)
    """Needs no account but the cookie of a redeemed upload link; `records.views.sending.LinkGate` loads what it opens."""
    DEMO = ("demo", None)
    """Like PUBLIC, but only where DEMO is on; elsewhere the address does not exist."""

    @property
    def roles(self) -> frozenset[Role] | None:
        roles: frozenset[Role] | None = self.value[1]
        return roles


@dataclass(frozen=True)
class Actor:
    """Who acts: a person, a named job, or the holder of a token. Every write and every audit row names one."""

    kind: str
    id: str
    role: Role
    user: Any = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, user: Any) -> Actor:
        """The actor for a signed-in user. Raises PermissionDenied for an anonymous one."""
        if not getattr(user, "is_authenticated", False):
            raise PermissionDenied("sign in first")
        return cls("user", str(user.pk), Role(user.role), user)

    @classmethod
    def job(cls, name: str) -> Actor:
        return cls("job", name, Role.SYSTEM)

    @classmethod
    def token(cls, token_id: UUID | str) -> Actor:
        return cls("token", str(token_id), Role.SYSTEM)


def second_factor_missing(request: HttpRequest) -> bool:
    """Staff must have a second factor set up. allauth asks for it at each sign-in once it exists."""
    user = request.user
    if settings.STAFF_SECOND_FACTOR_WAIVED or Role(user.role) not in STAFF:  # type: ignore[union-attr]
        return False
    if getattr(request, "second_factor", False):  # portal/lean.py read it beside the session
        return False
    from allauth.mfa.utils import is_mfa_enabled

    return not is_mfa_enabled(user)


class BaseView(View):
    """Every view of the portal. A subclass states `permission`; one that does not fails at import.

    `abstract = True` in a class body marks a base that is not routed. A response names the cases it showed through `self.shown(case_id)`;
    one audit row is written for it. `quiet = True` is for pages that show no person's data.
    """

    permission: ClassVar[Permission]
    abstract: ClassVar[bool] = True
    quiet: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.abstract = cls.__dict__.get("abstract", False)
        if not cls.abstract and not isinstance(getattr(cls, "permission", None), Permission):
            raise TypeError(f"{cls.__module__}.{cls.__qualname__} declares no permission")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self._cases: list[str] = []
        self._subjects: list[str] = []

    @property
    def user(self) -> Any:
        """The signed-in account, once the gate has let the request through."""
        return self.request.user

    @property
    def actor(self) -> Actor:
        return Actor.of(self.request.user)

    def shown(self, *case_ids: UUID | str, subjects: Iterable[UUID | str] = ()) -> None:
        """Remember which cases (and parts of them) this response shows."""
        self._cases += [str(one) for one in case_ids]
        self._subjects += [str(one) for one in subjects]

    def refuse_anonymous(self, request: HttpRequest) -> HttpResponseBase:
        """Overridden by interfaces for programs, which answer 401 and never a redirect."""
        from django.contrib.auth.views import redirect_to_login

        return redirect_to_login(request.get_full_path())

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        roles = self.permission.roles
        if self.permission is Permission.DEMO and not settings.DEMO:
            from django.http import Http404

            raise Http404
        if roles is not None:
            if not request.user.is_authenticated:
                return self.refuse_anonymous(request)
            if Role(request.user.role) not in roles:
                self.record(request, "refused")
                raise PermissionDenied
            if self.second_factor_missing(request):
                return redirect("mfa_index")
        self.load()
        response = super().dispatch(request, *args, **kwargs)
        known = roles is not None or self.permission is Permission.UPLOAD_LINK
        if not self.quiet and known and (self._cases or request.method not in {"GET", "HEAD", "OPTIONS"}):
            self.record(request, "ok" if response.status_code < 400 else str(response.status_code))
        return response

    def second_factor_missing(self, request: HttpRequest) -> bool:
        """Overridden where something else than a session says who asks."""
        return second_factor_missing(request)

    def load(self) -> None:
        """Load what the address names, through `visible_to`, after the permission is known and before the handler runs."""

    def action(self, request: HttpRequest) -> str:
        """What the audit calls this request: its method and the route's name, never its address."""
        return f"{request.method} {request.resolver_match.view_name if request.resolver_match else ''}"[:80]

    def record(self, request: HttpRequest, outcome: str) -> None:
        audit.record(
            actor=self.actor,
            action=self.action(request),
            cases=self._cases,
            subjects=self._subjects,
            outcome=outcome,
            request_id=getattr(request, "id", ""),
        )
