"""A refresh, ours against stock simplejwt: CPU of this process and of its database connection, in one run.

    .venv/bin/python -m bench.rotation [rounds]

Needs running servers (`make up`). It signs a made-up person in and deletes them at the end.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tokpik.local import environment

environment.load()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokpik.settings")

import django

django.setup()

from django.db import connection, transaction
from django.test import RequestFactory
from django.utils import timezone
from rest_framework_simplejwt.tokens import RefreshToken as StockRefreshToken
from rest_framework_simplejwt.views import TokenRefreshView

from accounts.models import User
from accounts.services import delete_user
from accounts.sessions import begin_session
from accounts.views import LoginViewSet

BATCH = 100
TICK = os.sysconf("SC_CLK_TCK")
requests = RequestFactory()
ours_view = LoginViewSet.as_view({"post": "refresh"})
stock_view = TokenRefreshView.as_view()


def backend_cpu(pid: int) -> float:
    """Seconds of CPU that the database's process for our connection has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def measured(refresh: Callable[[str], str], token: str, pid: int) -> tuple[float, str]:
    """CPU µs of one refresh, over a batch of them, each of the token that the one before gave."""
    web, database = time.process_time(), backend_cpu(pid)
    for _ in range(BATCH):
        token = refresh(token)
    spent = time.process_time() - web + backend_cpu(pid) - database
    return spent / BATCH * 1e6, token


def post(view: Callable[..., Any], name: str, answered: str, token: str) -> str:
    response = view(requests.post("/refresh", {name: token}, content_type="application/json"))
    assert response.status_code == 200, response.data
    return str(response.data[answered])


def main(rounds: int) -> None:
    os.environ["THROTTLE"] = "off"
    user = User.objects.create(kakao_id=-(2**62))
    try:
        with transaction.atomic():
            ours = begin_session(user=user, device="", now=timezone.now()).refresh
        stock = str(StockRefreshToken.for_user(user))
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]
        costs: dict[str, list[float]] = {"ours": [], "stock simplejwt": []}
        for _ in range(rounds + 1):
            cost, ours = measured(lambda token: post(ours_view, "refreshToken", "refreshToken", token), ours, pid)
            costs["ours"].append(cost)
            cost, stock = measured(lambda token: post(stock_view, "refresh", "refresh", token), stock, pid)
            costs["stock simplejwt"].append(cost)
    finally:
        delete_user(user=user)
    medians = {name: statistics.median(values[1:]) for name, values in costs.items()}
    for name, value in medians.items():
        print(f"{name:16} {value:8.0f} µs CPU a refresh, web and database together")
    print(f"stock / ours     {medians['stock simplejwt'] / medians['ours']:8.1f} (the figure is at least 3)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
