"""Which searches are equal (`Search.key`)."""

import pytest

from topics.search import Search

BASE = Search(filtered=True, purposes=("친목", "Tea"), situations=("친구",), moods=(), men=True, ages=(20, 29))


def changed(**fields):
    return Search(**{**vars(BASE), **fields})


@pytest.mark.parametrize(
    "purposes",
    [("Tea", "친목"), ("tEA", "친목"), ("친목", "Tea", "친목"), ("\u110e\u1175\u11ab\u1106\u1169\u11a8", "Tea")],
)
def test_order_case_composition_and_repetition_do_not_matter(purposes):
    assert changed(purposes=purposes).key == BASE.key


@pytest.mark.parametrize(
    "fields",
    [
        {"filtered": False},
        {"purposes": ("친목",)},
        {"purposes": (), "moods": ("친목", "Tea")},
        {"purposes": ("친목, Tea",)},
        {"men": False},
        {"ages": None},
        {"ages": (20, 30)},
    ],
)
def test_anything_else_does(fields):
    assert changed(**fields).key != BASE.key
