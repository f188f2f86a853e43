import os
import stat

import pytest

from tokpik.local import environment
from tokpik.local.checkout import Checkout


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test starts from an environment without settings, and what `load` sets is taken back."""
    for name in (*environment.made_up(), *environment.SERVERS, "LOCAL_ENV", "PORT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture
def written(checkout: Checkout) -> Checkout:
    checkout.make_local()
    environment.write(checkout)
    return checkout


def test_it_is_written_once_for_its_owner_alone(written: Checkout) -> None:
    file = written.local / "env"
    before = file.read_bytes()

    environment.write(written)

    assert file.read_bytes() == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_each_checkout_has_secrets_of_its_own(written: Checkout, other_checkout: Checkout) -> None:
    other_checkout.make_local()
    environment.write(other_checkout)

    for name in (
        "SECRET_KEY",
        "JWT_SIGNING_KEY",
        "METRICS_TOKEN",
        "KAKAO_ADMIN_KEY",
        "KAKAO_CLIENT_ID",
        "DEMO_STAFF_PASSWORD",
    ):
        assert environment.read(written)[name] != environment.read(other_checkout)[name]


def test_what_somebody_wrote_into_it_stays_and_what_is_missing_is_added(checkout: Checkout) -> None:
    checkout.make_local()
    (checkout.local / "env").write_text("# mine\nSECRET_KEY=a=b\nKAKAO_CLIENT_ID=\nOWN=1")

    environment.write(checkout)

    found = environment.read(checkout)
    assert (checkout.local / "env").read_text().startswith("# mine\nSECRET_KEY=a=b\nKAKAO_CLIENT_ID=\nOWN=1\n")
    assert found["SECRET_KEY"] == "a=b"
    assert found["KAKAO_CLIENT_ID"] == ""
    assert found["PROFILE"] == "development"


def test_no_made_up_key_can_reach_the_real_kakao() -> None:
    assert {environment.made_up()[name] for name in ("KAKAO_AUTH_URL", "KAKAO_API_URL")} == {"http://127.0.0.1:9"}


def test_load_names_the_checkouts_own_servers(written: Checkout) -> None:
    environment.load(written)

    assert os.environ["PROFILE"] == "development"
    assert os.environ["DATABASE_URL"] == f"postgresql://tokpik:@/tokpik?host={written.sockets}"
    assert os.environ["REDIS_URL"] == f"unix://{written.sockets}/valkey.sock?db=0"


def test_the_environment_wins(written: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "mine")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")

    environment.load(written)

    assert os.environ["SECRET_KEY"] == "mine"
    assert os.environ["REDIS_URL"] == "redis://elsewhere"
    assert "DATABASE_URL" not in os.environ


def test_it_is_not_read_in_production(written: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROFILE", "production")

    environment.load(written)

    assert "SECRET_KEY" not in os.environ
    assert "DATABASE_URL" not in os.environ


def test_without_the_file_nothing_is_development(checkout: Checkout) -> None:
    environment.load(checkout)

    assert "PROFILE" not in os.environ
    assert "DATABASE_URL" not in os.environ


def test_it_says_when_the_own_servers_are_down(written: Checkout) -> None:
    environment.load(written)

    assert "run `make up`" in environment.missing_servers(written)


def test_it_says_nothing_of_other_peoples_servers(written: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/tokpik")

    assert environment.missing_servers(written) == ""


def test_the_suite_takes_nothing_from_the_developers_settings(
    written: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    (written.root / ".env.example").write_text("THROTTLE=on\n# KAKAO_CLIENT_SECRET=\n")
    monkeypatch.setenv("THROTTLE", "off")
    monkeypatch.setenv("KAKAO_CLIENT_SECRET", "real")
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/tokpik")

    made = environment.for_tests(written)

    assert "THROTTLE" not in made
    assert "KAKAO_CLIENT_SECRET" not in made
    assert made["DATABASE_URL"] == written.database_url()
    assert made["SECRET_KEY"] != environment.read(written)["SECRET_KEY"]
    (written.local / "env").write_text("THROTTLE=off\n")
    monkeypatch.delenv("THROTTLE")
    monkeypatch.setenv("LOCAL_ENV", made["LOCAL_ENV"])
    environment.load(written)
    assert "THROTTLE" not in os.environ
