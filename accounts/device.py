"""What to call the device of a login, for the list of a person's sessions."""

LONGEST = 500
SYSTEMS = [("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Macintosh", "Mac")]
SYSTEMS += [("CrOS", "Chromebook"), ("Linux", "Linux")]
# In this order: most browsers also name the ones that they descend from.
BROWSERS = [("KAKAOTALK", "카카오톡"), ("NAVER", "네이버"), ("SamsungBrowser", "Samsung Internet"), ("Whale", "Whale")]
BROWSERS += [("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome")]
BROWSERS += [("Chrome", "Chrome"), ("Safari", "Safari")]


def device_label(user_agent: str) -> str:
    """ "iPhone · Safari" from a User-Agent; "" when it says nothing that is known."""
    start = user_agent[:LONGEST]
    found = [next((name for mark, name in known if mark in start), "") for known in (SYSTEMS, BROWSERS)]
    return " · ".join(name for name in found if name)
