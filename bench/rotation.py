"""A refresh, ours against stock simplejwt: CPU of this process and of its database connection, in one run."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import override_settings
from django.utils import timezone
from rest_framework_simplejwt.tokens import RefreshToken as StockRefreshToken
from rest_framework_simplejwt.views import TokenRefreshView

from accounts.models import User
from accounts.services import delete_user
from accounts.sessions import begin_session
from accounts.views import LoginViewSet
from bench.service import cpu_seconds
from bench.stage import interleaved, ratio

requests = RequestFactory()
ours_view = LoginViewSet.as_view({"post": "refresh"})
stock_view = TokenRefreshView.as_view()


class Chain:
    """A refresh token and those that follow from it."""

    def __init__(self, view: Callable[..., Any], name: str, answered: str, token: str) -> None:
        self.view, self.name, self.answered, self.token = view, name, answered, token

    def refresh(self) -> None:
        request = requests.post("/refresh", {self.name: self.token}, content_type="application/json")
        response = self.view(request)
        assert response.status_code == 200, response.data
        self.token = str(response.data[self.answered])

    def cost(self, count: int, database: int) -> float:
        """CPU µs of one refresh, over `count` of them; `database` is the pid of the connection's process there."""
        web, there = time.process_time(), cpu_seconds(database)
        for _ in range(count):
            self.refresh()
        return (time.process_time() - web + cpu_seconds(database) - there) / count * 1e6


# Stock simplejwt counts nobody's refreshes.
@override_settings(THROTTLE=False)
def measure(rounds: int, count: int) -> tuple[float, float, float]:
    """CPU µs of ours, CPU µs of stock, and stock / ours."""
    user = User.objects.create(kakao_id=-(2**62))
    try:
        with transaction.atomic():
            pair = begin_session(user=user, device="", now=timezone.now())
        ours = Chain(ours_view, "refreshToken", "refreshToken", pair.refresh)
        stock = Chain(stock_view, "refresh", "refresh", str(StockRefreshToken.for_user(user)))
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]
        found = interleaved({"ours": lambda: ours.cost(count, pid), "stock": lambda: stock.cost(count, pid)}, rounds)
    finally:
        delete_user(user=user)
    one, other = statistics.median(found["ours"]), statistics.median(found["stock"])
    return one, other, ratio(found["stock"], found["ours"])
