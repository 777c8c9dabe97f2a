"""What every DICOMweb address shares: who asks (session or token), problems in JSON, warnings, the audit of looking."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt

from portal.accounts import actions as accounts
from portal.accounts import queries as account_queries
from portal.accounts.models import AccessToken, TokenScope
from portal.core import audit
from portal.core.access import Actor, BaseView, Permission
from portal.core.states import Role
from records.dicomweb import going, looks, pictures
from records.dicomweb.negotiate import Offer, choose

DICOM_JSON = "application/dicom+json"
LISTS = (Offer(DICOM_JSON), Offer("application/json"), Offer("application/dicom+xml", multipart=True))
"""How lists and metadata are told."""
REALM = "dicomweb"


class Problem(Exception):
    """The answer is this status with this sentence."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


class _Csrf(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return JsonResponse({"error": "The page is too old. Load it again."}, status=403)


_csrf = _Csrf(lambda request: HttpResponse())


def _csrf_problem(request: HttpRequest) -> HttpResponseBase | None:
    """A session's writes are checked as everywhere; a token's need no check: no page can make a browser send one.

    The secret is taken from the cookie here, because no middleware did it on the lean way (portal.lean).
    """
    check: Any = _csrf
    check.process_request(request)
    problem: HttpResponseBase | None = check.process_view(request, lambda: None, (), {})
    return problem


@method_decorator(csrf_exempt, name="dispatch")
class DicomwebView(BaseView):
    """Base: 401 for programs, JSON for problems. A bearer token acts for its account, within its case and its scope."""

    abstract = True
    permission = Permission.VIEW_RECORDS
    offers: ClassVar[Sequence[Offer]] = (Offer(DICOM_JSON), Offer("application/json"))
    stores: ClassVar[bool] = False
    """Whether a token that may only store opens this address (for POST)."""
    token: AccessToken | None = None

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.warnings: list[str] = []

    # -- who asks

    def refuse_anonymous(self, request: HttpRequest) -> HttpResponseBase:
        refused = JsonResponse({"error": "Sign in first, or send a token."}, status=401)
        refused["WWW-Authenticate"] = f'Bearer realm="{REALM}"'
        return refused

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            if refused := self._identify(request):
                return refused
            response = super().dispatch(request, *args, **kwargs)
            if response.streaming and "study" in kwargs:
                response = self._going(response, kwargs["study"])
        except PermissionDenied:
            response = JsonResponse({"error": "This is not open to you."}, status=403)
        except Http404:
            response = JsonResponse({"error": "Not found."}, status=404)
        except Problem as problem:
            response = JsonResponse({"error": problem.words}, status=problem.status)
        for words in self.warnings:
            service = request.build_absolute_uri(self.base)
            before = response.headers.get("Warning", "")
            response["Warning"] = f'{before}{", " if before else ""}299 {service} "{words}"'
        return response

    def _going(self, response: Any, study: str) -> HttpResponseBase:
        pieces = response.streaming_content
        response.streaming_content = going.allowed(pieces, user=self.user, token=self.token, study=study, **self.scope)
        answer: HttpResponseBase = response
        return answer

    def _identify(self, request: HttpRequest) -> HttpResponseBase | None:
        header = request.headers.get("Authorization", "")
        if not header:
            if not self.stores or request.method != "POST" or not request.user.is_authenticated:
                return None
            return _csrf_problem(request)
        kind, _, secret = header.partition(" ")
        token = account_queries.token_by_secret(secret.strip()) if kind.lower() == "bearer" else None
        if token is None:
            refused = self.refuse_anonymous(request)
            refused["WWW-Authenticate"] = f'Bearer realm="{REALM}", error="invalid_token"'
            return refused
        accounts.note_token_used(token=token)
        self.token, request.user = token, token.user
        if token.scope == TokenScope.DICOMWEB_STORE and not (self.stores and request.method == "POST"):
            raise PermissionDenied
        return None

    def second_factor_missing(self, request: HttpRequest) -> bool:
        """A token is a factor of its own, made by whoever runs the server."""
        return self.token is None and super().second_factor_missing(request)

    @property
    def actor(self) -> Actor:
        if self.token is not None:
            return Actor("token", str(self.token.pk), Role(self.user.role), self.user)
        return super().actor

    # -- what is asked

    @property
    def ref(self) -> str | None:
        return self.kwargs.get("ref")

    @property
    def bound(self) -> UUID | None:
        """The case that the token is bound to."""
        return self.token.case_id if self.token is not None else None

    @cached_property
    def scope(self) -> dict[str, Any]:
        """How far this caller's reads go: arguments of every function of `records.queries.imaging`."""
        return {"ref": self.ref, "case_id": self.bound}

    @property
    def base(self) -> str:
        """The service's own address, for URLs in answers."""
        return f"/dicomweb/cases/{self.ref}" if self.ref else "/dicomweb"

    @property
    def absolute(self) -> str:
        return self.request.build_absolute_uri(self.base)

    @property
    def accept(self) -> str:
        """The query parameter wins (PS3.18 section 8.3.3.1)."""
        return self.request.GET.get("accept") or self.request.headers.get("Accept", "")

    def negotiate(self, offers: Sequence[Offer] | None = None) -> Offer:
        """Raises Problem 406 when nothing that is accepted can be given."""
        offers = self.offers if offers is None else offers
        chosen = choose(self.accept, offers)
        if chosen is None:
            given = ", ".join(
                f'multipart/related; type="{one.media_type}"' if one.multipart else one.media_type for one in offers
            )
            raise Problem(406, f"This address answers {given}.")
        return chosen

    @property
    def takes_gzip(self) -> bool:
        """Whether the caller takes a compressed body (RFC 9110 section 12.5.3); one that says q=0 does not."""
        said = self.request.headers.get("Accept-Encoding", "").lower().replace(" ", "")
        return any(one == "gzip" or (one.startswith("gzip;q=") and one[7:].strip("0.")) for one in said.split(","))

    def listed(self, key: Hashable, make: Callable[[], bytes | None], media_type: str) -> HttpResponse | None:
        """A list from memory where it was made before under this key, compressed for who takes it; None when `make` gives up."""
        found = pictures.body(key, make, compressed=self.takes_gzip)
        if found is None:
            return None
        content, coding = found
        response = HttpResponse(content, content_type=media_type)
        if coding:
            response["Content-Encoding"] = coding
        response["Vary"] = "Accept, Accept-Encoding"
        return response

    def number(self, name: str, default: int, least: int = 0) -> int:
        """A number of the query string. Raises Problem 400."""
        text = self.request.GET.get(name, "")
        if not text:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
            raise Problem(400, f"{name} is a whole number, {least} or more.")
        return int(text)

    # -- who looked

    def opened(self, series: UUID, study: UUID, case: UUID) -> None:
        """One audit row when somebody begins to look at a series, and again after ten minutes, committed before the first byte."""
        if looks.begins(self.actor, series):
            self._opened(series, study, case)
            looks.began(self.actor, series)

    def _opened(self, series: UUID, study: UUID, case: UUID) -> None:
        audit.record(
            actor=self.actor,
            action=self.action(self.request),
            cases=[str(case)],
            subjects=[str(study), str(series)],
            request_id=getattr(self.request, "id", ""),
        )

    def looked_at(self, case: UUID, instances: Sequence[UUID]) -> None:
        """These instances leave the house: their list follows in rows of its own, within a minute."""
        looks.add(self.actor, case, instances)
