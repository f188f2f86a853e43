"""Configuration by environment: what is missing or wrong is named in a sentence, and nothing starts."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOUND = {
    "PROFILE": "production",
    "SECRET_KEY": "s3cret-" * 10,
    "JWT_SIGNING_KEY": "signing-" * 10,
    "ALLOWED_HOSTS": "api.tokpik.example, tokpik.example",
    "CORS_ALLOWED_ORIGINS": "https://tokpik.example",
    "CLIENT_URL": "https://tokpik.example/",
    "DATABASE_URL": "postgresql://tokpik:geheim@db.example:5433/tokpik",
    "REDIS_URL": "redis://cache.example:6379/0",
    "KAKAO_CLIENT_ID": "client",
    "KAKAO_ADMIN_KEY": "admin",
    "KAKAO_REDIRECT_URI": "https://tokpik.example/oauth",
    "LOCAL_ENV_FILE": os.devnull,
}
REQUIRED = sorted(set(SOUND) - {"PROFILE", "LOCAL_ENV_FILE"})
BAD = [
    ("PROFILE", "Production"),
    ("PROFILE", "staging"),
    ("DEBUG", "yes"),
    ("THROTTLE", "no"),
    ("SECRET_KEY", "short"),
    ("JWT_SIGNING_KEY", "x" * 31),
    ("CLIENT_URL", "tokpik.example"),
    ("CLIENT_URL", "ftp://tokpik.example"),
    ("CLIENT_URL", "https://"),
    ("KAKAO_REDIRECT_URI", "/oauth"),
    ("KAKAO_AUTH_URL", "kauth.kakao.com"),
    ("KAKAO_API_URL", "javascript:alert(1)"),
    ("DATABASE_URL", "mysql://tokpik@db.example/tokpik"),
    ("DATABASE_URL", "db.example"),
    ("DATABASE_URL", "postgresql://tokpik@db.example:port/tokpik"),
    ("DATABASE_REPLICA_URL", "mysql://tokpik@replica.example/tokpik"),
    ("REDIS_URL", "cache.example:6379"),
    ("REDIS_CLUSTER", "yes"),
    ("REDIS_URL", "http://cache.example"),
    ("METRICS_TOKEN", "x" * 31),
    ("FCM_URL", "fcm.googleapis.com"),
    ("OPENAI_BASE_URL", "api.openai.com"),
    ("OPENAI_PRICES", "gpt-4.1-mini"),
    ("OPENAI_PRICES", "gpt-4.1-mini=cheap/dear"),
    ("OPENAI_PRICES", "a=1/2.3.4"),
    ("GENERATION_BUDGET", "21"),
    ("GENERATION_BELOW", "31"),
    ("GENERATION_CALLS_A_DAY", "-1"),
    ("GENERATION_CALLS_A_USER", "many"),
    ("GENERATION_PUBLISH_AFTER", "sometimes"),
    ("GENERATION_PUBLISH_AFTER", "-24"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", "http"),
    ("PORT", "８０００"),
    ("WEB_CONCURRENCY", "0"),
    ("WEB_THREADS", "2.5"),
    ("TRUSTED_PROXY_HOPS", "-1"),
    ("KAKAO_APP_ID", "app"),
]


@pytest.fixture
def load(monkeypatch):
    """The settings as they are in this environment and no other."""

    def settings(**environment):
        for name in os.environ:
            if name.isupper() and not name.startswith(("PYTEST", "PATH", "HOME")):
                monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "tokpik" / "settings.py"))

    return settings


def problems(settings):
    found = settings["CONFIGURATION_PROBLEMS"]
    assert all(sentence.endswith(".") and " " in sentence for sentence in found)
    return found


def test_a_sound_production_has_no_problem(load):
    settings = load(**SOUND)
    assert problems(settings) == []
    assert (settings["DEBUG"], settings["DEVELOPMENT"], settings["THROTTLE"]) == (False, False, True)
    assert settings["ALLOWED_HOSTS"][:2] == ["api.tokpik.example", "tokpik.example"]
    assert settings["CLIENT_URL"] == "https://tokpik.example"


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("profile", ["production", "development"])
def test_what_is_missing_is_named(load, name, value, profile):
    environment = {**SOUND, "PROFILE": profile, name: value}
    settings = load(**{key: text for key, text in environment.items() if text is not None})
    (sentence,) = problems(settings)
    assert sentence.startswith(f"{name} is not set")


@pytest.mark.parametrize(("name", "value"), BAD)
def test_what_is_wrong_is_named_without_the_value(load, name, value):
    (sentence,) = problems(load(**{**SOUND, name: value}))
    assert sentence.startswith(f"{name} has a value that cannot be used")
    assert "geheim" not in sentence


def test_all_that_is_missing_is_named_at_once(load):
    sentences = problems(load())
    assert sorted(sentence.split()[0] for sentence in sentences) == REQUIRED


def test_a_secret_has_no_default_that_anybody_could_know(load):
    first, second = load(), load()
    assert first["SECRET_KEY"] != second["SECRET_KEY"]
    assert first["SIMPLE_JWT"]["SIGNING_KEY"] != second["SIMPLE_JWT"]["SIGNING_KEY"]


@pytest.mark.parametrize(("profile", "count"), [("production", 1), ("development", 0)])
def test_throttling_is_lifted_in_development_only(load, profile, count):
    found = problems(load(**{**SOUND, "PROFILE": profile, "THROTTLE": "off"}))
    assert len(found) == count
    assert all(sentence.startswith("THROTTLE=off") for sentence in found)


@pytest.mark.parametrize("name", ["KAKAO_AUTH_URL", "KAKAO_API_URL", "FCM_URL", "OPENAI_BASE_URL"])
class TestWhatIsSentToOthersIsSealed:
    @pytest.mark.parametrize(
        "url", ["http://other.example", "http://127.0.0.1.example", "http://localhost@other.example"]
    )
    def test_in_production_plain_http_to_another_machine_is_refused(self, load, name, url):
        (sentence,) = problems(load(**SOUND | {name: url}))
        assert sentence.startswith(f"{name} has a value that cannot be used: in production it must begin with https://")
        assert problems(load(**SOUND | {"PROFILE": "development", name: url})) == []

    @pytest.mark.parametrize(
        "url", ["https://other.example", "http://127.0.0.1:9", "http://localhost/v1", "http://[::1]:9"]
    )
    def test_https_and_this_machine_are_taken(self, load, name, url):
        settings = load(**SOUND | {name: url})
        assert (problems(settings), settings[name]) == ([], url)


def test_without_credentials_for_pushes_the_web_server_starts_all_the_same(load):
    settings = load(**SOUND)
    assert (settings["FCM_CREDENTIALS"], settings["FCM_URL"]) == ("", "https://fcm.googleapis.com")


def test_the_profile_is_production_unless_it_says_otherwise(load):
    assert load(**{name: value for name, value in SOUND.items() if name != "PROFILE"})["PROFILE"] == "production"


def test_debug_is_off_unless_asked_for(load):
    assert load(**{**SOUND, "PROFILE": "development"})["DEBUG"] is False
    assert load(**{**SOUND, "DEBUG": "on"})["DEBUG"] is True


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "name"),
    [
        ("postgresql://tokpik:geheim@db.example:5433/tokpik", "db.example", 5433, "tokpik", "tokpik"),
        ("postgres://tokpik@db.example/tokpik", "db.example", "", "tokpik", "tokpik"),
        ("postgresql://tokpik:@/tokpik?host=/run/pg", "/run/pg", "", "tokpik", "tokpik"),
    ],
)
def test_databases_on_hosts_and_sockets(load, url, host, port, user, name):
    database = load(**{**SOUND, "DATABASE_URL": url})["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["OPTIONS"].get("host") or database["HOST"]) == host
    assert ((database["PORT"] or ""), (database["USER"] or ""), database["NAME"]) == (port, user, name)
    assert database["OPTIONS"]["pool"]["min_size"] == 1


@pytest.mark.parametrize(
    "url", ["unix:///run/valkey.sock?db=0", "rediss://:pw@cache.example:6380/1", "redis://localhost"]
)
def test_caches_on_hosts_and_sockets(load, url):
    settings = load(**{**SOUND, "REDIS_URL": url})
    assert problems(settings) == []
    assert settings["CACHES"]["default"]["LOCATION"] == url


@pytest.mark.parametrize(
    ("url", "is_sound"),
    [
        ("redis://cache.example:6379", True),
        ("rediss://cache.example/0", True),
        ("unix:///run/valkey.sock", False),
        ("redis://cache.example/1", False),
        ("redis://cache.example?db=2", False),
    ],
)
def test_a_cluster_has_neither_sockets_nor_database_numbers(load, url, is_sound):
    found = problems(load(**SOUND | {"REDIS_URL": url, "REDIS_CLUSTER": "on"}))
    assert (found == []) == is_sound
    assert all("REDIS_CLUSTER" in problem for problem in found)


def run(*command, **environment):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("options", [[], ["--database", "default"]], ids=["", "database"])
def test_a_check_fails_and_names_all_that_is_missing(options):
    outcome = run("manage.py", "check", *options, PROFILE="production")
    assert outcome.returncode == 1
    assert all(f"{name} is not set" in outcome.stderr for name in REQUIRED)
    assert "Traceback" not in outcome.stderr


def test_a_check_of_a_sound_production_passes():
    """With a database that answers: from Django 6.1 on it is asked without being named."""
    outcome = run("manage.py", "check", **SOUND | {"DATABASE_URL": os.environ["DATABASE_URL"]})
    assert outcome.returncode == 0, outcome.stderr


def test_the_web_entry_point_leaves_with_the_sentences():
    outcome = run("-c", "import tokpik.wsgi", **{**SOUND, "KAKAO_CLIENT_ID": "", "PORT": "x"})
    assert outcome.returncode != 0
    said = outcome.stderr.splitlines()[-1]
    assert "KAKAO_CLIENT_ID is not set" in said
    assert "PORT has a value that cannot be used" in said


def test_it_loads_in_a_sound_production():
    outcome = run("-c", "import tokpik.wsgi; print(tokpik.wsgi.application)", **SOUND)
    assert (outcome.returncode, "WSGIHandler" in outcome.stdout) == (0, True)


def test_in_production_the_consoles_cookies_are_of_this_host_and_https_alone(load):
    """A name that begins so is taken by browsers only when Secure, for all paths, and without a domain."""
    settings = load(**SOUND)
    assert (settings["SESSION_COOKIE_NAME"], settings["CSRF_COOKIE_NAME"]) == ("__Host-sessionid", "__Host-csrftoken")
    assert settings["SESSION_COOKIE_SECURE"]
    assert settings["CSRF_COOKIE_SECURE"]
    assert not {f"{cookie}_COOKIE_{part}" for cookie in ("SESSION", "CSRF") for part in ("DOMAIN", "PATH")} & set(
        settings
    )
    assert "SESSION_COOKIE_NAME" not in load(**SOUND | {"PROFILE": "development"})


def test_https_is_believed_and_asked_for_behind_a_proxy_of_ours_alone(load):
    """Where there is none, anybody could write the header."""
    found = [load(**SOUND | {"TRUSTED_PROXY_HOPS": hops}) for hops in ("0", "1")]
    assert [settings["SECURE_PROXY_SSL_HEADER"] for settings in found] == [None, ("HTTP_X_FORWARDED_PROTO", "https")]
    assert [settings["SECURE_SSL_REDIRECT"] for settings in found] == [False, True]
