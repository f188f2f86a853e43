"""What a model was asked to write and what became of it; what each call cost; how many calls a day has left."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from tokpik.leases import Leased


class GenerationQuerySet(models.QuerySet["GenerationRequest"]):
    def open(self) -> Self:
        return self.filter(status=GenerationRequest.Status.OPEN)

    def waiting(self) -> Self:
        """Details that wait for staff or time: of a topic that is not published nobody would see them."""
        return self.filter(status=GenerationRequest.Status.WAITING, topic__status="published")


class GenerationRequest(Leased):
    """Something that the model is to write: the row is the queue and, for 30 days, the record.

    It alone holds what somebody typed into a search, and goes with that user; topics that were published stay.
    """

    class Why(models.TextChoices):
        SEARCH = "search", "검색"
        DETAILS = "details", "상세"
        BULK = "bulk", "직원의 일괄 작성"

    class Status(models.TextChoices):
        OPEN = "open", "작성 중"
        DONE = "done", "작성함"
        # Details of a published topic, until staff or time let them into the catalogue.
        WAITING = "waiting", "검토 기다림"
        DISCARDED = "discarded", "버림"
        FAILED = "failed", "실패"
        REFUSED = "refused", "한도나 휴식으로 요청 안 함"

    why = models.CharField("이유", max_length=7, choices=Why.choices)
    status = models.CharField("상태", max_length=9, choices=Status.choices, default=Status.OPEN)
    # Of a search. `key` is the same for equal searches; `search` is what was asked, free text included.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name="요청한 사용자",
        null=True,
        blank=True,
        related_name="generation_requests",
    )
    key = models.CharField(max_length=32, blank=True, editable=False)
    search = models.JSONField("검색 조건", default=dict, blank=True)
    from_lists = models.BooleanField(
        "제시된 값만", default=False, help_text="검색의 모든 값이 앱이 제시하는 목록에 있습니다."
    )
    # Of details: the topic, and who waited for them, and so may see them before they are in the catalogue.
    topic = models.ForeignKey(
        "topics.Topic",
        models.CASCADE,
        verbose_name="상세를 쓸 주제",
        null=True,
        blank=True,
        related_name="generation_requests",
    )
    readers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name="기다린 사용자", related_name="+", blank=True
    )
    # Of bulk: the pair of tags, and how many topics are wanted in all.
    topic_tag = models.ForeignKey("topics.TopicTag", models.CASCADE, verbose_name="주제 태그", null=True, blank=True)
    place_tag = models.ForeignKey("topics.PlaceTag", models.CASCADE, verbose_name="장소 태그", null=True, blank=True)
    wanted = models.PositiveIntegerField("원하는 수", default=0)
    created_at = models.DateTimeField("요청한 때", auto_now_add=True)
    finished_at = models.DateTimeField("끝난 때", null=True, blank=True)

    objects = GenerationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "AI 작성 요청"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="open"), name="generation_due"),
            models.Index(fields=["user", "key"], name="generation_of_search"),
            models.Index(fields=["finished_at"], condition=Q(status="waiting"), name="generation_waiting"),
            models.Index(fields=["created_at"], name="generation_created"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "key"], condition=Q(why="search", status="open"), name="generation_once_a_search"
            ),
            models.UniqueConstraint(
                fields=["topic"],
                # (Not `IN`, which a dump words in another way than the database that it is of.)
                condition=Q(why="details") & (Q(status="open") | Q(status="waiting")),
                name="generation_once_a_topic",
            ),
            models.UniqueConstraint(
                fields=["topic_tag", "place_tag"],
                condition=Q(why="bulk", status="open"),
                name="generation_once_a_pair",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_why_display()} {self.pk}"


class GeneratedItem(models.Model):
    """One topic, or one detail, as the model wrote it: kept in the catalogue, waiting, or dropped, and why."""

    class Outcome(models.TextChoices):
        KEPT = "kept", "받아들임"
        DUPLICATE = "duplicate", "비슷한 주제가 있음"
        UNFIT = "unfit", "검사에 걸림"

    request = models.ForeignKey(GenerationRequest, models.CASCADE, verbose_name="요청", related_name="items")
    title = models.CharField("제목", max_length=200, blank=True)
    text = models.TextField("부제나 내용", blank=True)
    outcome = models.CharField("결과", max_length=9, choices=Outcome.choices)
    reason = models.CharField("걸린 이유", max_length=50, blank=True)
    topic = models.OneToOneField(
        "topics.Topic", models.SET_NULL, verbose_name="주제", null=True, blank=True, related_name="generated"
    )
    similarity = models.FloatField(
        "가장 비슷한 것과의 유사도",
        null=True,
        blank=True,
        help_text="0 다름, 1 같음 (공백과 부호를 뺀 제목의 세 글자씩)",
    )
    nearest = models.ForeignKey(
        "topics.Topic", models.SET_NULL, verbose_name="가장 비슷한 주제", null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = verbose_name_plural = "AI가 쓴 것"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title


class ModelCall(models.Model):
    """One call to the model. It outlives its user and its request, without naming them."""

    class Outcome(models.TextChoices):
        UNDER_WAY = "under_way", "진행 중"
        WRITTEN = "written", "작성함"
        NOTHING_FIT = "nothing_fit", "쓸 것이 없음"
        DECLINED = "declined", "모델이 거절"
        GARBLED = "garbled", "읽을 수 없는 답"
        LIMITED = "limited", "제공자의 한도(429)"
        FAILED = "failed", "제공자의 오류"
        CUT = "cut", "연결이 끊김"
        LATE = "late", "시간 초과"
        UNSENT = "unsent", "보내지 못함"
        INTERRUPTED = "interrupted", "우리 쪽이 중단됨"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name="요청한 사용자",
        null=True,
        blank=True,
        related_name="model_calls",
    )
    request = models.ForeignKey(
        GenerationRequest, models.SET_NULL, verbose_name="요청", null=True, blank=True, related_name="calls"
    )
    why = models.CharField("이유", max_length=7, choices=GenerationRequest.Why.choices)
    prompt = models.CharField("지시문의 판", max_length=20)
    model = models.CharField("모델", max_length=100)
    outcome = models.CharField("결과", max_length=11, choices=Outcome.choices, default=Outcome.UNDER_WAY)
    input_tokens = models.PositiveIntegerField("입력 토큰", null=True, blank=True)
    output_tokens = models.PositiveIntegerField("출력 토큰", null=True, blank=True)
    cost = models.DecimalField("비용(달러)", max_digits=12, decimal_places=6, null=True, blank=True)
    latency_ms = models.PositiveIntegerField("걸린 시간(ms)", null=True, blank=True)
    # The day, in Seoul, whose budget it was taken from.
    day = models.DateField("날짜")
    began_at = models.DateTimeField("시작한 때")

    class Meta:
        verbose_name = verbose_name_plural = "AI 호출"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["day"], name="model_call_day"),
            models.Index(fields=["request"], condition=Q(outcome="under_way"), name="model_call_under_way"),
        ]

    def __str__(self) -> str:
        return f"{self.get_why_display()} {self.began_at:%Y-%m-%d %H:%M}"


class CallBudget(models.Model):
    """The calls of one day, in Seoul: of one user, or (null) of all. One conditional upsert takes a call."""

    day = models.DateField("날짜")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="사용자", null=True, blank=True, related_name="+"
    )
    calls = models.PositiveIntegerField("호출")

    class Meta:
        verbose_name = verbose_name_plural = "AI 호출 예산"
        constraints = [
            models.UniqueConstraint(fields=["day", "user"], nulls_distinct=False, name="call_budget_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.user_id or '전체'}"


class ModelPause(models.Model):
    """The one row that says how often in a row the model has failed, and until when nobody asks it."""

    failures = models.PositiveIntegerField("잇따른 실패", default=0)
    failed_at = models.DateTimeField("마지막 실패", null=True)
    until = models.DateTimeField("쉬는 때까지", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "AI 호출 휴식"

    def __str__(self) -> str:
        return f"{self.failures}"
