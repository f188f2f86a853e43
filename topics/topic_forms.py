"""Forms of topics that refuse what is not based on the newest version."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from tokpik.history_pages import shown
from topics.models import CURATED, Topic
from topics.versions import differences, version_of

CHANGED = "그사이 다른 사람이 이 주제를 고쳤습니다. 두 내용을 견주어 보고, 남길 것을 적은 뒤 다시 저장해 주세요."


class TopicForm(forms.ModelForm):
    """Carries the version that it was opened with; `conflict` has (field, now, yours) where another came between."""

    version = forms.CharField(widget=forms.HiddenInput, required=False, label="")
    conflict: list[tuple[str, str, str]] | None = None

    class Meta:
        model = Topic
        fields = CURATED
        widgets = {"purposes": UnfoldAdminTextInputWidget, "moods": UnfoldAdminTextInputWidget}
        help_texts = {
            "title": "카드에 크게 나옵니다. 예: 집 데이트에서 들킨 취향",
            "subtitle": "제목 아래에 나옵니다. 예: 냉장고와 책장이 먼저 말해 버린 것들",
            "situation": "비워 두려면 (누구에게나)를 고르세요. 예: 첫만남, 상사",
            "purposes": "쉼표로 나눕니다. 비워 두면 어느 목적에나 어울립니다. 예: 친목, 소개팅",
            "moods": "쉼표로 나눕니다. 비워 두면 어느 분위기에나 어울립니다. 예: 편안한, 유쾌한",
            "partner_gender": "비워 두면 누구에게나 어울립니다.",
            "partner_age_lower": "0에서 120. 비워 두면 제한이 없습니다. 예: 20",
            "partner_age_upper": "0에서 120. 비워 두면 제한이 없습니다. 예: 29",
            "status": "숨기면 1초 안에 앱에서 사라지고, 다시 게시하면 폴더에도 돌아옵니다.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["version"].initial = version_of(self.instance)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.instance.pk:
            return cleaned
        now = Topic.objects.select_for_update().get(pk=self.instance.pk)
        newest = version_of(now)
        if self.data.get("version") != newest:
            self.conflict = list(self.compared(now))
            # What is saved after this page was seen is based on what it shows.
            data: Any = self.data
            self.data = data.copy()
            self.data["version"] = newest  # type: ignore[index]
            raise forms.ValidationError(CHANGED, code="changed")
        return cleaned

    def compared(self, now: Topic) -> Any:
        yours = {name: getattr(value, "pk", value) for name, value in self.cleaned_data.items() if name != "version"}
        theirs = {name: getattr(now, Topic._meta.get_field(name).attname) for name in yours}  # type: ignore[union-attr]
        return differences({"id": 0, **theirs}, {"id": 0, **yours})


class TopicRowForm(forms.ModelForm):
    """A row of the list, where a field may be saved only over the value that was shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.Meta.fields:
            if name in self.fields:
                self.fields[name].show_hidden_initial = True

    class Meta:
        model = Topic
        fields = ["title", "status"]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        changed = [name for name in self.changed_data if name in self.Meta.fields]
        if not changed:
            return cleaned
        now = Topic.objects.select_for_update().get(pk=self.instance.pk)
        for name in changed:
            if self.data.get(self[name].html_initial_name) != getattr(now, name):
                value = shown(Topic, name, getattr(now, name))
                self.add_error(name, f"그사이 다른 사람이 ‘{value}’(으)로 고쳤습니다. 목록을 새로 열어 주세요.")
        return cleaned
