"""The account calls of the contract."""

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import kakao, services, tokens
from accounts.authentication import UserRequest, bearer
from accounts.device import device_label
from accounts.models import Policy, Session, Term, User
from accounts.serializers import (
    LoginAnswer,
    LoginBody,
    LogoutBody,
    PlaceInterestsAnswer,
    PlaceTagsBody,
    PolicyAnswer,
    ProfileAnswer,
    ProfileBody,
    PushTargetBody,
    RefreshBody,
    SessionsAnswer,
    TermAnswer,
    TokenPair,
    TopicInterestsAnswer,
    TopicTagsBody,
)
from accounts.sessions import (
    end_all_sessions,
    end_named_session,
    end_own_session,
    register_push_target,
    rotate,
)
from tokpik import errors
from tokpik.openapi import EMPTY, failure
from tokpik.throttling import DAY, Limit
from tokpik.viewsets import ApiViewSet, OpenViewSet, path_uuid
from topics import entries
from topics.models import Gender

REFUSED_LOGIN = failure(errors.KakaoCodeRejected, errors.SessionRevoked)
REFUSED_REFRESH = failure(errors.RefreshReused, errors.TokenExpired, errors.TokenInvalid, errors.SessionRevoked)


SESSION_REFRESHES = Limit("refresh-session", settings.SESSION_REFRESHES_A_MINUTE)
# What leaves rows for days, whoever has the patience.
SESSION_REFRESHES_A_DAY = Limit("refresh-session-day", settings.SESSION_REFRESHES_A_DAY, DAY)
SIGN_INS_A_DAY = Limit("sign-ins", settings.SIGN_INS_A_DAY, DAY)


class LoginViewSet(OpenViewSet):
    bodies = {"login": LoginBody, "refresh": RefreshBody}
    limits = {
        "login": Limit("login", settings.LOGINS_A_MINUTE),
        "refresh": Limit("refresh", settings.REFRESHES_A_MINUTE),
    }

    @extend_schema(tags=["계정"], summary="카카오 로그인", responses={200: LoginAnswer, 401: REFUSED_LOGIN})
    def login(self, request: Request) -> Response:
        identity = kakao.identify(self.body()["code"])
        SIGN_INS_A_DAY.check(str(identity.kakao_id))
        device = device_label(request.headers.get("User-Agent", ""))
        replacing = tokens.session_named_by(bearer(request) or "")
        user, pair = services.sign_in(identity=identity, device=device, now=timezone.now(), replacing=replacing)
        return Response({"requiresProfile": user.requires_profile, **pair.as_json(), "data": pair.as_json()})

    @extend_schema(tags=["계정"], summary="토큰 갱신", responses={200: TokenPair, 401: REFUSED_REFRESH})
    def refresh(self, request: Request) -> Response:
        token = tokens.read(tokens.RefreshToken, self.body()["refreshToken"])
        # By its mark: nothing in the cache names a session that was deleted.
        for limit in (SESSION_REFRESHES, SESSION_REFRESHES_A_DAY):
            limit.check(str(token.mark))
        return Response(rotate(token, now=timezone.now()).as_json())


class LogoutViewSet(OpenViewSet):
    bodies = {"logout": LogoutBody}

    @extend_schema(tags=["계정"], summary="로그아웃", responses=EMPTY)
    def logout(self, request: Request) -> Response:
        """Any token of ours ends its session; anything else is answered alike and does nothing."""
        named = tokens.session_named_by(self.body().get("refreshToken", "")) or tokens.session_named_by(
            bearer(request) or ""
        )
        if named:
            end_named_session(named, why=Session.Ending.LOGOUT, now=timezone.now())
        return Response()


