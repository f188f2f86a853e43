"""DELETE /users/notifications/{id}, and what takes a reminder along"""

from notifications.models import Notification, Push
from tests.factories import NotificationFactory
from tests.notifications.conftest import at
from tests.scraps.conftest import NO_IDS, NOT_FOUND


def test_it_goes_with_its_log(client, send):
    reminder, other = NotificationFactory(user=client.user), NotificationFactory()
    send("19:00")
    assert Push.objects.count() == 2
    answer = client.delete(f"/users/notifications/{reminder.pk}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert list(Notification.objects.all()) == [other]
    assert Push.objects.get().notification == other


def test_nothing_more_is_pushed(client, reminder, fcm, send, sign_in):
    send("19:00")
    sign_in(reminder.scrap.user).delete(f"/users/notifications/{reminder.pk}")
    send("19:20")
    assert len(fcm.pushes) == 1


def test_a_second_time_there_is_nothing(client):
    reminder = NotificationFactory(user=client.user)
    client.delete(f"/users/notifications/{reminder.pk}")
    assert client.delete(f"/users/notifications/{reminder.pk}").json() == NOT_FOUND


def test_a_strangers_is_as_good_as_none(client):
    foreign = NotificationFactory()
    for id in (foreign.pk, foreign.pk + 10**6, "abc", *NO_IDS):
        answer = client.delete(f"/users/notifications/{id}")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert Notification.objects.exists()


def test_it_needs_a_token(nobody):
    assert nobody.delete(f"/users/notifications/{NotificationFactory().pk}").status_code == 401
    assert Notification.objects.exists()


def test_it_goes_with_its_folder(client, send):
    reminder = NotificationFactory(user=client.user)
    send(at("19:00"))
    client.delete(f"/users/scraps/{reminder.scrap_id}")
    assert not Notification.objects.exists()
    assert not Push.objects.exists()


def test_it_goes_with_its_user(client, send):
    NotificationFactory(user=client.user)
    send(at("19:00"))
    assert client.delete("/users").status_code == 200
    assert not Notification.objects.exists()
    assert not Push.objects.exists()
