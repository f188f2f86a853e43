"""What the tests of the console's topic pages share."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from topics.models import Topic
from topics.versions import version_of


@pytest.fixture
def staff(db):
    client = Client()
    client.user = User.objects.create_staff(username="curator", password="x", is_superuser=True)
    client.force_login(client.user)
    return client


def page(name, *args):
    return reverse(f"admin:topics_topic_{name}", args=args)


def form_of(topic, **changes):
    """What the change page of a topic would send back."""
    details = list(topic.details.all())
    form = {
        "title": topic.title,
        "subtitle": topic.subtitle,
        "situation": topic.situation_id,
        "purposes": ",".join(topic.purposes),
        "moods": ",".join(topic.moods),
        "topic_tag": topic.topic_tag_id,
        "place_tag": topic.place_tag_id,
        "status": topic.status,
        "version": version_of(Topic.objects.get(pk=topic.pk)),
        "details-TOTAL_FORMS": len(details),
        "details-INITIAL_FORMS": len(details),
    }
    for number, detail in enumerate(details):
        form |= {
            f"details-{number}-id": detail.pk,
            f"details-{number}-topic": topic.pk,
            f"details-{number}-position": detail.position,
            f"details-{number}-title": detail.title,
            f"details-{number}-content": detail.content,
        }
    return form | changes
