from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from records.views import documents, files, page, tus

app_name = "records"
urlpatterns: list[URLPattern | URLResolver] = [
    path("uploads/<str:ref>/", tus.Uploads.as_view(), name="uploads"),
    path("uploads/<str:ref>/<uuid:upload>/", tus.OneUpload.as_view(), name="upload"),
    path("cases/<str:ref>/records/", page.RecordsPage.as_view(), name="records"),
    path("cases/<str:ref>/records/live/", page.Live.as_view(), name="live"),
    path("cases/<str:ref>/records/send/", page.PlainUpload.as_view(), name="send"),
    path("cases/<str:ref>/records/sent/<uuid:batch>/", page.ReceiptPage.as_view(), name="receipt"),
    path("cases/<str:ref>/records/uploads/<uuid:upload>/cancel/", page.CancelUpload.as_view(), name="cancel"),
    path("cases/<str:ref>/records/files/<uuid:file>/remove/", files.RemoveFile.as_view(), name="remove"),
    path("cases/<str:ref>/records/files/<uuid:file>/again/", files.Again.as_view(), name="again"),
    path("cases/<str:ref>/records/studies/<uuid:study>/remove/", files.RemoveStudy.as_view(), name="remove-study"),
    path("cases/<str:ref>/records/studies/<uuid:study>/release/", files.ReleaseStudy.as_view(), name="release-study"),
    path("cases/<str:ref>/records/items/<slug:key>/", page.ItemView.as_view(), name="item"),
    path("files/<uuid:file>/download/", files.Download.as_view(), name="download"),
    path("documents/<uuid:document>/", documents.DocumentPage.as_view(), name="document"),
    path("documents/<uuid:document>/pages/<int:number>/", documents.PageImage.as_view(), name="page"),
    path("documents/<uuid:document>/thumbnail/", documents.Thumbnail.as_view(), name="thumbnail"),
]
