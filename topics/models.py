"""The catalogue: tags, situations, topics and the details that carry a conversation on."""

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Func, Max, Q, Value

from tokpik.history import IN_CONSOLE, kept
from tokpik.text import TrimmedCharField, TrimmedTextField, clean

if TYPE_CHECKING:
    from accounts.models import User

AGE_MOST = 120
# The client puts a title into a URL without escaping it.
NOT_URL_SAFE = "&#%+"
url_safe_title = RegexValidator(rf"^[^{NOT_URL_SAFE}]*$", "제목에는 & # %% + 를 쓸 수 없습니다.")


class Gender(models.TextChoices):
    MALE = "male", "남성"
    FEMALE = "female", "여성"


class PositionField(models.PositiveSmallIntegerField):
    """A place in an order; left empty, it becomes the one after the last among the rows with the same `within`.

    Rows that one `bulk_create` makes get the same, and stand in the order of their ids.
    """

    def __init__(self, *args: Any, within: str | None = None, **kwargs: Any) -> None:
        self.within = within
        super().__init__(*args, **kwargs)

    def pre_save(self, instance: models.Model, add: bool) -> Any:
        if getattr(instance, self.attname) is None:
            siblings = type(instance)._default_manager.all()
            if self.within:
                siblings = siblings.filter(**{self.within: getattr(instance, self.within)})
            last = siblings.aggregate(last=Max(self.attname))["last"] or 0
            setattr(instance, self.attname, last + 1)
        return super().pre_save(instance, add)


class Tag(models.Model):
    content = TrimmedCharField("이름", max_length=50, unique=True)
    position = PositionField("순서", blank=True, null=True)

    class Meta:
        abstract = True
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.content


@kept("content", "position", additions=IN_CONSOLE)
class TopicTag(Tag):
    class Meta(Tag.Meta):
        verbose_name = verbose_name_plural = "주제 태그"


@kept("content", "position", additions=IN_CONSOLE)
class PlaceTag(Tag):
    class Meta(Tag.Meta):
        verbose_name = verbose_name_plural = "장소 태그"


class Situation(models.Model):
    """A distinct text once, so that related lists search hundreds of texts and not a million topics.

    The row with text "" stands for "suits anyone".
    """

    text = TrimmedCharField("상황", max_length=50, unique=True, blank=True)
    folded = models.GeneratedField(
        # NFC and case-folded as Python does it (topics/migrations/0001_initial.py).
        expression=Func(F("text"), function="topics_fold"),
        output_field=models.TextField(),
        db_persist=True,
        editable=False,
    )

    class Meta:
        verbose_name = verbose_name_plural = "상황"
        indexes = [models.Index(fields=["folded"], name="situation_folded")]

    def __str__(self) -> str:
        return self.text or "(누구에게나)"


# What staff write of a topic, and what its history keeps.
CURATED = [
    "title",
    "subtitle",
    "situation",
    "purposes",
    "moods",
    "partner_gender",
    "partner_age_lower",
    "partner_age_upper",
    "topic_tag",
    "place_tag",
    "status",
]


class Spread(Func):
    """`topics_spread` of one or two texts: folded, without white space and punctuation, each letter doubled.

    So texts are compared whatever their spacing, and a trigram index finds words of two syllables.
    """

    function = "topics_spread"
    output_field = models.TextField()


class TopicQuerySet(models.QuerySet["Topic"]):
    def published(self) -> Self:
        return self.filter(status=Topic.Status.PUBLISHED)

    def visible_to(self, user: "User") -> Self:
        """What this user may open: what is published, and the drafts written for them."""
        return self.filter(Q(status=Topic.Status.PUBLISHED) | Q(status=Topic.Status.DRAFT, made_for=user))

    def drafts(self) -> Self:
        return self.filter(status=Topic.Status.DRAFT)

    def search(self, text: str) -> Self:
        """Whose title or subtitle contains every word, whatever the spacing and the case."""
        found = self.alias(searched=Spread("title", "subtitle"))
        for word in text.split():
            found = found.filter(searched__contains=Spread(Value(clean(word))))
        return found


