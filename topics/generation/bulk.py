"""Filling thin places of the catalogue: topics for a pair of tags, as drafts for staff; to be gone on with later."""

from tokpik import leases
from tokpik.copying import Progress
from tokpik.leases import database_now
from topics.generation import writing
from topics.models import GeneratedItem, GenerationRequest, ModelCall, PlaceTag, TopicTag

Status = GenerationRequest.Status
# So many calls in a row without a topic, and it ends.
FRUITLESS_MOST = 3


class Stopped(Exception):
    """Nothing more can be written now, and why; what is written stays, and it can be gone on with."""


def job_for(*, topic_tag: TopicTag, place_tag: PlaceTag, count: int) -> GenerationRequest:
    """The open job for this pair, whatever it was begun with; else a new one for so many topics."""
    job, _ = GenerationRequest.objects.get_or_create(
        why=GenerationRequest.Why.BULK,
        status=Status.OPEN,
        topic_tag=topic_tag,
        place_tag=place_tag,
        defaults={"wanted": count},
    )
    return job


def work_on(job: GenerationRequest, progress: Progress) -> None:
    """Calls the model until all are written. Raises `Stopped`."""
    fruitless = 0
    done = written(job)
    progress(str(job), done, job.wanted)
    while done < job.wanted:
        claimed = claim(job)
        call = writing.write(claimed)
        before, done = done, min(written(job), job.wanted)
        progress(str(job), done, job.wanted)
        fruitless = 0 if done > before else fruitless + 1
        if call is None:
            raise Stopped("the day's budget is spent, or the model is left alone after failures")
        if fruitless == FRUITLESS_MOST:
            raise Stopped(f"{FRUITLESS_MOST} calls in a row brought nothing: {outcomes(job)}")
    GenerationRequest.objects.filter(pk=job.pk, status=Status.OPEN).update(
        status=Status.DONE, leased_until=None, finished_at=database_now()
    )


def claim(job: GenerationRequest) -> GenerationRequest:
    claimed = leases.claim(GenerationRequest.objects.open().filter(pk=job.pk), database_now(), writing.LEASE)
    if claimed is None:
        raise Stopped(f"another is at work on it, or died over it less than {writing.LEASE.seconds} s ago")
    return claimed


def written(job: GenerationRequest) -> int:
    return GeneratedItem.objects.filter(request=job, outcome=GeneratedItem.Outcome.KEPT).count()


def outcomes(job: GenerationRequest) -> str:
    last = ModelCall.objects.filter(request=job).order_by("-pk").values_list("outcome", flat=True)[:FRUITLESS_MOST]
    return ", ".join(last)
