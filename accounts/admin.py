"""People, staff, and how they are signed in."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget

from accounts import legal_admin  # noqa: F401  (registers itself)
from accounts.models import KakaoNotice, KakaoUnlink, Session, SessionQuerySet, User
from accounts.roles import ROLE_CHOICES, ROLES, give_role, role_of
from accounts.second_factor import is_enrolled
from accounts.sessions import end_sessions
from tokpik.console import DaysFilter, ModelAdmin, NumberSearch, ReadOnly

# Tokens and second factors are nobody's to look at; roles are what a migration made them.
admin.site.unregister([OutstandingToken, BlacklistedToken, StaticDevice, TOTPDevice, Group])


def role_field() -> forms.ChoiceField:
    return forms.ChoiceField(label="역할", choices=ROLE_CHOICES, widget=UnfoldAdminSelectWidget)


def required_username(username: str | None) -> str:
    if not username:
        raise forms.ValidationError("직원 아이디를 입력해 주세요.")
    return username


class StaffCreationForm(UserCreationForm):
    """Staff are made here; people who sign in with Kakao make their accounts themselves."""

    role = role_field()
    # Whoever has no password cannot sign in at all.
    usable_password = None

    class Meta:
        model = User
        fields = ("username",)

    def clean_username(self) -> str:
        return required_username(self.cleaned_data.get("username"))

    def save(self, commit: bool = True) -> User:
        self.instance.is_staff = True
        return super().save(commit)


class UserForm(UserChangeForm):
    """Of one of the staff, or of a person, who has neither staff name nor role."""

    role = role_field()

    class Meta(UserChangeForm.Meta):
        field_classes: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.is_staff:
            self.fields.pop("role", None)
        elif "role" in self.fields:
            self.fields["role"].initial = role_of(self.instance)

    def clean_username(self) -> str:
        return required_username(self.cleaned_data.get("username"))


class RoleFilter(admin.SimpleListFilter):
    title, parameter_name = "역할", "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("person", "회원"), ("staff", "직원"), *ROLE_CHOICES]

    def queryset(self, request: HttpRequest, users: QuerySet[Any]) -> QuerySet[Any]:
        role = self.value()
        if role in ROLES:
            return users.filter(groups__name=role)
        conditions = {"person": {"is_staff": False}, "staff": {"is_staff": True}, "admin": {"is_superuser": True}}
        return users.filter(**conditions.get(role or "", {}))


@admin.register(User)
class UserAdmin(NumberSearch, StockUserAdmin, ModelAdmin):
    icon = "person"
    sidebar_place = 1
    form = UserForm
    add_form = StaffCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["__str__", "masked_kakao_id", "masked_email", "role", "is_active", "joined_at"]
    list_filter = [RoleFilter, "is_active", ("joined_at", DaysFilter)]
    list_filter_submit = True
    search_fields = ["pk", "kakao_id"]
    search_text = "username"
    search_help_text = "사용자 번호나 카카오 회원번호(전체), 또는 직원 아이디. 예: 1204"
    ordering = ["-pk"]
    person_fieldsets = [
        ("계정", {"fields": ["kakao_id", "masked_email", "joined_at", "consented_at"]}),
        (
            "상태",
            {
                "fields": ["is_active", "sessions"],
                "description": "‘활성’을 끄면 1초 안에 모든 기기에서 로그아웃되고, 다시 로그인할 수 없습니다.",
            },
        ),
    ]
    staff_fieldsets = [
        ("직원", {"fields": ["username", "password", "role", "second_factor", "last_login", "joined_at"]}),
        ("상태", {"fields": ["is_active"], "description": "그만둔 직원은 지우지 않고 ‘활성’을 끕니다."}),
    ]
    add_fieldsets = [
        (
            "직원",
            {
                "fields": ["username", "role", "password1", "password2"],
                "description": "만든 뒤 바로 로그인해 2단계 인증을 등록하게 하세요. 회원은 카카오로 스스로 가입합니다.",
            },
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Staff are seen by who may give them a role; others see people."""
        users = super().get_queryset(request).prefetch_related("groups")
        return users if request.user.is_superuser else users.filter(is_staff=False)

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [each for each in self.list_filter if each is not RoleFilter or request.user.is_superuser]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        return self.staff_fieldsets if obj.is_staff else self.person_fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Nobody locks themselves out; of a person only whether they are active is for staff to say."""
        if obj is None:
            return []
        shown = ["kakao_id", "masked_email", "joined_at", "consented_at", "last_login", "second_factor", "sessions"]
        return [*shown, "role", "is_active"] if obj == request.user else shown

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        of_staff = obj is not None and obj.is_staff
        return super().has_change_permission(request, obj) and (request.user.is_superuser or not of_staff)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff are deactivated; people delete their accounts themselves."""
        return False

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Of staff, by who may give roles; nobody else has a password."""
        user = self.get_object(request, id)
        if not request.user.is_superuser or user is None or not user.is_staff:
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Only what was changed: their login may renew the rest at the same moment."""
        changed = [name for name in form.changed_data if name != "role"]
        obj.save(update_fields=changed if change else None)
        if "role" in form.cleaned_data:
            give_role(obj, form.cleaned_data["role"])

    @admin.display(description="카카오 회원번호")
    def masked_kakao_id(self, user: User) -> str:
        return user.masked_kakao_id

    @admin.display(description="이메일")
    def masked_email(self, user: User) -> str:
        return user.masked_email

    @admin.display(description="역할")
    def role(self, user: User) -> str:
        label = dict(ROLE_CHOICES).get(role_of(user), "직원") if user.is_staff else "회원"
        return label.partition(":")[0]

    @admin.display(description="2단계 인증")
    def second_factor(self, user: User) -> str:
        return "등록했습니다." if is_enrolled(user) else "다음 로그인 때 등록합니다."

    @admin.display(description="세션")
    def sessions(self, user: User) -> str:
        address = reverse("admin:accounts_session_changelist")
        return format_html(
            '<a class="console-link" href="{}?user__id__exact={}">로그인한 기기 보기</a>', address, user.pk
        )


