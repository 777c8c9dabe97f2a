from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from records.views import asking, documents, files, health, items, letters, page, sending, tus, video

app_name = "records"
urlpatterns: list[URLPattern | URLResolver] = [
    path("uploads/<str:ref>/", tus.Uploads.as_view(), name="uploads"),
    path("uploads/<str:ref>/<uuid:upload>/", tus.OneUpload.as_view(), name="upload"),
    path("cases/<str:ref>/records/", page.RecordsPage.as_view(), name="records"),
    path("cases/<str:ref>/records/health/", health.HealthPage.as_view(), name="health"),
    path("cases/<str:ref>/records/health/take/", health.Take.as_view(), name="take"),
    path("cases/<str:ref>/records/health/offer/", health.Offer.as_view(), name="offer"),
    path("cases/<str:ref>/records/live/", page.Live.as_view(), name="live"),
    path("cases/<str:ref>/records/send/", page.PlainUpload.as_view(), name="send"),
    path("cases/<str:ref>/records/sent/<uuid:batch>/", page.ReceiptPage.as_view(), name="receipt"),
    path("cases/<str:ref>/records/uploads/<uuid:upload>/cancel/", page.CancelUpload.as_view(), name="cancel"),
    path("cases/<str:ref>/records/files/<uuid:file>/remove/", files.RemoveFile.as_view(), name="remove"),
    path("cases/<str:ref>/records/files/<uuid:file>/again/", files.Again.as_view(), name="again"),
    path("cases/<str:ref>/records/studies/<uuid:study>/remove/", files.RemoveStudy.as_view(), name="remove-study"),
    path("cases/<str:ref>/records/studies/<uuid:study>/release/", files.ReleaseStudy.as_view(), name="release-study"),
    path("cases/<str:ref>/records/studies/<uuid:study>/split/", files.SplitStudy.as_view(), name="split-study"),
    path("cases/<str:ref>/records/items/<slug:key>/", items.ItemView.as_view(), name="item"),
    path("cases/<str:ref>/records/ask/", asking.Asking.as_view(), name="ask"),
    path("cases/<str:ref>/records/ask/link/", asking.MakeLink.as_view(), name="make-link"),
    path("cases/<str:ref>/records/ask/links/<uuid:link>/", asking.OneLink.as_view(), name="link"),
    path("cases/<str:ref>/records/ask/links/<uuid:link>/stop/", asking.StopLink.as_view(), name="stop-link"),
    path("cases/<str:ref>/records/ask/write/<slug:key>/", letters.WriteLetter.as_view(), name="write-letter"),
    path("cases/<str:ref>/records/ask/letters/<uuid:letter>/", letters.OneLetter.as_view(), name="letter"),
    path("cases/<str:ref>/records/ask/letters/<uuid:letter>/pdf/", letters.LetterPdf.as_view(), name="letter-pdf"),
    path(
        "cases/<str:ref>/records/ask/letters/<uuid:letter>/withdraw/",
        letters.WithdrawLetter.as_view(),
        name="withdraw-letter",
    ),
    path("send/", sending.Enter.as_view(), name="send-enter"),
    path("send/confirm/", sending.Confirm.as_view(), name="send-confirm"),
    path("send/<uuid:link>/", sending.SendPage.as_view(), name="send-page"),
    path("send/<uuid:link>/sent/", sending.Sent.as_view(), name="send-sent"),
    path("send/<uuid:link>/files/", sending.SendFiles.as_view(), name="send-files"),
    path("send/<uuid:link>/done/", sending.Finish.as_view(), name="send-done"),
    path("send/<uuid:link>/uploads/", sending.LinkUploads.as_view(), name="send-uploads"),
    path("send/<uuid:link>/uploads/<uuid:upload>/", sending.LinkUpload.as_view(), name="send-upload"),
    path("files/<uuid:file>/download/", files.Download.as_view(), name="download"),
    path("files/<uuid:file>/play/", video.Play.as_view(), name="play"),
    path("files/<uuid:file>/video/", video.Stream.as_view(), name="video"),
    path("documents/<uuid:document>/", documents.DocumentPage.as_view(), name="document"),
    path("documents/<uuid:document>/pages/<int:number>/", documents.PageImage.as_view(), name="page"),
    path("documents/<uuid:document>/about/", documents.Correct.as_view(), name="correct"),
    path("documents/<uuid:document>/release/", documents.Release.as_view(), name="release-paper"),
    path("documents/<uuid:document>/thumbnail/", documents.Thumbnail.as_view(), name="thumbnail"),
]
