"""What the dashboard shows of folders."""

from datetime import datetime

from django.db import connection
from django.db.models import Count
from django.db.models.functions import TruncHour
from django.urls import reverse
from django.utils import timezone

from scraps.models import ScrapTopic
from tokpik.charts import Bars, Ranking
from tokpik.rollups import Figures, keep, set_hours, to_count_from
from topics.models import Topic

SCRAPS = "scraps.added"
MOST, LEAST = "scraps.most", "scraps.least"
RANKED = """
SELECT topic.id, coalesce(kept.n, 0) FROM topics_topic topic
LEFT JOIN (SELECT topic_id, count(*) AS n FROM scraps_scraptopic GROUP BY topic_id) AS kept ON kept.topic_id = topic.id
WHERE topic.status = 'published'
ORDER BY {order} LIMIT 10
"""


def count(now: datetime | None = None) -> bool:
    """How many topics were kept in each hour. Returns False: there is no more to do."""
    now = now or timezone.now()
    since = to_count_from(SCRAPS, now)
    kept = ScrapTopic.objects.filter(created_at__gte=since, created_at__lte=now).order_by()
    by_hour = kept.values_list(TruncHour("created_at")).annotate(n=Count("pk"))
    set_hours([SCRAPS], ((hour, SCRAPS, n) for hour, n in by_hour), since=since, now=now)
    return False


def rank(now: datetime | None = None) -> bool:
    """Which published topics are kept most, and which least: of equal ones those that had the longest time to be."""
    now = now or timezone.now()
    for name, order in ((MOST, "2 DESC, 1"), (LEAST, "2, 1")):
        with connection.cursor() as cursor:
            cursor.execute(RANKED.format(order=order))
            keep(name, cursor.fetchall(), now)
    return False


def panels(figures: Figures) -> list[object]:
    most, least = (figures.rollup(name) or [] for name in (MOST, LEAST))
    topics = Topic.objects.only("title").in_bulk([id for id, _ in [*most, *least]])

    def rows(ranked: list[tuple[int, int]]) -> list[tuple[str, str, int]]:
        known = [(topics[id], n) for id, n in ranked if id in topics]
        return [(topic.title, reverse("admin:topics_topic_change", args=[topic.pk]), n) for topic, n in known]

    return [
        Bars("스크랩", figures.days, [("담은 주제", "first", figures.sum(SCRAPS))], unit="개"),
        Ranking("가장 많이 담은 주제", rows(most)),
        Ranking("가장 적게 담은 주제", rows(least), note="같은 수라면 먼저 나온 주제부터"),
    ]
