"""Where a request comes from: told by proxies of ours, never by whatever header is sent."""

import pytest
from django.test import RequestFactory

from tokpik.addresses import client_address, network

PEER = "198.51.100.7"


def address(hops, forwarded=None, peer=PEER, **headers):
    sent = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, **sent, **headers))


@pytest.fixture(autouse=True)
def _hops(request, settings):
    if "hops" in request.fixturenames:
        settings.TRUSTED_PROXY_HOPS = request.getfixturevalue("hops")


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, None, PEER),
        (0, "192.0.2.1", PEER),
        (0, "192.0.2.1, 192.0.2.2", PEER),
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "203.0.113.9, 192.0.2.1", "192.0.2.1"),
        (1, "10.0.0.1,10.0.0.2,192.0.2.1", "192.0.2.1"),
        (2, "192.0.2.1, 10.0.0.1", "192.0.2.1"),
        (2, "203.0.113.9, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
        (3, "192.0.2.1 ,10.0.0.2,  10.0.0.1 ", "192.0.2.1"),
        # It did not come through all of ours.
        (1, None, PEER),
        (2, "192.0.2.1", PEER),
        (2, None, PEER),
    ],
)
def test_the_client_stands_as_many_places_from_the_right_as_there_are_proxies(hops, forwarded, expected):
    assert address(hops, forwarded) == expected


@pytest.mark.parametrize("hops", [0, 1, 2])
@pytest.mark.parametrize(
    "header", ["HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_CLIENT_IP", "HTTP_TRUE_CLIENT_IP", "HTTP_CF_CONNECTING_IP"]
)
def test_no_other_header_counts(hops, header):
    assert address(hops, **{header: "192.0.2.1"}) == PEER


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
    ],
)
def test_of_ipv6_it_is_the_64_and_a_mapped_ipv4_is_that(written, expected):
    assert network(written) == expected


@pytest.mark.parametrize("hops", [1])
@pytest.mark.parametrize(
    "garbage",
    ["", "unknown", "_hidden", "192.0.2", "192.0.2.256", "localhost", "a" * 5000, "1\0", "१९२.0.2.1", "1.2.3.4/8"],
)
def test_garbage_is_one_unknown_client_and_no_failure(hops, garbage):
    assert address(hops, f"192.0.2.1, {garbage}") == address(hops, f"{garbage},") == "unknown"
    assert network(garbage) == "unknown"


@pytest.mark.parametrize("hops", [0])
@pytest.mark.parametrize("peer", ["", "unix:"])
def test_so_is_a_peer_without_an_address(hops, peer):
    assert address(hops, peer=peer) == "unknown"
