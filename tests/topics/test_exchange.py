"""/admin/topics/topic/import/ and export/: a preview, then all rows or none"""

import csv
import io
import tempfile
import unicodedata

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_redis import get_redis_connection
from redis import Redis

from tests.factories import TopicDetailFactory, TopicFactory
from topics import exchange, exchange_admin, uploads
from topics.models import Situation, Topic

IMPORT, PROCESS, EXPORT = (f"/admin/topics/topic/{name}/" for name in ("import", "process_import", "export"))
HEAD = ["번호", "제목", "부제", "주제 태그", "장소 태그", "상황", "상대 나이 하한", "상대 나이 상한", "상태"]
CSV, XLSX = 0, 1


def row(number="", title="새 제목", **cells):
    values = {"번호": number, "제목": title, "부제": "새 부제", "주제 태그": "사랑과 연애", "장소 태그": "집"}
    return [(values | cells).get(name, "") for name in HEAD]


def sheet(*rows, head=HEAD, encoding="utf-8"):
    out = io.StringIO()
    csv.writer(out).writerows([head, *rows])
    return SimpleUploadedFile("topics.csv", out.getvalue().encode(encoding))


def preview(staff, file, kind=CSV):
    answer = staff.post(IMPORT, {"import_file": file, "format": str(kind)})
    assert answer.status_code == 200
    return answer


def bring_in(staff, file, kind=CSV):
    """The preview, and what comes of its confirmation."""
    form = preview(staff, file, kind).context["confirm_form"]
    return staff.post(PROCESS, form.initial, follow=True)


def refused(answer):
    """{line: {column: errors}} of a preview that cannot be confirmed."""
    assert "confirm_form" not in answer.context
    return {row.number: row.error_dict for row in answer.context["result"].invalid_rows}


@pytest.fixture
def topic(db):
    return TopicFactory(title="옛 제목", subtitle="옛 부제", purposes=["친목", "일상"], partner_age_lower=20)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_topics_are_changed_and_added(staff, topic, encoding):
    file = sheet(row(topic.pk, "고친 제목"), row("", "새 주제", 상황="첫만남"), encoding=encoding)
    answer = bring_in(staff, file)
    assert "새로 1개, 고침 1개" in answer.content.decode()
    topic.refresh_from_db()
    # A column that the file lacks stays as it is; an empty cell empties its field.
    assert (topic.title, topic.purposes, topic.partner_age_lower) == ("고친 제목", ["친목", "일상"], None)
    new = Topic.objects.get(title="새 주제")
    assert (new.status, new.situation.text, new.source) == ("draft", "첫만남", "curated")


def test_the_preview_changes_nothing(staff, topic):
    content = preview(staff, sheet(row(topic.pk, "고친 제목"), row("", "새 주제", 상황="없던 상황"))).content.decode()
    assert "옛 제목" in content
    assert "고친 제목" in content
    topic.refresh_from_db()
    assert topic.title == "옛 제목"
    assert not Situation.objects.filter(text="없던 상황").exists()


@pytest.mark.parametrize(
    ("cells", "column", "sentence"),
    [
        ({"제목": "50% 할인"}, "제목", "쓸 수 없습니다"),
        ({"제목": ""}, "제목", ""),
        ({"제목": "가" * 101}, "제목", "100"),
        ({"주제 태그": "없는 태그"}, "주제 태그", "‘없는 태그’"),
        ({"상태": "공개"}, "상태", "초안, 게시, 숨김"),
        ({"상대 나이 하한": "스물"}, "상대 나이 하한", "정수가 아닙니다"),
        ({"상대 나이 하한": "30", "상대 나이 상한": "20"}, "상대 나이 하한", "상한보다"),
        ({"상대 나이 상한": "121"}, "상대 나이 상한", "120"),
        ({"상황": "가" * 51}, "상황", ""),
        ({"번호": "999999"}, "번호", "999999번 주제가 없습니다"),
        ({"번호": "٣"}, "번호", "정수가 아닙니다"),
    ],
)
def test_an_error_names_its_line_and_column_and_nothing_is_brought_in(staff, topic, cells, column, sentence):
    answer = preview(staff, sheet(row(topic.pk, "고친 제목"), row(), row(**cells)))
    errors = refused(answer)
    assert list(errors) == [4]
    assert list(errors[4]) == [column]
    assert sentence in str(errors[4][column])
    assert column in answer.content.decode()
    assert Topic.objects.get().title == "옛 제목"


