from __future__ import annotations

from django.urls import path, re_path

from portal.accounts import views

app_name = "accounts"
urlpatterns = [
    path("people/", views.People.as_view(), name="people"),
    path("people/invite/", views.Invite.as_view(), name="invite"),
    path("invitations/<uuid:pk>/revoke/", views.RevokeInvitation.as_view(), name="revoke"),
    path("tokens/<uuid:pk>/revoke/", views.RevokeToken.as_view(), name="revoke-token"),
    re_path(r"^people/(?P<pk>[0-9a-f-]{36})/(?P<state>open|close)/$", views.SetActive.as_view(), name="set-active"),
    path("welcome/<str:secret>/", views.Accept.as_view(), name="accept"),
]
