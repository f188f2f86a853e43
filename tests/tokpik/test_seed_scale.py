"""manage.py seed_scale"""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count

from accounts.models import User
from scraps.models import Scrap, ScrapTopic
from tests.factories import PlaceTagFactory, ScrapTopicFactory, TopicTagFactory, UserFactory
from tokpik.copying import bar
from topics import bulk
from topics.models import Topic


@pytest.fixture
def tags(db):
    return [
        *[TopicTagFactory(content=content) for content in ("사랑과 연애", "자기 계발", "인간관계")],
        *[PlaceTagFactory(content=content) for content in ("집", "학교", "카페")],
    ]


def scale(topics=300, users=20, **options):
    out = StringIO()
    call_command("seed_scale", topics=topics, users=users, stdout=out, **options)
    return out.getvalue()


def test_it_adds_as_many_as_asked_for_each_time(tags):
    mine = ScrapTopicFactory()
    for times in (1, 2):
        scale()
        assert Topic.objects.published().count() == 300 * times + 1
        assert User.objects.count() == 20 * times + 1
    assert Scrap.objects.values("user").distinct().count() == 41
    assert list(ScrapTopic.objects.filter(scrap__user=mine.scrap.user)) == [mine]


def test_its_topics_are_as_valid_as_written_ones(tags):
    scale()
    for topic in Topic.objects.all():
        topic.full_clean()
    assert set(Topic.objects.values_list("topic_tag", "place_tag").distinct()) == {
        (topic.pk, place.pk) for topic in tags[:3] for place in tags[3:]
    }
    empty = Topic.objects.filter(situation__text="").count()
    assert 90 < empty < 210
    assert Topic.objects.exclude(purposes=[]).exclude(moods=[]).exclude(partner_age_lower=None).exists()


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (1.0, 300)])
def test_it_takes_the_share_of_topics_that_suit_any_situation(tags, share, count):
    scale(empty_situations=share)
    assert Topic.objects.filter(situation__text="").count() == count


def test_its_people_keep_the_quotas_and_are_nobody_of_kakaos(tags):
    UserFactory(kakao_id=-5)
    scale()
    made = User.objects.filter(kakao_id__lt=-5)
    assert made.count() == 20
    for user in made.annotate(folders=Count("scraps", distinct=True), entries=Count("scraps__entries")):
        assert 1 <= user.folders <= 200
        assert user.entries <= 1000
        assert not user.has_usable_password()
        assert (user.is_staff, user.is_superuser) == (False, False)


def test_the_api_serves_what_it_made(tags, sign_in):
    scale()
    client = sign_in(User.objects.filter(scraps__entries__isnull=False).first())
    cards = client.post("/topics", {"includeFilterCondition": True, "talkPurposes": ["친목"]}, format="json").json()[
        "topics"
    ]
    assert len(cards) == 30
    for path in (f"/topics/{cards[0]['topicId']}/details", f"/topics/{cards[0]['topicId']}/related", "/users/tags"):
        assert client.get(path).status_code == 200
    assert client.get("/users/scraps").json()["scraps"]
    assert client.get("/users/scraps/topics/count").json()["count"] > 0


def test_it_wants_the_tags_first(db):
    with pytest.raises(CommandError, match="seed"):
        scale()
    assert not User.objects.exists()


def definitions():
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'topics_topic' ORDER BY indexdef")
        return cursor.fetchall()


def test_many_topics_leave_the_indexes_as_they_were(tags, monkeypatch):
    before = definitions()
    assert len(before) > 5
    monkeypatch.setattr(bulk, "MANY", 100)
    scale()
    assert definitions() == before
    assert Topic.objects.count() == 300


def test_it_tells_of_its_progress(tags):
    assert scale(users=0).splitlines()[:2] == ["topics_topic: 0 of 300", "topics_topic: 300 of 300"]


def test_a_terminal_shows_a_bar_and_a_file_one_line_at_each_end():
    class Terminal(StringIO):
        def isatty(self):
            return True

    for out, shown in (
        (Terminal(), "\rtopics" + " " * 26 + " [###############...............]       500 of 1,000"),
        (StringIO(), ""),
    ):
        bar(out)("topics", 500, 1000)
        assert out.getvalue() == shown
    out = Terminal()
    bar(out)("topics", 0, 0)
    assert out.getvalue().endswith("0 of 0\n")
