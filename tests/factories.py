"""Rows for tests. The defaults suit anyone: what a test is about, it says itself."""

import factory
from factory.django import DjangoModelFactory

from accounts.models import User
from scraps.models import Scrap, ScrapTopic
from topics.models import PlaceTag, Situation, Topic, TopicDetail, TopicTag


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    kakao_id = factory.Sequence(lambda number: 1000 + number)
    email = factory.LazyAttribute(lambda user: f"person{user.kakao_id}@example.com")


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
