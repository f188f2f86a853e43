"""What the dashboard shows of the catalogue, of searches and of the cache."""

from datetime import datetime, timedelta

from django.db.models import Count, Sum
from django.db.models.functions import TruncHour
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from tokpik.charts import Bars, Cell, HeatMap, Line, shade
from tokpik.rollups import Figures, beginning_of_hour, keep, set_counts
from topics.details import DETAILS
from topics.entries import LIST
from topics.models import ModelCall, PlaceTag, Topic, TopicTag
from topics.recent import SEARCHES
from topics.related import RELATED

PAIRS = "topics.pairs"
PUBLISHED = "topics.published"
# What calls to the model cost, in dollars.
DOLLARS = "model.dollars"
# A call is over long before the second day begins.
SPENT_WITHIN = timedelta(days=1)
LOOKS = ("hit", "miss", "stale", "unreadable")


def count(now: datetime | None = None) -> bool:
    """Takes how many topics are published, in all and of each pair of tags. Returns False: there is no more to do."""
    now = now or timezone.now()
    counted = Topic.objects.published().order_by().values_list("topic_tag", "place_tag").annotate(n=Count("pk"))
    pairs = list(counted)
    keep(PAIRS, pairs, now)
    set_counts({beginning_of_hour(now): {PUBLISHED: sum(n for _, _, n in pairs)}})
    count_spending(now)
    return False


def count_spending(now: datetime) -> None:
    """What calls cost, in the hours of today and yesterday: a call is priced when it is over."""
    recent = ModelCall.objects.filter(day__gte=timezone.localdate(now) - SPENT_WITHIN, cost__isnull=False)
    hours = recent.order_by().values_list(TruncHour("began_at")).annotate(Sum("cost"))
    set_counts({hour: {DOLLARS: float(cost)} for hour, cost in hours})


def panels(figures: Figures) -> list[object]:
    spent = figures.sum(DOLLARS)
    return [
        thin_places(figures),
        Line("게시된 주제", figures.days, figures.last(PUBLISHED), unit="개", note="그날 마지막으로 센 수"),
        Bars("검색", figures.days, [("검색", "first", figures.sum(SEARCHES))], unit="번"),
        Line("연관 주제·상세·목록의 캐시 적중률", figures.days, hit_ratios(figures), unit="%", most=100),
        *([Bars("AI 작성 비용", figures.days, [("비용", "second", spent)], unit="달러")] if any(spent) else []),
    ]


def thin_places(figures: Figures) -> HeatMap:
    """A row a topic tag, a column a place."""
    pairs = {(topic_tag, place_tag): n for topic_tag, place_tag, n in figures.rollup(PAIRS) or []}
    most = max(pairs.values(), default=0)
    places = list(PlaceTag.objects.all())
    topics = reverse("admin:topics_topic_changelist")

    def cell(topic_tag: TopicTag, place_tag: PlaceTag) -> Cell:
        n = pairs.get((topic_tag.pk, place_tag.pk), 0)
        chosen: dict[str, str | int] = {
            "topic_tag__id__exact": topic_tag.pk,
            "place_tag__id__exact": place_tag.pk,
            "status__exact": "published",
        }
        return Cell(n, shade(n, most), f"{topics}?{urlencode(chosen)}")

    rows = [(tag.content, [cell(tag, place) for place in places]) for tag in TopicTag.objects.all()] if pairs else []
    return HeatMap(
        "주제 × 장소",
        [place.content for place in places],
        rows,
        note="게시된 주제 수. 옅을수록 적고, 붉은 0에는 하나도 없습니다.",
    )


def hit_ratios(figures: Figures) -> list[float | None]:
    """In percent."""
    kinds = [RELATED.name, DETAILS.name, LIST]
    by_outcome = {
        outcome: [sum(day) for day in zip(*(figures.sum(f"{kind}.{outcome}") for kind in kinds), strict=True)]
        for outcome in LOOKS
    }
    looks = [sum(day) for day in zip(*by_outcome.values(), strict=True)]
    return [round(100 * hits / n, 1) if n else None for hits, n in zip(by_outcome["hit"], looks, strict=True)]
