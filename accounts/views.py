"""The account calls of the contract."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import kakao, services, tokens
from accounts.authentication import UserRequest
from accounts.device import device_label
from accounts.models import Policy, Term
from accounts.serializers import (
    LoginAnswer,
    LoginBody,
    PlaceInterestsAnswer,
    PlaceTagsBody,
    PolicyAnswer,
    ProfileAnswer,
    ProfileBody,
    RefreshBody,
    TermAnswer,
    TokenPair,
    TopicInterestsAnswer,
    TopicTagsBody,
)
from accounts.sessions import rotate
from tokpik import errors
from tokpik.openapi import EMPTY, failure
from tokpik.viewsets import ApiViewSet, OpenViewSet
from topics.models import Gender

REFUSED_LOGIN = failure(errors.KakaoCodeRejected, errors.SessionRevoked)
REFUSED_REFRESH = failure(errors.RefreshReused, errors.TokenExpired, errors.TokenInvalid, errors.SessionRevoked)


class LoginViewSet(OpenViewSet):
    bodies = {"login": LoginBody, "refresh": RefreshBody}

    @extend_schema(tags=["계정"], summary="카카오 로그인", responses={200: LoginAnswer, 401: REFUSED_LOGIN})
    def login(self, request: Request) -> Response:
        identity = kakao.identify(self.body()["code"])
        device = device_label(request.headers.get("User-Agent", ""))
        user, pair = services.sign_in(identity=identity, device=device, now=timezone.now())
        return Response({"requiresProfile": user.requires_profile, **pair.as_json(), "data": pair.as_json()})

    @extend_schema(tags=["계정"], summary="토큰 갱신", responses={200: TokenPair, 401: REFUSED_REFRESH})
    def refresh(self, request: Request) -> Response:
        token = tokens.read(tokens.RefreshToken, self.body()["refreshToken"])
        return Response(rotate(token, now=timezone.now()).as_json())


class UserViewSet(ApiViewSet):
    request: UserRequest
    bodies = {"set_profile": ProfileBody, "set_topic_tags": TopicTagsBody, "set_place_tags": PlaceTagsBody}

    @extend_schema(tags=["계정"], summary="프로필 보기", responses=ProfileAnswer)
    def profile(self, request: UserRequest) -> Response:
        return Response(ProfileAnswer(request.user).data)

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
        return Response(TermAnswer(Term.objects.prefetch_related("sections"), many=True).data)

    @extend_schema(tags=["계정"], summary="개인정보 처리방침", responses=PolicyAnswer(many=True))
    def policies(self, request: Request) -> Response:
        return Response(PolicyAnswer(Policy.objects.all(), many=True).data)
