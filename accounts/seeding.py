"""Terms of service and privacy policy as they are shipped (`accounts/legal/*.toml`)."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from accounts.models import Policy, Term, TermSection
from tokpik.seeding import Collection, Content, Outcome, load

LEGAL = Path(__file__).parent / "legal"


def seed() -> Iterator[tuple[str, Outcome]]:
    yield "terms", load(Collection("terms", dict(read_terms()), read_term, create_term, update_term))
    yield "policies", load(Collection("policies", dict(read_policies()), read_policy, create_policy, update_policy))


def read_terms() -> Iterator[tuple[str, Content]]:
    documents = tomllib.loads((LEGAL / "terms.toml").read_text("utf-8"))["terms"]
    for position, document in enumerate(documents, start=1):
        sections = [
            [section["main"], section["sub"], section.get("title", ""), section["content"].strip()]
            for section in document["sections"]
        ]
        yield document["key"], {"title": document["title"], "position": position, "sections": sections}


def read_term(pk: int) -> Content | None:
    term = Term.objects.filter(pk=pk).first()
    if term is None:
        return None
    sections = term.sections.values_list("main_category", "sub_category", "title", "content")
    return {"title": term.title, "position": term.position, "sections": [list(section) for section in sections]}


def create_term(content: Content) -> int:
    term = Term.objects.create(title=content["title"], position=content["position"])
    write_sections(term.pk, content)
    return term.pk


def update_term(pk: int, content: Content) -> None:
    Term.objects.filter(pk=pk).update(title=content["title"], position=content["position"])
    TermSection.objects.filter(term=pk).delete()
    write_sections(pk, content)


def write_sections(pk: int, content: Content) -> None:
    TermSection.objects.bulk_create(
        TermSection(term_id=pk, main_category=main, sub_category=sub, title=title, content=text)
        for main, sub, title, text in content["sections"]
    )


def read_policies() -> Iterator[tuple[str, Content]]:
    documents = tomllib.loads((LEGAL / "policies.toml").read_text("utf-8"))["policies"]
    for position, part in enumerate(documents, start=1):
        yield part["key"], {"title": part["title"], "content": part["content"].strip(), "position": position}


def read_policy(pk: int) -> Content | None:
    return Policy.objects.filter(pk=pk).values("title", "content", "position").first()  # type: ignore[return-value]


def create_policy(content: Content) -> int:
    return Policy.objects.create(**content).pk


def update_policy(pk: int, content: Content) -> None:
    Policy.objects.filter(pk=pk).update(**content)
