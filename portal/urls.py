"""Every address of the portal. Anything that is not listed here does not exist."""

from __future__ import annotations

from django.urls import include, path

from portal.accounts.views import ExtendSession
from portal.pages.views import AfterSignIn

urlpatterns = [
    path("dicomweb/", include("records.dicomweb.urls")),  # first: a viewer asks for thousands of frames
    path("", include("portal.pages.urls")),
    path("accounts/", include("portal.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("session/extend/", ExtendSession.as_view(), name="extend_session"),
    path("catalogue/", include("portal.catalogue.urls")),
    path("welcome/", AfterSignIn.as_view(), name="after_sign_in"),
    path("", include("cases.urls")),
    path("", include("portal.pages.patient.urls")),
    path("", include("records.urls")),
    path("viewer/", include("records.viewer.urls")),
    path("desk/", include("portal.pages.desk.urls")),
    path("demo/", include("portal.pages.demo.urls")),
    path("reviews/", include("specialists.urls")),
]

handler404 = "portal.pages.views.not_found"
handler403 = "portal.pages.views.forbidden"
handler500 = "portal.pages.views.server_error"
