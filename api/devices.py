"""What a device is called in the list of one's sessions: browser and system, nothing that tells two apart."""

import re

_BROWSERS = (
    ("Edg", "Edge"),
    ("CocCoc|coc_coc_browser", "Cốc Cốc"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrom(e|ium)|CriOS", "Chrome"),
    ("Safari", "Safari"),
    ("python-httpx|python-requests|curl", "API"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone|iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X|Macintosh", "macOS"),
    ("Linux|X11", "Linux"),
)


def device_of(user_agent: str) -> str | None:
    """A label from a ``User-Agent`` (RFC 9110, 10.1.5); none where nothing in it is known."""
    found = [
        next((name for pattern, name in kinds if re.search(pattern, user_agent[:500])), None)
        for kinds in (_BROWSERS, _SYSTEMS)
    ]
    return " · ".join(one for one in found if one is not None) or None
