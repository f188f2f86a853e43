"""Who may wait for another service, and who is told at once that it takes too long."""

from concurrent.futures import ThreadPoolExecutor

from tokpik.outside import Places

SECONDS = 60


def test_one_waits_for_a_place_and_whoever_comes_then_is_told_at_once():
    places = Places(1)
    assert places.take(0)
    with ThreadPoolExecutor(2) as threads:
        waiting = threads.submit(places.take, SECONDS)
        while places.queue.acquire(blocking=False):
            places.queue.release()
        assert threads.submit(places.take, SECONDS).result(SECONDS / 2) is False
        places.release()
        assert waiting.result() is True


def test_a_place_that_is_not_free_in_time_is_not_got_and_one_that_was_given_back_is():
    places = Places(1)
    assert places.take(0)
    assert places.take(0.01) is False
    places.release()
    assert places.take(0.01) is True
