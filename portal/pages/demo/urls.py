from __future__ import annotations

from django.urls import path

from portal.pages.demo import views
from portal.pages.styleguide import Styleguide

app_name = "demo"
urlpatterns = [
    path("mail/", views.Mail.as_view(), name="mail"),
    path("styleguide", Styleguide.as_view(), name="styleguide"),
]
