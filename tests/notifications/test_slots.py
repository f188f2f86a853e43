"""The arithmetic of slots, over a year of them."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.serializers import a_year_after
from notifications.slots import SEOUL, Window, topic_of

MINUTE = timedelta(minutes=1)
minutes_of_day = st.integers(0, 24 * 60 - 1)


def clock(minutes):
    return time(minutes // 60, minutes % 60)


@st.composite
def windows(draw):
    start, end = sorted(draw(st.lists(minutes_of_day, min_size=2, max_size=2, unique=True)))
    day = draw(st.dates(date(2027, 12, 1), date(2028, 12, 31)))
    return Window(day, clock(start), clock(end), draw(st.integers(1, 240)) * MINUTE)


def window(start, end, minutes, day=date(2090, 3, 14)):
    return Window(day, time.fromisoformat(start), time.fromisoformat(end), minutes * MINUTE)


def times(found):
    return [f"{found.begins(slot):%H:%M}" for slot in range(found.count)]


@pytest.mark.parametrize(
    ("start", "end", "minutes", "expected"),
    [
        ("19:00", "20:00", 20, ["19:00", "19:20", "19:40"]),
        ("19:00", "20:01", 20, ["19:00", "19:20", "19:40", "20:00"]),
        ("19:00", "19:01", 240, ["19:00"]),
        ("00:00", "00:02", 1, ["00:00", "00:01"]),
        ("23:58", "23:59", 1, ["23:58"]),
        ("23:00", "23:59", 59, ["23:00"]),
        ("00:00", "23:59", 240, ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"]),
    ],
)
def test_they_begin_at_the_start_and_end_before_the_end(start, end, minutes, expected):
    assert times(window(start, end, minutes)) == expected


def test_a_day_has_1439_at_most():
    assert window("00:00", "23:59", 1).count == 1439


def test_they_are_seouls_and_know_the_leap_day():
    found = window("00:00", "00:01", 1, date(2028, 2, 29))
    assert found.begins(0) == datetime(2028, 2, 28, 15, tzinfo=UTC)
    assert found.ends(0) == datetime(2028, 2, 28, 15, 1, tzinfo=UTC)


def test_the_last_may_end_on_the_next_day():
    assert window("23:00", "23:30", 120, date(2027, 12, 31)).ends(0) == datetime(2028, 1, 1, 1, tzinfo=SEOUL)


@given(windows())
def test_each_begins_when_the_one_before_ends_and_all_lie_on_the_date(found):
    starts = [found.begins(slot) for slot in range(found.count)]
    naive = datetime.combine(found.date, found.start)
    expected = []
    while naive.time() < found.end and naive.date() == found.date:
        expected.append(naive.replace(tzinfo=SEOUL))
        naive += found.interval
    assert starts == expected
    assert [found.ends(slot) for slot in range(found.count - 1)] == starts[1:]


@given(windows(), st.integers(-3 * 24 * 60 * 60, 3 * 24 * 60 * 60))
def test_the_first_after_a_moment(found, seconds):
    moment = (found.begins(0) + timedelta(seconds=seconds)).astimezone(UTC)
    slow = next((slot for slot in range(found.count) if found.begins(slot) > moment), found.count)
    assert found.first_after(moment) == slow


@given(windows(), st.integers(-2 * 60 * 60, 25 * 60 * 60))
def test_the_current_one_is_the_first_that_is_not_too_late(found, seconds):
    moment = found.begins(0) + timedelta(seconds=seconds)
    slow = next((slot for slot in range(found.count) if moment < found.too_late(slot)), found.count)
    assert found.current(moment) == slow


@given(windows())
def test_too_late_is_when_the_next_begins_or_five_minutes_after(found):
    for slot in range(found.count):
        assert found.too_late(slot) == min(found.ends(slot), found.begins(slot) + 5 * MINUTE)


def test_topics_take_turns():
    assert [topic_of(slot, [7, 8, 9], {7, 8, 9}) for slot in range(7)] == [7, 8, 9, 7, 8, 9, 7]


@pytest.mark.parametrize(
    ("showable", "expected"),
    [({7, 9}, [7, 9, 9, 7]), ({8}, [8, 8, 8, 8]), ({9}, [9, 9, 9, 9]), (set(), [None] * 4)],
)
def test_one_that_cannot_be_shown_leaves_its_turn_to_the_next(showable, expected):
    assert [topic_of(slot, [7, 8, 9], showable) for slot in range(4)] == expected


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9, unique=True), st.sets(st.integers(1, 9)), st.integers(0, 50))
def test_whoever_can_be_shown_is_the_nearest_in_the_list(ids, showable, slot):
    found = topic_of(slot, ids, showable)
    distance = [(place - slot) % len(ids) for place, id in enumerate(ids) if id in showable]
    assert (found is None) == (not distance)
    assert found is None or (ids.index(found) - slot) % len(ids) == min(distance)


@pytest.mark.parametrize(
    ("today", "last"),
    [
        ("2027-03-14", "2028-03-14"),
        ("2027-03-01", "2028-03-01"),
        ("2028-02-29", "2029-02-28"),
        ("2027-02-28", "2028-02-28"),
    ],
)
def test_a_year_ahead(today, last):
    assert a_year_after(date.fromisoformat(today)) == date.fromisoformat(last)
