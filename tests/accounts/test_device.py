"""What a login's device is called."""

import pytest

from accounts.device import device_label

MOZILLA = "Mozilla/5.0"
IPHONE = f"{MOZILLA} (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = f"{MOZILLA} (Linux; Android 14; SM-S921N) AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = f"{MOZILLA} (Windows NT 10.0; Win64; x64)"


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        (f"{IPHONE} Version/17.0 Mobile/15E148 Safari/604.1", "iPhone · Safari"),
        (f"{IPHONE} CriOS/120.0 Mobile/15E148 Safari/604.1", "iPhone · Chrome"),
        (f"{IPHONE} Mobile/15E148 KAKAOTALK 10.5.0", "iPhone · 카카오톡"),
        (f"{ANDROID} Chrome/120.0.0.0 Mobile Safari/537.36", "Android · Chrome"),
        (f"{ANDROID} SamsungBrowser/23.0 Chrome/115.0 Mobile Safari/537.36", "Android · Samsung Internet"),
        (f"{WINDOWS} AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0", "Windows · Edge"),
        (f"{WINDOWS} AppleWebKit/537.36 Chrome/120.0 Whale/3.23 Safari/537.36", "Windows · Whale"),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10.15; rv:120.0) Gecko/20100101 Firefox/120.0", "Mac · Firefox"),
        (f"{MOZILLA} (X11; Linux x86_64) Gecko/20100101 Firefox/120.0", "Linux · Firefox"),
        ("Safari", "Safari"),
        ("iPhone", "iPhone"),
        ("curl/8.5.0", ""),
        ("", ""),
        ("x" * 100_000 + "iPhone Safari", ""),
    ],
)
def test_it_names_system_and_browser(agent, label):
    assert device_label(agent) == label
