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
