from __future__ import annotations

from django.urls import path

from specialists.views import assign, offer, opinion, profile, sign, worklist, workspace

app_name = "reviews"
urlpatterns = [
    path("", worklist.List.as_view(), name="list"),
    path("assign/<str:ref>/", assign.Assign.as_view(), name="assign"),
    path("profile/", profile.Own.as_view(), name="own_profile"),
    path("people/<uuid:pk>/", profile.Edit.as_view(), name="profile"),
    path("<uuid:pk>/offer/", offer.Offer.as_view(), name="offer"),
    path("<uuid:pk>/", workspace.Workspace.as_view(), name="workspace"),
    path("<uuid:pk>/pages/<uuid:document>/<int:number>/", workspace.PageImage.as_view(), name="page"),
    path("<uuid:pk>/draft/", opinion.Draft.as_view(), name="draft"),
    path("<uuid:pk>/cite/", opinion.Cite.as_view(), name="cite"),
    path("<uuid:pk>/reading/", opinion.Reading.as_view(), name="reading"),
    path("<uuid:pk>/ask/", workspace.Ask.as_view(), name="ask"),
    path("<uuid:pk>/give-back/", workspace.GiveBack.as_view(), name="give_back"),
    path("<uuid:pk>/sign/", sign.Sign.as_view(), name="sign"),
]
