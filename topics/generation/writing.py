"""What the background does: claims a request, has the model write, and stores what passes the checks.

No transaction is open, and no connection held, while the model writes. A user's row is locked first wherever something
of theirs is written, as everywhere: who is being deleted gets nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from tokpik import leases
from tokpik.leases import database_now
from topics.generation import budget, model, storing
from topics.generation.checks import Item, details_in, topics_in
from topics.generation.model import Reply
from topics.generation.prompts import Prompt, for_details, for_topics
from topics.generation.wishes import Wish, wish_of
from topics.models import GenerationRequest, ModelCall, Topic

Status = GenerationRequest.Status
Why = GenerationRequest.Why
Outcome = ModelCall.Outcome
# Longer than a call may take, with what goes before and after.
LEASE = timedelta(seconds=model.CALL_SECONDS + 15)
TRIES_MOST = 3
# What nobody could write for so long, since no background ran, is not written before what is asked for now.
WANTED_FOR = timedelta(hours=1)
# The model's own failings; the others say more of the request than of the model.
FAILINGS = {Outcome.GARBLED, Outcome.LIMITED, Outcome.FAILED, Outcome.CUT, Outcome.LATE, Outcome.UNSENT}


@dataclass(frozen=True)
class Task:
    """A request that is ours for the time of its lease, with what is to be asked."""

    request: GenerationRequest
    prompt: Prompt
    wish: Wish | None = None

    def items_of(self, reply: Reply) -> list[Item] | None:
        return topics_in(reply.answer, self.wish) if self.wish else details_in(reply.answer)


def step() -> bool:
    """Write what one request asks for, if one is due; False when none is."""
    waiting = GenerationRequest.objects.open().exclude(why=Why.BULK)
    request = leases.claim(waiting, database_now(), LEASE)
    if request is not None:
        write(request)
    return request is not None


def write(request: GenerationRequest) -> ModelCall | None:
    """One call for a claimed request. Returns its record; None when no call was made."""
    try:
        task = task_of(request)
    except Topic.DoesNotExist:  # and the request with it
        return None
    call = begin(task)
    if call is None:
        return None
    connection.close()
    reply = model.ask(task.prompt)
    finish(task, call, reply)
    return call


def task_of(request: GenerationRequest) -> Task:
    if request.topic_id is not None:
        there = Topic.objects.select_related("situation", "topic_tag", "place_tag")
        return Task(request, for_details(there.get(pk=request.topic_id)))
    wish = wish_of(request)
    return Task(request, for_topics(wish), wish)


def begin(task: Task) -> ModelCall | None:
    """Takes a call of the budget and opens its record; None, and the request ends, where none may be made."""
    request, now = task.request, timezone.now()
    with transaction.atomic():
        user_id = lock_user(request.user_id)
        # A call that was under way when somebody died over it may have been sent: it counts.
        ModelCall.objects.filter(request=request, outcome=Outcome.UNDER_WAY).update(outcome=Outcome.INTERRUPTED)
        if not leases.ours(request).select_for_update().exists():
            return None
        if refused := refusal(request, user_id, now):
            end(request, refused, now)
            return None
        return ModelCall.objects.create(
            user_id=user_id,
            request=request,
            why=request.why,
            prompt=task.prompt.version,
            model=settings.OPENAI_MODEL,
            day=timezone.localdate(now),
            began_at=now,
        )


def refusal(request: GenerationRequest, user_id: int | None, now: datetime) -> Status | None:
    """What becomes of a request for which no call may be made; None, and a call is taken, where one may."""
    if request.why != Why.BULK and request.tries > TRIES_MOST:
        return Status.FAILED
    if request.why != Why.BULK and now - request.created_at > WANTED_FOR:
        return Status.REFUSED
    try:
        budget.take(user_id, now)
    except budget.Refused:
        return Status.REFUSED
    return None


def lock_user(user_id: int | None) -> int | None:
    """The user, who now stays until the end of the transaction; None for one who is gone, as their searches are."""
    with connection.cursor() as cursor:
        table = get_user_model()._meta.db_table
        cursor.execute(f"SELECT id FROM {table} WHERE id = %s FOR KEY SHARE", [user_id])
        row = cursor.fetchone()
    return row[0] if row else None


def end(request: GenerationRequest, status: str, now: datetime) -> None:
    """The request is over; one of bulk stays open, to be gone on with."""
    if request.why == Why.BULK:
        leases.ours(request).update(leased_until=None, due_at=Now())
    else:
        leases.ours(request).update(status=status, leased_until=None, finished_at=now)


def finish(task: Task, call: ModelCall, reply: Reply) -> None:
    """Writes down what became of the call, and stores what it brought while the request is still ours."""
    items = task.items_of(reply) if reply.outcome == Outcome.WRITTEN else []
    outcome = reply.outcome
    if items is None:
        outcome, items = Outcome.GARBLED, []
    elif outcome == Outcome.WRITTEN and all(item.reason for item in items):
        outcome = Outcome.NOTHING_FIT
    now = timezone.now()
    with transaction.atomic():
        user_id = lock_user(task.request.user_id)
        record(call, reply, outcome)
        if outcome == Outcome.UNSENT:
            budget.give_back(user_id, call.day)
        store(task.request, items, now)
        mind_failures(outcome, call, now, reply.retry_after)


def record(call: ModelCall, reply: Reply, outcome: Outcome) -> None:
    # Whoever was given the request after our lease has called this one interrupted; we know better.
    ModelCall.objects.filter(pk=call.pk).update(
        outcome=outcome,
        input_tokens=reply.input_tokens,
        output_tokens=reply.output_tokens,
        latency_ms=reply.latency_ms,
        cost=cost_of(call.model, reply),
    )


def cost_of(name: str, reply: Reply) -> Decimal | None:
    """In dollars, by the table of prices; None where it or the server does not say."""
    if name not in settings.OPENAI_PRICES or reply.input_tokens is None or reply.output_tokens is None:
        return None
    prices = [Decimal(str(price)) for price in settings.OPENAI_PRICES[name]]
    return (prices[0] * reply.input_tokens + prices[1] * reply.output_tokens) / 1_000_000


def mind_failures(outcome: Outcome, call: ModelCall, now: datetime, asked: timedelta) -> None:
    if outcome in FAILINGS:
        budget.lengthen_pause(began_at=call.began_at, now=now, asked=asked)
    else:
        budget.end_pause(began_at=call.began_at)


def store(request: GenerationRequest, items: list[Item], now: datetime) -> None:
    """Nothing where the lease is over and somebody else has the request."""
    mine: QuerySet[GenerationRequest] = leases.ours(request).select_for_update()
    if not mine.filter(status=Status.OPEN).exists():
        return
    end(request, storing.keep(request, items), now)