class SessionViewSet(ApiViewSet):
    request: UserRequest
    bodies = {"register_push_target": PushTargetBody}
    # Nobody is kept from ending sessions.
    user_limits = {"destroy": None, "logout_all": None}

    @extend_schema(tags=["계정"], summary="내 세션 목록", responses=SessionsAnswer)
    def list(self, request: UserRequest) -> Response:
        living = Session.objects.filter(user=request.user).living(timezone.now()).order_by("-last_used_at", "pk")
        return Response(SessionsAnswer({"sessions": living}, context={"current": request.auth.session_id}).data)

    @extend_schema(tags=["계정"], summary="세션 끝내기", responses=EMPTY)
    def destroy(self, request: UserRequest, session_id: str) -> Response:
        end_own_session(user=request.user, session_id=path_uuid(session_id), now=timezone.now())
        return Response()

    @extend_schema(tags=["계정"], summary="모든 세션 끝내기", responses=EMPTY)
    def logout_all(self, request: UserRequest) -> Response:
        end_all_sessions(user=request.user, now=timezone.now())
        return Response()

    @extend_schema(tags=["계정"], summary="푸시 주소 등록", responses=EMPTY)
    def register_push_target(self, request: UserRequest) -> Response:
        target = self.body()["notificationToken"]
        register_push_target(user=request.user, session_id=request.auth.session_id, target=target)
        return Response()


class UserViewSet(ApiViewSet):
    request: UserRequest
    bodies = {"set_profile": ProfileBody, "set_topic_tags": TopicTagsBody, "set_place_tags": PlaceTagsBody}
    # Nor from leaving.
    user_limits = {"destroy": None}

    @extend_schema(tags=["계정"], summary="프로필 보기", responses=ProfileAnswer)
    def profile(self, request: UserRequest) -> Response:
        # Of somebody who has just gone: what an empty account says.
        user = User.objects.filter(pk=request.user.pk).first() or request.user
        return Response(ProfileAnswer(user).data)

    @extend_schema(tags=["계정"], summary="프로필 입력", responses=EMPTY)
    def set_profile(self, request: UserRequest) -> Response:
        body = self.body()
        services.set_profile(
            user=request.user,
            birth=body["birth"],
            gender=Gender.MALE if body["gender"] else Gender.FEMALE,
            place_tag_ids=body.get("placeTagIds", []),
            topic_tag_ids=body.get("topicTagIds", []),
        )
        return Response()

    @extend_schema(tags=["계정"], summary="관심 주제 보기", responses=TopicInterestsAnswer)
    def topic_tags(self, request: UserRequest) -> Response:
        return Response(TopicInterestsAnswer(request.user).data)

    @extend_schema(tags=["계정"], summary="관심 주제 바꾸기", responses=TopicInterestsAnswer)
    def set_topic_tags(self, request: UserRequest) -> Response:
        services.choose_topic_tags(user=request.user, ids=self.body()["topicTagIds"])
        return self.topic_tags(request)

    @extend_schema(tags=["계정"], summary="관심 장소 보기", responses=PlaceInterestsAnswer)
    def place_tags(self, request: UserRequest) -> Response:
        return Response(PlaceInterestsAnswer(request.user).data)

    @extend_schema(tags=["계정"], summary="관심 장소 바꾸기", responses=PlaceInterestsAnswer)
    def set_place_tags(self, request: UserRequest) -> Response:
        services.choose_place_tags(user=request.user, ids=self.body()["placeTagIds"])
        return self.place_tags(request)

    @extend_schema(tags=["계정"], summary="탈퇴", responses=EMPTY)
    def destroy(self, request: UserRequest) -> Response:
        services.delete_user(user=request.user)
        return Response()


class TextViewSet(OpenViewSet):
    """What anybody may read before signing in."""

    cache_control = "no-cache"

    @extend_schema(tags=["계정"], summary="이용약관", responses=TermAnswer(many=True))
    def terms(self, request: Request) -> Response:
        row, rows = {"title": str, "sections": list}, Term.objects.prefetch_related("sections")
        return Response(entries.read_list("terms", row, lambda db: TermAnswer(rows.using(db), many=True).data))

    @extend_schema(tags=["계정"], summary="개인정보 처리방침", responses=PolicyAnswer(many=True))
    def policies(self, request: Request) -> Response:
        row, rows = {"title": str, "content": str}, Policy.objects.all()
        return Response(entries.read_list("policies", row, lambda db: PolicyAnswer(rows.using(db), many=True).data))
