"""Terms and policies in the console, with every version of them: what did somebody consent to in March?"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import Policy, Term, TermSection
from tokpik.console import ModelAdmin, StackedInline
from tokpik.history import Values, events_of, rows_before
from tokpik.history_pages import HistoryPage, Selection


def texts_at(moment: datetime) -> list[Values]:
    """The documents as they stood at that moment: `title` and `parts` of `title` and `content`, in their order."""
    after = min(moment, timezone.now()) + timedelta(microseconds=1)
    sections = sorted(rows_before(TermSection, after), key=lambda row: (row["main_category"], row["sub_category"]))
    terms = [
        {
            "title": term["title"],
            "parts": [
                {
                    "title": f"{row['main_category']}.{row['sub_category']} {row['title']}",
                    "content": row["content"],
                }
                for row in sections
                if row["term"] == term["id"]
            ],
        }
        for term in in_order(rows_before(Term, after))
    ]
    policies = in_order(rows_before(Policy, after))
    return [*terms, *([{"title": "개인정보 처리방침", "parts": policies}] if policies else [])]


def in_order(rows: list[Values]) -> list[Values]:
    return sorted(rows, key=lambda row: (row["position"], row["id"]))


def moment_of(text: str) -> datetime | None:
    """A moment, or the end of a day in Seoul; None for what is neither."""
    try:
        moment = parse_datetime(text)
        if "T" not in text:
            moment = timezone.make_aware(datetime.combine(date.fromisoformat(text), time.max))
        # In Seoul as in the answer: the last moments that there are have none there.
        return timezone.localtime(moment) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


class TermSectionInline(StackedInline):
    model = TermSection
    extra = 0


class Texts(HistoryPage, ModelAdmin):
    list_before_template = "admin/accounts/texts_link.html"


@admin.register(Term)
class TermAdmin(Texts):
    icon = "gavel"
    sidebar_place = 3
    list_display = ["title", "position"]
    inlines = [TermSectionInline]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.at)
        return [path("at/", view, name="accounts_term_at"), *super().get_urls()]

    def selections(self, pk: Any) -> list[Selection]:
        return [(Term, {"id": pk}), (TermSection, {"term": pk})]

    def at(self, request: HttpRequest) -> HttpResponse:
        """The texts as they stood on a day, or at a moment (`?at=2026-03-14`, or with a time and its offset)."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("at", "")
        moment = moment_of(asked) if asked else timezone.now()
        kept = [events_of(model).values_list("pgh_created_at", flat=True).first() for model in (Term, Policy)]
        context = self.admin_site.each_context(request) | {
            "title": "그때의 약관과 처리방침",
            "opts": self.opts,
            "moment": moment,
            "asked": asked,
            "texts": texts_at(moment) if moment else [],
            "kept_since": min(filter(None, kept), default=None),
        }
        return TemplateResponse(request, "admin/accounts/texts_at.html", context)


@admin.register(Policy)
class PolicyAdmin(Texts):
    icon = "policy"
    sidebar_place = 4
    list_display = ["title", "position"]
