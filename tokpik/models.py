"""What the project itself keeps."""

from django.db import models


class SeededItem(models.Model):
    """Something that `seed` loaded once: what staff edited since is not overwritten, what they deleted stays away."""

    collection = models.CharField(max_length=50)
    key = models.CharField(max_length=100)
    object_id = models.BigIntegerField()
    fingerprint = models.CharField(max_length=64, help_text="sha256 of the content as it was loaded")

    class Meta:
        verbose_name = verbose_name_plural = "시드 기록"
        constraints = [models.UniqueConstraint(fields=["collection", "key"], name="seeded_item_once")]

    def __str__(self) -> str:
        return f"{self.collection}: {self.key}"


class HourlyCounts(models.Model):
    """What all processes counted within one hour (`tokpik.counting`): name → number."""

    hour = models.DateTimeField("시각", unique=True)
    counts = models.JSONField("횟수", default=dict)

    class Meta:
        verbose_name = "시간별 횟수"
        # What staff see of them is one page (topics.cache_admin).
        verbose_name_plural = "캐시"
        ordering = ["-hour"]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}시"


class Rollup(models.Model):
    """A figure that is too dear to be asked for with each page (`tokpik.rollups`), as it was last taken."""

    name = models.CharField(max_length=50, unique=True)
    value = models.JSONField()
    taken_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "집계"

    def __str__(self) -> str:
        return self.name
