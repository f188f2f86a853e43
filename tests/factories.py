"""Rows for tests. The defaults suit anyone: what a test is about, it says itself."""

from datetime import UTC, date, datetime, time
from hashlib import sha256

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Session, User
from notifications.models import Notification
from scraps.models import Scrap, ScrapTopic
from topics.models import PlaceTag, Situation, Topic, TopicDetail, TopicTag


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    kakao_id = factory.Sequence(lambda number: 1000 + number)
    email = factory.LazyAttribute(lambda user: f"person{user.kakao_id}@example.com")


class PhoneFactory(DjangoModelFactory[Session]):
    """A session that holds a push target."""

    class Meta:
        model = Session

    user = factory.SubFactory(UserFactory)
    created_at = factory.LazyFunction(timezone.now)
    last_used_at = factory.SelfAttribute("created_at")
    push_target = factory.Sequence(lambda number: f"phone-{number}")
    push_target_hash = factory.LazyAttribute(lambda phone: sha256(phone.push_target.encode()).hexdigest())


class TopicTagFactory(DjangoModelFactory[TopicTag]):
    class Meta:
        model = TopicTag
        django_get_or_create = ("content",)

    content = "사랑과 연애"


class PlaceTagFactory(DjangoModelFactory[PlaceTag]):
    class Meta:
        model = PlaceTag
        django_get_or_create = ("content",)

    content = "집"


class SituationFactory(DjangoModelFactory[Situation]):
    class Meta:
        model = Situation
        django_get_or_create = ("text",)

    text = ""


class TopicFactory(DjangoModelFactory[Topic]):
    """A published topic. `tag`, `place` and `text` name its tags and its situation by their words."""

    class Meta:
        model = Topic

    class Params:
        tag = "사랑과 연애"
        place = "집"
        text = ""

    title = factory.Sequence(lambda number: f"집 데이트에서 들킨 취향 {number}")
    subtitle = "냉장고와 책장이 먼저 말해 버린 것들"
    situation = factory.SubFactory(SituationFactory, text=factory.SelfAttribute("..text"))
    topic_tag = factory.SubFactory(TopicTagFactory, content=factory.SelfAttribute("..tag"))
    place_tag = factory.SubFactory(PlaceTagFactory, content=factory.SelfAttribute("..place"))
    status = Topic.Status.PUBLISHED


class TopicDetailFactory(DjangoModelFactory[TopicDetail]):
    class Meta:
        model = TopicDetail

    topic = factory.SubFactory(TopicFactory)
    title = factory.Sequence(lambda number: f"이어 가는 방법 {number}")
    content = "“냉장고에서 절대 떨어지지 않는 음식이 뭐예요?”"


class ScrapFactory(DjangoModelFactory[Scrap]):
    class Meta:
        model = Scrap

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda number: f"폴더 {number}")


class ScrapTopicFactory(DjangoModelFactory[ScrapTopic]):
    class Meta:
        model = ScrapTopic

    scrap = factory.SubFactory(ScrapFactory)
    topic = factory.SubFactory(TopicFactory)


class NotificationFactory(DjangoModelFactory[Notification]):
    """From seven to eight in the evening, every twenty minutes, on a day far ahead; `topics` are its topics."""

    class Meta:
        model = Notification

    class Params:
        # Whose it is, and what is pushed; somebody, and two topics, where nothing is said.
        user = None
        topics = None

    scrap = factory.LazyAttribute(lambda reminder: ScrapFactory(user=reminder.user or UserFactory()))
    name = "소개팅 20분마다"
    topic_ids = factory.LazyAttribute(
        lambda reminder: [topic.pk for topic in reminder.topics or TopicFactory.create_batch(2)]
    )
    date = date(2090, 3, 14)
    start = time(19)
    end = time(20)
    interval_minutes = 20
    created_at = datetime(2090, 3, 1, tzinfo=UTC)
