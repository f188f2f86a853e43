"""GET /terms and GET /policies"""

import pytest

from accounts.models import Policy, Term, TermSection


def section(term, main, sub, title, content="내용"):
    return TermSection.objects.create(term=term, main_category=main, sub_category=sub, title=title, content=content)


def shown(main, sub, title, content="내용"):
    return {"mainCategory": str(main), "subCategory": str(sub), "contentTitle": title, "content": content}


def test_terms_are_shown_in_category_order(nobody):
    second = Term.objects.create(title="위치 약관", position=2)
    first = Term.objects.create(title="이용약관", position=1)
    for main, sub, title in ((10, 1, "부칙"), (2, 10, ""), (2, 1, "계약"), (2, 2, ""), (1, 1, "목적")):
        section(first, main, sub, title)
    answer = nobody.get("/terms")
    assert answer.status_code == 200
    assert answer.json() == [
        {
            "title": "이용약관",
            "sections": [
                shown(1, 1, "목적"),
                shown(2, 1, "계약"),
                shown(2, 2, None),
                shown(2, 10, None),
                shown(10, 1, "부칙"),
            ],
        },
        {"title": "위치 약관", "sections": []},
    ]
    assert second.sections.count() == 0


def test_policies_are_shown_in_their_order(nobody):
    for position, title in ((3, "보유 기간"), (1, "수집 항목"), (2, "이용 목적")):
        Policy.objects.create(title=title, content=f"{title} 내용", position=position)
    assert nobody.get("/policies").json() == [
        {"title": title, "content": f"{title} 내용"} for title in ("수집 항목", "이용 목적", "보유 기간")
    ]


@pytest.mark.parametrize("path", ["/terms", "/policies"])
def test_an_empty_list_is_a_list(nobody, path):
    answer = nobody.get(path)
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize("path", ["/terms", "/policies"])
@pytest.mark.parametrize("bearer", ["Bearer nonsense", "Bearer", "Basic eDp5"])
def test_a_bad_bearer_does_no_harm(nobody, path, bearer):
    assert nobody.get(path, HTTP_AUTHORIZATION=bearer).status_code == 200


@pytest.mark.parametrize("path", ["/terms", "/policies"])
def test_they_are_only_read(nobody, path):
    answer = nobody.post(path, {}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_terms_take_three_statements_then_none(nobody, django_assert_num_queries):
    for number in range(5):
        term = Term.objects.create(title=f"약관 {number}")
        for sub in range(5):
            section(term, 1, sub, "제목")
    for statements in (3, 0):
        with django_assert_num_queries(statements):
            nobody.get("/terms")


def test_policies_take_two_statements_then_none(nobody, django_assert_num_queries):
    for number in range(5):
        Policy.objects.create(title=f"정책 {number}", content="내용")
    for statements in (2, 0):
        with django_assert_num_queries(statements):
            nobody.get("/policies")
