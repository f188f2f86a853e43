"""What every page of the console shares: the theme's base class, a paginator for huge tables, and the sidebar."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.apps import apps
from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connections
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from unfold import admin as unfold
from unfold.contrib.filters.admin import RangeDateFilter

from tokpik.fields import whole_number

# Beyond it nobody pages: a filtered list says that there are more, an unfiltered one trusts the planner's estimate.
COUNTED_MOST = 10_000


class BoundedPaginator(Paginator):
    """Counts at most `COUNTED_MOST` rows exactly, since a full count reads the whole table."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        counted = rows.order_by()[: COUNTED_MOST + 1].count()
        if counted <= COUNTED_MOST:
            return counted
        return COUNTED_MOST if rows.query.where else max(COUNTED_MOST, estimate(rows))


def estimate(rows: QuerySet[Any]) -> int:
    """How many rows the table has, as of its last (auto)vacuum or ANALYZE."""
    with connections[rows.db].cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [rows.model._meta.db_table])
        return int(cursor.fetchone()[0])


class ReadOnly:
    """What staff may look at and not write."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        # Nobody changes it, so its history would say that there is none.
        context["show_history"] = False
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]


def without_people(request: HttpRequest, fields: Sequence[Any]) -> list[Any]:
    """Who a row was made for is shown to those who may look at people."""
    sees_people = request.user.has_perm("accounts.view_user")
    return [name for name in fields if sees_people or name not in ("user", "made_for")]


class ModelAdmin(unfold.ModelAdmin):
    """The base of every model's pages. `icon` is a name of Material Symbols, `sidebar_title` what the sidebar says in
    the place of the model's name, and `sidebar_place` where, among those of its app; `links` are further pages that it
    names, each with its title, its icon and its URL's name, for who may change such rows.
    """

    icon = "article"
    sidebar_title = ""
    sidebar_place = 100
    links: Sequence[tuple[str, str, str]] = ()
    paginator: type[Paginator] = BoundedPaginator
    delete_confirmation_template: Any = "console/delete.html"
    delete_selected_confirmation_template: Any = "console/delete_selected.html"
    show_full_result_count = False
    list_per_page = 30
    compressed_fields = True
    warn_unsaved_form = True


class NumberSearch:
    """A number is looked up as it is, through an index, in `search_fields`; other words find `search_text`."""

    search_fields: ClassVar[Sequence[str]]
    search_text: ClassVar[str] = ""

    def get_search_results(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> tuple[QuerySet[Any], bool]:
        term = term.strip()
        if not term:
            return rows, False
        number = whole_number(term.removeprefix("-"))
        if number is not None:
            number = -number if term.startswith("-") else number
            conditions = [Q(**{name: number}) for name in self.search_fields]
        else:
            conditions = [Q(**{f"{self.search_text}__icontains": term})] if self.search_text else [Q(pk__in=[])]
        return rows.filter(reduce(or_, conditions)), False


class DaysFilter(RangeDateFilter):
    """Moments from one day's beginning to another day's end, in Seoul."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        name = self.parameter_name
        first = self.beginning(self.used_parameters.get(f"{name}_from"))
        after = self.beginning(self.used_parameters.get(f"{name}_to"), days_later=1)
        if first:
            queryset = queryset.filter(**{f"{name}__gte": first})
        return queryset.filter(**{f"{name}__lt": after}) if after else queryset

    def beginning(self, day: Any, days_later: int = 0) -> datetime | None:
        """The beginning of the day that is so many days after this one; None for what is no date."""
        try:
            later = date.fromisoformat(day) + timedelta(days=days_later)
            return timezone.make_aware(datetime.combine(later, time()))
        except (TypeError, ValueError, OverflowError):
            return None


StackedInline = unfold.StackedInline


class ReadOnlyTable(ReadOnly, unfold.TabularInline):
    """Rows that hang on another: each is told by its columns, without a title above it."""

    hide_title = True
    extra = 0


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar: what this user may see, app by app as they are installed; the project's own comes last."""
    found = {app["app_label"]: app for app in admin.site.get_app_list(request)}
    return [
        {
            "title": found[label]["name"],
            "items": [item for model in in_places(found[label]) for item in entries(request, model)],
        }
        for label in sorted(apps.app_configs, key=lambda label: label == "tokpik")
        if label in found
    ]


def in_places(app: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(app["models"], key=lambda model: pages_of(model).sidebar_place)


def pages_of(model: dict[str, Any]) -> Any:
    return admin.site.get_model_admin(model["model"])


def entries(request: HttpRequest, model: dict[str, Any]) -> Iterator[dict[str, Any]]:
    pages = pages_of(model)
    links = [(*link, reverse(name)) for *link, name in pages.links] if model["perms"]["change"] else []
    # The theme takes a page for one of the list's whenever its address begins alike.
    is_linked = any(request.path == address for _, _, address in links)
    here = request.path.startswith(model["admin_url"]) and not is_linked
    yield {
        "title": pages.sidebar_title or model["name"],
        "icon": pages.icon,
        "link": model["admin_url"],
        "active": here,
    }
    for title, icon, address in links:
        yield {"title": title, "icon": icon, "link": address}


def icon(request: HttpRequest) -> str:
    return static("console/icon.svg")


def stylesheet(request: HttpRequest) -> str:
    return static("console/console.css")
