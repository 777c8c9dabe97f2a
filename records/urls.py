from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from records.views import tus

app_name = "records"
urlpatterns: list[URLPattern | URLResolver] = [
    path("uploads/<str:ref>/", tus.Uploads.as_view(), name="uploads"),
    path("uploads/<str:ref>/<uuid:upload>/", tus.OneUpload.as_view(), name="upload"),
]
