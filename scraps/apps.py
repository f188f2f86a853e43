from django.apps import AppConfig


class ScrapsConfig(AppConfig):
    name = "scraps"
    verbose_name = "스크랩"
