from __future__ import annotations

from django.urls import path, re_path

from portal.pages.desk import views

app_name = "desk"
urlpatterns = [
    path("", views.Queue.as_view(), name="queue"),
    path("views/<slug:view>/", views.Queue.as_view(), name="view"),
    path("cases/<str:ref>/", views.DeskCase.as_view(), name="case"),
    path("cases/<str:ref>/ask/", views.Ask.as_view(), name="ask"),
    path("cases/<str:ref>/decline/", views.Decline.as_view(), name="decline"),
    path("cases/<str:ref>/level/", views.SetLevel.as_view(), name="level"),
    path("cases/<str:ref>/coordinator/", views.SetCoordinator.as_view(), name="coordinator"),
    path("cases/<str:ref>/note/", views.AddNote.as_view(), name="note"),
    path("cases/<str:ref>/reply/", views.Reply.as_view(), name="reply"),
    path("cases/<str:ref>/holds/<uuid:pk>/close/", views.CloseHold.as_view(), name="close_hold"),
    path("cases/<str:ref>/release/", views.Release.as_view(), name="release"),
    re_path(
        r"^cases/(?P<ref>[^/]+)/(?P<step>complete|called|reopen|accept|render|close)/$",
        views.Step.as_view(),
        name="step",
    ),
]
