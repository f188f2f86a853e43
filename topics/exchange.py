"""Topics as CSV and XLSX: one row a topic, its details left out."""

import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.utils import timezone
from django.utils.html import escape, format_html
from import_export import fields, resources, widgets
from import_export.instance_loaders import CachedInstanceLoader, ModelInstanceLoader

from tokpik.history import values_of
from tokpik.history_pages import shown as shown_value
from topics.models import CURATED, Gender, PlaceTag, Situation, Topic, TopicTag

ROWS_MOST = 20_000
SHOWN_MOST = 200
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Words(widgets.Widget):
    """A list in one cell, its words between commas."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[str]:
        words = [word.strip() for word in str(value or "").split(",")]
        if any(len(word) > 50 for word in words):
            raise ValueError("한 낱말은 50자까지 쓸 수 있습니다.")
        return [word for word in words if word]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return ", ".join(value or [])


class Choice(widgets.Widget):
    """One of the choices, by the word that staff read."""

    def __init__(self, choices: Any, *, empty: Any = None) -> None:
        super().__init__()
        self.words = {label: value for value, label in choices}
        self.empty = empty

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        word = str(value or "").strip()
        if not word:
            return self.empty
        if word not in self.words:
            raise ValueError(f"‘{word}’은(는) {', '.join(self.words)} 가운데 하나가 아닙니다.")
        return self.words[word]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return next((label for label, known in self.words.items() if known == value), "")


class Number(widgets.Widget):
    """A whole number in ASCII digits, or nothing."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        text = str(value if value is not None else "").strip().removesuffix(".0")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise ValueError(f"‘{text}’은(는) 0 이상의 정수가 아닙니다.")
        return int(text)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return "" if value is None else value


class Named(widgets.Widget):
    """A row of a small table by its text; all of them are read once."""

    def __init__(self, model: Any, column: str) -> None:
        super().__init__()
        self.model, self.column = model, column

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        text = str(value or "").strip()
        found = kwargs["named"][self.model].get(text)
        if found is None:
            raise ValueError(f"‘{text}’(이)라는 {self.model._meta.verbose_name}이(가) 없습니다.")
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(getattr(value, self.column)) if value else ""


