"""The page on which staff see what the cache is worth, and drop what it holds."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from redis.exceptions import RedisError

from tokpik.console import ModelAdmin
from tokpik.fields import whole_number
from tokpik.models import HourlyCounts
from topics.cache_report import KINDS, report
from topics.cache_use import AGES
from topics.details import DETAILS
from topics.entries import drop, drop_all
from topics.related import RELATED

HOURS = 48
SERVER_WORDS = {
    "used_memory_human": "쓴 메모리",
    "maxmemory_human": "메모리 한도",
    "maxmemory_policy": "한도에 이르면",
    "evicted_keys": "밀려난 키",
    "expired_keys": "유효 시간이 지난 키",
    "keys": "키",
}


@admin.register(HourlyCounts)
class CacheAdmin(ModelAdmin):
    """One page in the place of a list. Who may change these rows, which nobody does, may drop entries."""

    icon = "speed"
    sidebar_title = "캐시"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("", view(self.show), name="tokpik_hourlycounts_changelist"),
            path("drop/", view(self.drop), name="tokpik_hourlycounts_drop"),
        ]

    def show(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = report(now=timezone.now(), hours=HOURS)
        related = found.use(RELATED.name)
        context = self.admin_site.each_context(request) | {
            "title": "캐시",
            "opts": self.opts,
            "may_drop": self.has_change_permission(request),
            "hours": found.use_by_hour(RELATED),
            "kinds": [(name, found.use(kind)) for kind, name in KINDS.items()],
            "ages": related.ages(),
            "shorter": [(seconds, related.ratio_with_ttl(seconds)) for seconds in AGES],
            "server": [(SERVER_WORDS.get(name, ""), name, value) for name, value in (found.server or {}).items()],
            "span": HOURS,
        }
        return TemplateResponse(request, "admin/topics/cache.html", context)

    def drop(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or not self.has_change_permission(request):
            raise PermissionDenied
        try:
            messages.success(request, drop_what_is_asked(request.POST))
        except ValueError as error:
            messages.error(request, str(error))
        except RedisError:
            messages.error(request, "캐시가 답하지 않습니다.")
        return HttpResponseRedirect(reverse("admin:tokpik_hourlycounts_changelist"))


def drop_what_is_asked(form: Any) -> str:
    """What was done, as a sentence. Raises `ValueError` for a number that is none."""
    if "all" in form:
        return f"캐시를 모두 비웠습니다. (키 {drop_all()}개)"
    topic_id = whole_number(form.get("topic", "").strip())
    if topic_id is None:
        raise ValueError("주제 번호를 숫자로 적어 주세요.")
    dropped = sum(drop(kind, topic_id) for kind in (RELATED, DETAILS))
    return f"{topic_id}번 주제의 캐시를 비웠습니다. (키 {dropped}개)"
