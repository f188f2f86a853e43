from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as StockGroupAdmin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import legal_admin  # noqa: F401  (registers itself)
from accounts.models import KakaoNotice, KakaoUnlink, Session, SessionQuerySet, User
from accounts.sessions import end_sessions
from tokpik.console import ModelAdmin, ReadOnly

# Tokens are nobody's to look at.
admin.site.unregister([OutstandingToken, BlacklistedToken, Group])


class StaffCreationForm(UserCreationForm):
    """Staff are made here; people who sign in with Kakao make their accounts themselves."""

    class Meta:
        model = User
        fields = ("username",)

    def clean_username(self) -> str:
        username: str | None = self.cleaned_data.get("username")
        if not username:
            raise forms.ValidationError("직원 아이디를 입력해 주세요.")
        return username

    def save(self, commit: bool = True) -> User:
        self.instance.is_staff = True
        return super().save(commit)


class PersonForm(UserChangeForm):
    """Most people have no staff name; the stock form's field for it cannot be empty."""

    class Meta(UserChangeForm.Meta):
        field_classes: dict[str, Any] = {}


@admin.register(User)
class UserAdmin(StockUserAdmin, ModelAdmin):
    icon = "person"
    form = PersonForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["__str__", "masked_email", "is_staff", "is_active", "joined_at"]
    list_filter = ["is_staff", "is_active"]
    search_fields = ["username", "kakao_id"]
    ordering = ["-pk"]
    readonly_fields = ["kakao_id", "masked_email", "joined_at", "consented_at", "last_login"]
    fieldsets = [
        (None, {"fields": ["username", "password", "kakao_id", "masked_email", "joined_at", "consented_at"]}),
        ("권한", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
    ]
    add_form = StaffCreationForm
    add_fieldsets = [(None, {"fields": ["username", "usable_password", "password1", "password2"]})]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff are deactivated; people delete their accounts themselves."""
        return False


@admin.register(Group)
class GroupAdmin(StockGroupAdmin, ModelAdmin):
    icon = "groups"


@admin.register(Session)
class SessionAdmin(ReadOnly, ModelAdmin):
    icon = "devices"
    list_display = ["user", "device", "created_at", "last_used_at", "revoked_at", "revoked_why"]
    list_filter = ["revoked_why"]
    list_select_related = ["user"]
    actions = ["end"]

    @admin.action(description="선택한 세션 끝내기", permissions=["end"])
    def end(self, request: HttpRequest, sessions: SessionQuerySet) -> None:
        with transaction.atomic():
            ended = end_sessions(sessions.order_by(), why=Session.Ending.STAFF, now=timezone.now())
        self.message_user(request, f"세션 {ended}개를 끝냈습니다.")

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_session")


@admin.register(KakaoUnlink, KakaoNotice)
class KakaoErrandAdmin(ReadOnly, ModelAdmin):
    icon = "link_off"
    list_display = ["kakao_id", "created_at", "tries", "due_at"]
