"""The read replica, if there is one, asked in a way that bears its absence: whoever gets nothing asks the primary."""

from collections.abc import Callable
from typing import TypeVar

from django.db import Error, connections

from tokpik.cache import Breaker

T = TypeVar("T")
D = TypeVar("D")
ALIAS = "replica"

breaker = Breaker("read replica")


def ask(question: Callable[[str], T], otherwise: D) -> T | D:
    """What `question` gets from the database of the alias that it is given; `otherwise` where there is no replica, or
    it is away, too slow, or cancels the statement because of what it replays."""
    if ALIAS not in connections.settings or not breaker.may_ask():
        return otherwise
    try:
        answer = question(ALIAS)
    except Error as error:
        breaker.failed(error)
        return otherwise
    breaker.answered()
    return answer
