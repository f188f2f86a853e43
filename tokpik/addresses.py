"""Where a request comes from, for limits: told by proxies of ours, never by whatever header is sent."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's address; of IPv6 the /64, since that is what one customer has.

    With `TRUSTED_PROXY_HOPS` proxies of ours in front, each appends the address that it saw: the client is as many
    places from the right of X-Forwarded-For. A shorter header did not come through all of them, and is not believed.
    """
    hops = settings.TRUSTED_PROXY_HOPS
    header = request.META.get("HTTP_X_FORWARDED_FOR", "").strip()
    forwarded = [part.strip() for part in header.split(",")] if header else []
    peer = request.META.get("REMOTE_ADDR", "")
    return network(forwarded[-hops] if 0 < hops <= len(forwarded) else peer)


def network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