class Version(widgets.Widget):
    """The moment of the last change, to the microsecond."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.isoformat() if value else ""


class Sheet(fields.Field):
    """A column; without it in the file, the topic keeps what it has."""

    def __init__(self, attribute: str, column: str, widget: Any = None) -> None:
        super().__init__(attribute=attribute, column_name=column, widget=widget or widgets.CharWidget())


class Loader(CachedInstanceLoader):
    """The topics that the rows name, read at once; a number that is none is told in its row."""

    def __init__(self, resource: Any, dataset: Any) -> None:
        ModelInstanceLoader.__init__(self, resource, dataset)
        self.pk_field = resource.fields["id"]
        column = self.pk_field.column_name
        texts = {str(number).strip() for number in dataset[column]} if column in (dataset.headers or []) else set()
        ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
        # Held: what the rows are compared with is what they are written over.
        topics = self.get_queryset().order_by("pk").select_for_update(of=("self",))
        self.all_instances = topics.in_bulk(ids)


class TopicResource(resources.ModelResource):
    """Rows with a number change that topic, rows without one add a draft. All of them, or none."""

    id = Sheet("id", "번호", Number())
    title = Sheet("title", "제목")
    subtitle = Sheet("subtitle", "부제")
    topic_tag = Sheet("topic_tag", "주제 태그", Named(TopicTag, "content"))
    place_tag = Sheet("place_tag", "장소 태그", Named(PlaceTag, "content"))
    situation = Sheet("situation", "상황", Named(Situation, "text"))
    purposes = Sheet("purposes", "목적", Words())
    moods = Sheet("moods", "분위기", Words())
    partner_gender = Sheet("partner_gender", "상대 성별", Choice(Gender.choices))
    partner_age_lower = Sheet("partner_age_lower", "상대 나이 하한", Number())
    partner_age_upper = Sheet("partner_age_upper", "상대 나이 상한", Number())
    status = Sheet("status", "상태", Choice(Topic.Status.choices, empty=Topic.Status.DRAFT))
    # What an edit is based on: a row that was changed since it was exported is refused.
    updated_at = Sheet("updated_at", "고친 때", Version())

    class Meta:
        model = Topic
        name = "주제"
        fields = ["id", *CURATED, "updated_at"]
        export_order = ["id", *CURATED, "updated_at"]
        import_id_fields = ["id"]
        instance_loader_class = Loader
        use_bulk = True
        # Of a statement, which may take five seconds; among a million topics 2,000 rows take up to four.
        batch_size = 500
        use_transactions = True
        report_skipped = False
        store_instance = True
        # The library's own comparison copies every topic with its tags and compares letter by letter.
        skip_diff = True

    named: dict[Any, dict[str, Any]] = {}

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        try:
            self.refuse_strange(dataset)
        except ValidationError:
            del dataset[:]  # or each of its rows would fail for want of what follows
            raise
        self.add_situations(dataset)
        self.seen: set[int] = set()
        self.named = {
            model: {str(getattr(row, column)): row for row in model._default_manager.all()}
            for model, column in ((TopicTag, "content"), (PlaceTag, "content"), (Situation, "text"))
        }
        self.texts: dict[Any, dict[int, str]] = {
            model: {row.pk: str(row) for row in rows.values()} for model, rows in self.named.items()
        }

    def refuse_strange(self, dataset: Any) -> None:
        if len(dataset) > ROWS_MOST:
            raise ValidationError(f"한 번에 {ROWS_MOST:,}줄까지 가져올 수 있습니다.")
        dataset.headers = [composed(header).strip() for header in dataset.headers]
        known = {field.column_name for field in self.get_import_fields()}
        if strange := [header for header in dataset.headers if header not in known]:
            raise ValidationError(f"모르는 열이 있습니다: {', '.join(strange)}")
        if "번호" not in dataset.headers:
            raise ValidationError("번호 열이 없습니다. 새 주제만 넣더라도 빈 번호 열을 두어 주세요.")

    def add_situations(self, dataset: Any) -> None:
        """A situation is made by being written; of a preview none stays."""
        if "상황" in dataset.headers:
            texts = {composed(text).strip() for text in dataset["상황"]}
            new = [Situation(text=text) for text in texts if len(text) <= 50]
            Situation.objects.bulk_create([*new, Situation(text="")], ignore_conflicts=True)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        for name, value in row.items():
            row[name] = composed(value)

    def get_instance(self, instance_loader: Any, row: Any) -> Any:
        try:
            number = self.fields["id"].clean(row)
        except ValueError as error:
            raise ValidationError({"번호": str(error)}) from error
        if number is None:
            return None
        topic = instance_loader.all_instances.get(number)
        if topic is None:
            raise ValidationError({"번호": f"{number}번 주제가 없습니다. 새로 만들려면 번호를 비워 두세요."})
        if number in self.seen:
            raise ValidationError({"번호": f"{number}번이 파일에 두 번 있습니다."})
        self.seen.add(number)
        if row.get("고친 때") and row["고친 때"] != self.fields["updated_at"].export(topic):
            raise ValidationError({"고친 때": f"{number}번은 내보낸 뒤에 다른 사람이 고쳤습니다. 다시 내보내 주세요."})
        return topic

    def after_init_instance(self, topic: Any, new: bool, row: Any, **kwargs: Any) -> None:
        if new and "상황" not in row:
            topic.situation = self.named[Situation].get("")
        topic.before_import = None if new else values_of(topic, CURATED)

    def skip_row(self, topic: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        return not import_validation_errors and topic.before_import == values_of(topic, CURATED)

    def after_import_row(self, row: Any, row_result: Any, **kwargs: Any) -> None:
        if kwargs["row_number"] <= SHOWN_MOST:
            row_result.diff = self.cells(row_result.instance)

    def cells(self, topic: Any) -> list[str]:
        """The preview's cells of a row: what is struck through, and what it will be."""
        old, new = topic.before_import or {}, values_of(topic, ["id", *CURATED, "updated_at"])
        shown: list[str] = []
        for field in self.get_import_fields():
            name = field.attribute
            before, after = (self.word(name, values.get(name)) for values in (old, new))
            changed = name in old and before != after
            shown.append(format_html("<del>{}</del> <ins>{}</ins>", before, after) if changed else escape(after))
        return shown

    def word(self, name: str, value: Any) -> str:
        model = Topic._meta.get_field(name).related_model
        return self.texts[model].get(value, "–") if model else shown_value(Topic, name, value)

    def bulk_update(
        self, using_transactions: bool, dry_run: bool, raise_errors: bool, batch_size: Any = None, result: Any = None
    ) -> None:
        """By an upsert of rows that are held: the CASE of Django's `bulk_update` takes minutes for 20,000 rows."""
        try:
            Topic.objects.bulk_create(
                self.update_instances,
                batch_size=batch_size,
                update_conflicts=True,
                unique_fields=["id"],
                update_fields=[*CURATED, "updated_at"],
            )
        except DatabaseError as error:
            self.handle_import_error(result, error, raise_errors)
        finally:
            self.update_instances.clear()

    def import_field(self, field: Any, topic: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        if field.attribute not in ("id", "updated_at"):
            super().import_field(field, topic, row, is_m2m, named=self.named, **kwargs)

    def validate_instance(self, topic: Any, import_validation_errors: Any = None, validate_unique: bool = True) -> None:
        """Without the statements that Django's own check would take for each row. Raises errors by column."""
        errors = dict(import_validation_errors or {})
        tags = ["topic_tag", "place_tag", "situation"]
        missing = [name for name in tags if name not in errors and getattr(topic, f"{name}_id") is None]
        errors |= dict.fromkeys(missing, "이 열이 필요합니다.")
        try:
            topic.clean_fields(exclude={*errors, *tags, "id", "made_for"})
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        lower, upper = topic.partner_age_lower, topic.partner_age_upper
        if lower is not None and upper is not None and lower > upper:
            errors["partner_age_lower"] = "나이 하한이 상한보다 클 수 없습니다."
        if errors:
            raise ValidationError({self.fields[name].column_name: error for name, error in errors.items()})

    def before_save_instance(self, topic: Any, row: Any, **kwargs: Any) -> None:
        topic.updated_at = timezone.now()  # which a bulk update does not set

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        """Numbers rows as the sheet does, heading included, and keeps no more than a page can show."""
        for row in [*result.invalid_rows, *result.error_rows]:
            row.number += 1
        result.rows, result.invalid_rows = result.rows[:SHOWN_MOST], result.invalid_rows[:SHOWN_MOST]

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("topic_tag", "place_tag", "situation")

    def export_resource(self, *args: Any, **kwargs: Any) -> list[Any]:
        return [harmless(value) for value in super().export_resource(*args, **kwargs)]


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula stands behind an apostrophe; `composed` takes it off again."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def composed(value: Any) -> str:
    """NFC without NUL: a Mac writes Hangul decomposed."""
    text = unicodedata.normalize("NFC", "" if value is None else str(value)).replace("\0", "")
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
