"""What staff show beside their password: the six digits of an app (TOTP), or one of their recovery codes.

The app's secret is stored as it is, since each code is computed from it; of recovery codes only a keyed digest is
(docs/decisions/0032).
"""

import secrets
from base64 import b32encode
from io import BytesIO

import django_otp
import segno
from django.contrib.sessions.models import Session as ConsoleSession
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.safestring import SafeString, mark_safe
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User

CODES = 10
DIGITS = 6
# Without letters and digits that are taken for one another; 31^12 is 59 bits.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
CODE_LENGTH = 12
NAME = "console"


def is_enrolled(user: User) -> bool:
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def begin_enrolment(user: User, begun: int | None) -> TOTPDevice:
    """The app's secret that waits for its first code: the one that was `begun` by this session, else a new one.

    Not one that another session was shown: whoever had the password first could wait until its owner enrols that.
    """
    waiting = TOTPDevice.objects.filter(user=user, confirmed=False)
    return waiting.filter(pk=begun).first() or waiting.create(user=user, confirmed=False, name=NAME)


@transaction.atomic
def enrol(user: User, code: str, begun: int | None) -> tuple[Device, list[str]] | None:
    """The app that shows this code counts from now on; with the recovery codes, which nobody sees again.

    None for a wrong code, and where an app counts already.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    waiting = TOTPDevice.objects.filter(user=user, confirmed=False)
    device = waiting.filter(pk=begun).first()
    if device is None or is_enrolled(user) or not device.verify_token(plain(code)):
        return None
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    waiting.delete()
    return device, renew_recovery_codes(user)


@transaction.atomic
def renew_recovery_codes(user: User) -> list[str]:
    """New ones in the place of those there were."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name=NAME)
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=digest(code)) for code in codes)
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def recovery_codes_left(user: User) -> int:
    return StaticToken.objects.filter(device__user=user).count()


def verify(user: User, code: str) -> Device | None:
    """What accepts the code. Each code does once: the device's row is held meanwhile."""
    code = plain(code)
    if len(code) == DIGITS:
        device, token = TOTPDevice.objects.filter(user=user, confirmed=True).first(), code
    else:
        device, token = StaticDevice.objects.filter(user=user).first(), digest(code)
    return django_otp.verify_token(user, device.persistent_id, token) if device else None


def forget(user: User) -> None:
    """For a lost phone: nothing counts any more, who is signed in is so no longer, and the next sign-in enrols anew."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        sign_out(user)


def sign_out(user: User) -> None:
    """Ends this person's visits to the console. A session's row does not say whose it is, and staff are few."""
    theirs = [
        session.pk
        for session in ConsoleSession.objects.all()
        if session.get_decoded().get("_auth_user_id") == str(user.pk)
    ]
    ConsoleSession.objects.filter(pk__in=theirs).delete()


def plain(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter.isalnum())


def digest(code: str) -> str:
    """What is stored of a recovery code: worth nothing to who has the database and not `SECRET_KEY`."""
    return salted_hmac("accounts.second_factor", code, algorithm="sha256").hexdigest()[:16]


def secret(device: TOTPDevice) -> str:
    """For who cannot scan: in groups of four, as apps show it."""
    letters = b32encode(device.bin_key).decode()
    return " ".join(letters[place : place + 4] for place in range(0, len(letters), 4))


def picture(device: TOTPDevice) -> SafeString:
    """The QR code that the app scans, as SVG to stand in the page."""
    drawn = BytesIO()
    segno.make(device.config_url, error="m").save(
        drawn, kind="svg", border=4, xmldecl=False, omitsize=True, light="#fff"
    )
    return mark_safe(drawn.getvalue().decode())  # noqa: S308  (drawn by segno: paths and numbers alone)