def test_a_number_that_stands_twice_is_said(staff, topic):
    assert list(refused(preview(staff, sheet(row(topic.pk, "하나"), row(topic.pk, "둘"))))) == [3]


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (sheet(["1", "x"], head=["번호", "이상한 열"]), "모르는 열이 있습니다: 이상한 열"),
        (sheet(["x"], head=["제목"]), "번호 열이 없습니다"),
        (SimpleUploadedFile("a.csv", "번호,제목\n,첫만남".encode("cp949")), "파일을 읽지 못했습니다"),
        (SimpleUploadedFile("a.csv", b""), ""),
        (SimpleUploadedFile("a.csv", b"\x00\x01\xff"), "파일을 읽지 못했습니다"),
    ],
)
def test_a_file_that_cannot_be_used_is_said(staff, topic, file, sentence):
    file.seek(0)
    answer = preview(staff, file)
    assert sentence in answer.content.decode()
    assert "confirm_form" not in answer.context


def test_too_many_rows_are_refused(staff, topic, monkeypatch):
    monkeypatch.setattr(exchange, "ROWS_MOST", 1)
    assert "한 번에 1줄까지" in preview(staff, sheet(row(), row())).content.decode()


def test_what_changed_between_preview_and_confirmation_brings_nothing_in(staff, topic):
    other = TopicFactory()
    form = preview(staff, sheet(row(topic.pk, "고친 제목"), row(other.pk, "고친 제목"))).context["confirm_form"]
    other.delete()
    assert "아무것도 가져오지 않았습니다" in staff.post(PROCESS, form.initial, follow=True).content.decode()
    topic.refresh_from_db()
    assert topic.title == "옛 제목"


def test_decomposed_hangul_is_welcome(staff, topic):
    decomposed = [
        [unicodedata.normalize("NFD", str(cell)) for cell in line] for line in (HEAD, row("", "맥에서 쓴 제목"))
    ]
    bring_in(staff, sheet(decomposed[1], head=decomposed[0]))
    assert Topic.objects.filter(title="맥에서 쓴 제목").exists()


def exported(staff, kind):
    answer = staff.post(EXPORT, {"format": str(kind), "resource": "0"})
    assert answer.status_code == 200
    return answer.content


@pytest.mark.parametrize("kind", [CSV, XLSX])
def test_what_is_exported_can_be_changed_and_imported(staff, topic, kind):
    Topic.objects.update(subtitle="=1+1", moods=["편안한"])
    content = exported(staff, kind)
    if kind == CSV:
        assert content.startswith(b"\xef\xbb\xbf")
        changed = content.decode().replace("옛 제목", "고친 제목").encode()
    else:
        book = openpyxl.load_workbook(io.BytesIO(content))
        [cell] = [cell for cells in book.active.rows for cell in cells if cell.value == "옛 제목"]
        cell.value = "고친 제목"
        out = io.BytesIO()
        book.save(out)
        changed = out.getvalue()
    bring_in(staff, SimpleUploadedFile("topics", changed), kind)
    topic.refresh_from_db()
    assert (topic.title, topic.subtitle, topic.purposes, topic.moods) == (
        "고친 제목",
        "=1+1",
        ["친목", "일상"],
        ["편안한"],
    )


@pytest.mark.parametrize("text", ["=1+1", "+82", "-1", "@SUM(A1)"])
def test_no_cell_is_a_formula(staff, text):
    Topic.objects.filter(pk=TopicFactory().pk).update(subtitle=text)
    assert f"'{text}" in exported(staff, CSV).decode()
    values = [cell for cells in openpyxl.load_workbook(io.BytesIO(exported(staff, XLSX))).active.rows for cell in cells]
    assert not [cell for cell in values if cell.data_type == "f"]
    assert f"'{text}" in [cell.value for cell in values]


def test_a_row_that_was_changed_since_it_was_exported_is_refused(staff, topic):
    content = exported(staff, CSV)
    topic.save()
    assert list(refused(preview(staff, SimpleUploadedFile("topics.csv", content)))) == [2]


def test_an_export_without_a_change_changes_nothing(staff, topic):
    assert "고침 0개" in bring_in(staff, SimpleUploadedFile("topics.csv", exported(staff, CSV))).content.decode()


