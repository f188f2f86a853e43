"""What staff may do in the console: one role each, a group that a migration made (docs/decisions/0032)."""

from django.contrib.auth.models import Group

from accounts.models import User

# All that there is to do, giving roles included.
ADMIN = "admin"
ROLES = ["curator", "support", "viewer"]
ROLE_CHOICES = [
    ("curator", "큐레이터: 주제, 태그, 약관을 씁니다"),
    ("support", "고객 지원: 사용자를 보고 세션을 끝냅니다"),
    ("viewer", "열람: 주제와 통계를 보기만 합니다"),
    (ADMIN, "관리자: 모두 하고, 역할을 줍니다"),
]


def give_role(user: User, role: str) -> None:
    """In the place of the role they had."""
    user.is_superuser = role == ADMIN
    user.save(update_fields=["is_superuser"])
    user.groups.set([Group.objects.get(name=role)] if role in ROLES else [])


def role_of(user: User) -> str:
    """ "" for none."""
    if user.is_superuser:
        return ADMIN
    return next((group.name for group in user.groups.all() if group.name in ROLES), "")