@kept(*CURATED, additions=IN_CONSOLE)
class Topic(models.Model):
    """One conversation topic. The database derives a column `labels` from it, by which topics are chosen
    (`topics.choosing`; docs/decisions/0004)."""

    class Status(models.TextChoices):
        DRAFT = "draft", "초안"
        PUBLISHED = "published", "게시"
        HIDDEN = "hidden", "숨김"

    class Source(models.TextChoices):
        CURATED = "curated", "직접 작성"
        GENERATED = "generated", "AI 작성"

    title = TrimmedCharField("제목", max_length=100, validators=[url_safe_title])
    subtitle = TrimmedCharField("부제", max_length=200)
    situation = models.ForeignKey(Situation, models.PROTECT, verbose_name="상황", related_name="topics")
    purposes = ArrayField(TrimmedCharField(max_length=50), verbose_name="목적", default=list, blank=True)
    moods = ArrayField(TrimmedCharField(max_length=50), verbose_name="분위기", default=list, blank=True)
    partner_gender = models.CharField("상대 성별", max_length=6, choices=Gender.choices, null=True, blank=True)  # noqa: DJ001
    partner_age_lower = models.PositiveSmallIntegerField(
        "상대 나이 하한", null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(AGE_MOST)]
    )
    partner_age_upper = models.PositiveSmallIntegerField(
        "상대 나이 상한", null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(AGE_MOST)]
    )
    topic_tag = models.ForeignKey(TopicTag, models.PROTECT, verbose_name="주제 태그", related_name="topics")
    place_tag = models.ForeignKey(PlaceTag, models.PROTECT, verbose_name="장소 태그", related_name="topics")
    status = models.CharField("상태", max_length=9, choices=Status.choices, default=Status.DRAFT)
    source = models.CharField("출처", max_length=9, choices=Source.choices, default=Source.CURATED)
    made_for = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name="요청한 사용자",
        null=True,
        blank=True,
        related_name="topics_made",
    )
    created_at = models.DateTimeField("만든 때", auto_now_add=True)
    updated_at = models.DateTimeField("고친 때", auto_now=True)

    objects = TopicQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "주제"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(title="") & ~Q(subtitle=""), name="topic_texts_not_blank"),
            models.CheckConstraint(
                condition=Q(partner_age_lower__lte=AGE_MOST) | Q(partner_age_lower=None),
                name="topic_age_lower_in_range",
            ),
            models.CheckConstraint(
                condition=Q(partner_age_upper__lte=AGE_MOST) | Q(partner_age_upper=None),
                name="topic_age_upper_in_range",
            ),
            models.CheckConstraint(
                condition=Q(partner_age_lower__lte=F("partner_age_upper"))
                | Q(partner_age_lower=None)
                | Q(partner_age_upper=None),
                name="topic_ages_ordered",
                violation_error_message="나이 하한이 상한보다 클 수 없습니다.",
            ),
        ]
        indexes = [
            models.Index(
                "topic_tag",
                "place_tag",
                F("id").desc(),
                include=["partner_gender", "partner_age_lower", "partner_age_upper"],
                condition=Q(status="published"),
                name="topic_newest_of_pair",
            ),
            models.Index(
                "topic_tag",
                "place_tag",
                "situation",
                F("id").desc(),
                include=["partner_gender", "partner_age_lower", "partner_age_upper"],
                condition=Q(status="published"),
                name="topic_newest_of_situation",
            ),
            models.Index(fields=["id"], condition=Q(status="draft"), name="topic_drafts"),
            models.Index(Spread("title"), name="topic_same_title"),
            # Without fastupdate: a search never has to look through a list of pending entries.
            GinIndex(OpClass(Spread("title", "subtitle"), "gin_trgm_ops"), name="topic_searched", fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def partner(self) -> str:
        """Whom it suits, in words: `여성 · 20–29세`."""
        lower, upper = self.partner_age_lower, self.partner_age_upper
        first, last = ("" if bound is None else str(bound) for bound in (lower, upper))
        ages = f"{first}세" if first and first == last else f"{first}–{last}세" if first or last else ""
        return " · ".join(filter(None, [self.get_partner_gender_display() or "", ages])) or "누구나"

    def publish(self) -> None:
        self.status = self.Status.PUBLISHED
        self.save(update_fields=["status", "updated_at"])

    def hide(self) -> None:
        self.status = self.Status.HIDDEN
        self.save(update_fields=["status", "updated_at"])


@kept("topic", "position", "title", "content", additions=IN_CONSOLE)
class TopicDetail(models.Model):
    """One concrete way to carry a topic on."""

    topic = models.ForeignKey(Topic, models.CASCADE, verbose_name="주제", related_name="details")
    position = PositionField("순서", blank=True, null=True, within="topic")
    title = TrimmedCharField("제목", max_length=100)
    content = TrimmedTextField("내용", max_length=2000)

    class Meta:
        verbose_name = verbose_name_plural = "상세"
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(title="") & ~Q(content=""), name="topic_detail_texts_not_blank"),
        ]

    def __str__(self) -> str:
        return self.title


class Correction(models.Model):
    """Something that was published under this pair of tags has changed or gone; a null stands for every tag.

    Written by triggers only, in the changing transaction; never updated, since that would make editors wait for one
    another (docs/decisions/0011). No foreign keys: it outlives what it names.
    """

    topic_tag = models.BigIntegerField(null=True)
    place_tag = models.BigIntegerField(null=True)
    raised = models.BigIntegerField(db_default=1)

    class Meta:
        verbose_name = verbose_name_plural = "정정"

    def __str__(self) -> str:
        return f"{self.topic_tag or '*'} × {self.place_tag or '*'}: {self.raised}"


# They belong to this app, and Django looks for an app's models here.
from topics.generation.models import (  # noqa: E402
    CallBudget,
    GeneratedItem,
    GenerationRequest,
    ModelCall,
    ModelPause,
)

__all__ = [
    "AGE_MOST",
    "CallBudget",
    "Correction",
    "Gender",
    "GeneratedItem",
    "GenerationRequest",
    "ModelCall",
    "ModelPause",
    "PlaceTag",
    "Situation",
    "Topic",
    "TopicDetail",
    "TopicQuerySet",
    "TopicTag",
]