def test_more_than_the_most_are_not_exported(staff, topic, monkeypatch):
    monkeypatch.setattr(exchange_admin, "ROWS_MOST", 0)
    assert "한 번에 0개까지" in staff.post(EXPORT, {"format": "0"}, follow=True).content.decode()


def test_statements_do_not_grow_with_the_rows(staff):
    def statements(count):
        topics = TopicFactory.create_batch(count)
        rows = [row(topic.pk, f"고친 {topic.pk}") for topic in topics], [row("", f"새 {n}") for n in range(count)]
        form = preview(staff, sheet(*rows[0], *rows[1])).context["confirm_form"]
        with CaptureQueriesContext(connection) as queries:
            staff.post(PROCESS, form.initial)
        return len(queries)

    assert statements(40) == statements(4) < 40
    assert Topic.objects.filter(title__startswith="고친").count() == 44


def test_details_stay(staff):
    topic = TopicDetailFactory().topic
    bring_in(staff, sheet(row(topic.pk, "고친 제목")))
    assert topic.details.count() == 1


@pytest.fixture
def confirmed(topic, staff):
    """Sends the confirmation of a sheet that was looked at."""
    form = preview(staff, sheet(row(topic.pk, "고친 제목"))).context["confirm_form"].initial

    def confirm(**changes):
        answer = staff.post(PROCESS, form | changes, follow=True)
        assert answer.status_code == 200
        topic.refresh_from_db()
        return answer.content.decode()

    return confirm


@pytest.mark.parametrize("kind", [CSV, XLSX])
def test_another_machine_may_be_asked_to_confirm(staff, topic, kind, tmp_path, monkeypatch):
    book = SimpleUploadedFile("topics", exported(staff, kind))
    for machine in ("one", "other"):
        (tmp_path / machine).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "one"))
    form = preview(staff, book, kind).context["confirm_form"].initial
    assert list((tmp_path / "one").iterdir()) == []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "other"))
    assert "고침 0개" in staff.post(PROCESS, form, follow=True).content.decode()


def test_an_upload_waits_for_an_hour_and_is_gone_once_it_is_brought_in(confirmed):
    redis = get_redis_connection("default")
    [key] = redis.keys("upload:*")
    assert 3500 < redis.ttl(key) <= 3600
    assert "고침 1개" in confirmed()
    assert redis.keys("upload:*") == []
    assert "남아 있지 않아" in confirmed()


def test_an_upload_that_the_cache_lost_is_asked_for_again(confirmed, topic):
    get_redis_connection("default").flushdb()
    assert "올린 파일이 남아 있지 않아 아무것도 가져오지 않았습니다" in confirmed()
    assert topic.title == "옛 제목"


@pytest.mark.parametrize(
    "changes", [{"import_file_name": "../../etc/passwd"}, {"format": "7"}, {"format": "x"}, {"import_file_name": ""}]
)
def test_a_confirmation_of_something_else_brings_nothing_in(confirmed, topic, changes):
    confirmed(**changes)
    assert topic.title == "옛 제목"


def test_a_confirmation_knows_one_kind_of_row(confirmed, topic):
    confirmed(resource="7")
    assert topic.title == "고친 제목"


def test_without_the_cache_nothing_is_taken(staff, confirmed, topic, cache_at, tmp_path):
    cache_at(f"unix://{tmp_path}/nobody.sock?db=0")
    assert "남아 있지 않아" in confirmed()
    answer = staff.post(IMPORT, {"import_file": sheet(row()), "format": "0"}, follow=True)
    assert "캐시가 답하지 않아" in answer.content.decode()
    assert topic.title == "옛 제목"


def test_what_is_brought_in_stays_where_the_cache_fails_afterwards(confirmed, topic, monkeypatch):
    read = uploads.CachedUpload.read

    def read_last(upload):
        data = read(upload)
        upload.redis = Redis(unix_socket_path="/nobody.sock")
        return data

    monkeypatch.setattr(uploads.CachedUpload, "read", read_last)
    assert "고침 1개" in confirmed()
    assert topic.title == "고친 제목"


def test_a_file_beyond_the_limit_is_refused(staff, topic, monkeypatch):
    monkeypatch.setattr(exchange_admin, "BYTES_MOST", 1024 * 1024)
    content = preview(staff, SimpleUploadedFile("a.csv", b" " * (1024 * 1024 + 1))).content.decode()
    assert "파일은 1MB까지" in content
    assert get_redis_connection("default").keys("upload:*") == []