class LivingFilter(admin.SimpleListFilter):
    title, parameter_name = "상태", "living"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", "살아 있음"), ("ended", "끝남")]

    def queryset(self, request: HttpRequest, sessions: Any) -> Any:
        if self.value() == "yes":
            return sessions.living(timezone.now())
        return sessions.exclude(revoked_at=None) if self.value() == "ended" else sessions


@admin.register(Session)
class SessionAdmin(NumberSearch, ReadOnly, ModelAdmin):
    """Without its tokens, and of its push target only whether there is one."""

    icon = "devices"
    sidebar_place = 2
    list_display = ["user", "device", "created_at", "last_used_at", "revoked_at", "revoked_why"]
    list_filter = [LivingFilter, "revoked_why", ("last_used_at", DaysFilter)]
    list_filter_submit = True
    list_select_related = ["user"]
    search_fields = ["user__pk", "user__kakao_id"]
    search_text = "device"
    search_help_text = "사용자 번호나 카카오 회원번호(전체), 또는 기기. 예: iPhone"
    actions = ["end"]
    fieldsets = [
        ("기기", {"fields": ["user", "device", "has_phone"]}),
        ("사용", {"fields": ["created_at", "last_used_at"]}),
        ("종료", {"fields": ["revoked_at", "revoked_why"]}),
    ]

    @admin.display(description="푸시", boolean=True)
    def has_phone(self, session: Session) -> bool:
        return session.push_target_hash is not None

    @admin.action(description="고른 세션 끝내기", permissions=["end"])
    def end(self, request: HttpRequest, sessions: SessionQuerySet) -> None:
        with transaction.atomic():
            ended = end_sessions(sessions.order_by(), why=Session.Ending.STAFF, now=timezone.now())
        self.message_user(request, f"세션 {ended}개를 끝냈습니다. 1초 안에 그 기기에서 로그아웃됩니다.")

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_session")


@admin.register(KakaoUnlink, KakaoNotice)
class KakaoErrandAdmin(ReadOnly, ModelAdmin):
    icon = "link_off"
    list_display = ["__str__", "tries", "due_at"]
    fields = ["kakao_id", "created_at", "tries", "due_at", "leased_until"]
    ordering = ["-pk"]
