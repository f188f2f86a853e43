"""How staff get into the console: a password, then a second factor; how often either may be tried."""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any

import django_otp
from django import forms
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts import second_factor
from tokpik.addresses import client_address
from tokpik.errors import Throttled
from tokpik.throttling import Limit

# Which secret a session was shown to enrol with.
BEGUN = "second_factor_begun"
QUARTER_HOUR = 900
# Counted before the password is looked at, so that nobody learns anything from a try too many. An address may be that
# of an office; a name is one person's.
FROM_ADDRESS = Limit("console-address", 30, QUARTER_HOUR)
OF_NAME = Limit("console-name", 10, QUARTER_HOUR)
OF_SECOND_FACTOR = Limit("console-second-factor", 10, QUARTER_HOUR)


def check(limit: Limit, whom: str) -> None:
    """Counts a try. Raises `ValidationError` of code `throttled` when there were too many."""
    try:
        limit.check(whom)
    except Throttled as error:
        minutes = -(-int(error.wait) // 60) or 1
        raise forms.ValidationError(
            f"시도가 너무 많았습니다. {minutes}분 뒤에 다시 시도해 주세요.",
            code="throttled",
            params={"wait": error.wait},
        ) from error


class SignInForm(AuthenticationForm):
    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("username") and self.cleaned_data.get("password"):
            check(FROM_ADDRESS, client_address(self.request))
            check(OF_NAME, sha256(self.cleaned_data["username"].encode()).hexdigest())
        return super().clean()


class CodeForm(forms.Form):
    """A code of the app or a recovery code, as `accept` takes it."""

    code = forms.CharField(
        label="인증 코드",
        max_length=30,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autofocus": "", "autocomplete": "one-time-code", "placeholder": "123456"}
        ),
        error_messages={"required": "인증 코드를 입력해 주세요."},
    )

    def __init__(self, *args: Any, user: Any, accept: Callable[[Any, str], Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.accept = user, accept

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("code"):
            check(OF_SECOND_FACTOR, str(self.user.pk))
            self.accepted = self.accept(self.user, self.cleaned_data["code"])
            if self.accepted is None:
                raise forms.ValidationError("코드가 맞지 않습니다. 앱에 다음 코드가 나온 뒤 다시 시도해 주세요.")
        return self.cleaned_data


def in_time(response: HttpResponse, form: forms.BaseForm | None) -> HttpResponse:
    """The answer to a form, with 429 where it came too often."""
    for error in form.non_field_errors().as_data() if form and form.is_bound else []:
        if error.code == "throttled":
            response.status_code = Throttled.status_code
            response["Retry-After"] = str(int((error.params or {})["wait"]) + 1)
    return response


class ConsoleSite(UnfoldAdminSite):
    """The console, which opens to staff who have shown a second factor too; in development the password is enough."""

    login_form = SignInForm

    def has_permission(self, request: HttpRequest) -> bool:
        return self.has_password(request) and (settings.DEVELOPMENT or request.user.is_verified())  # type: ignore[union-attr]

    def has_password(self, request: HttpRequest) -> bool:
        return super().has_permission(request)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "GET" and self.has_password(request) and not self.has_permission(request):
            return self.to("second_factor", request)
        response = super().login(request, extra_context)
        return in_time(response, getattr(response, "context_data", {}).get("form"))

    def extra_urls(self) -> list[URLPattern]:
        return [
            # In the place of the stock one, which is only for those who are in.
            path("logout/", self.after_password(self.logout), name="logout"),
            path("second-factor/", self.after_password(self.second_factor), name="second_factor"),
            path("second-factor/enrol/", self.after_password(self.enrol), name="enrol"),
            path("second-factor/codes/", self.admin_view(self.recovery_codes), name="recovery_codes"),
        ]

    def after_password(self, view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
        """For who has signed in with a password, whatever else is still to be shown."""

        @never_cache
        def guarded(request: HttpRequest) -> HttpResponse:
            return view(request) if self.has_password(request) else self.to("login", request)

        return guarded

    def to(self, name: str, request: HttpRequest) -> HttpResponse:
        """To this page of the console, and from there to where they wanted to go."""
        return HttpResponseRedirect(
            f"{reverse(f'admin:{name}')}?{urlencode({REDIRECT_FIELD_NAME: self.destination(request)})}"
        )

    def destination(self, request: HttpRequest) -> str:
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
        safe = url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        return wanted if safe else reverse("admin:index")

    def second_factor(self, request: HttpRequest) -> HttpResponse:
        if not second_factor.is_enrolled(request.user):  # type: ignore[arg-type]
            return self.to("enrol", request)
        form = CodeForm(request.POST or None, user=request.user, accept=second_factor.verify)
        if form.is_valid():
            self.let_in(request, form.accepted)
            return HttpResponseRedirect(self.destination(request))
        return in_time(self.page(request, "second_factor", "2단계 인증", form=form), form)

    def enrol(self, request: HttpRequest) -> HttpResponse:
        if second_factor.is_enrolled(request.user):  # type: ignore[arg-type]
            return HttpResponseRedirect(self.destination(request))
        begun = request.session.get(BEGUN)
        accept = partial(second_factor.enrol, begun=begun)
        form = CodeForm(request.POST or None, user=request.user, accept=accept)
        if form.is_valid():
            device, codes = form.accepted
            self.let_in(request, device)
            return self.page(request, "recovery_codes", "복구 코드", codes=codes, to=self.destination(request))
        device = second_factor.begin_enrolment(request.user, begun)  # type: ignore[arg-type]
        request.session[BEGUN] = device.pk
        shown = {"picture": second_factor.picture(device), "secret": second_factor.secret(device)}
        return in_time(self.page(request, "enrol", "2단계 인증 등록", form=form, **shown), form)

    def recovery_codes(self, request: HttpRequest) -> HttpResponse:
        """How many are left, and new ones."""
        user: Any = request.user
        if not second_factor.is_enrolled(user):
            return self.to("enrol", request)
        codes = second_factor.renew_recovery_codes(user) if request.method == "POST" else []
        left = second_factor.recovery_codes_left(user)
        return self.page(request, "recovery_codes", "복구 코드", codes=codes, left=left, to=reverse("admin:index"))

    def let_in(self, request: HttpRequest, device: Any) -> None:
        request.session.cycle_key()
        django_otp.login(request, device)

    def page(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        return TemplateResponse(
            request, f"admin/accounts/{template}.html", self.each_context(request) | {"title": title} | context
        )
