"""How property tests draw their examples: the same ones on every machine, or new ones in plenty.

`pytest` alone draws from a fixed seed, so that it says the same everywhere. `PROPERTY_EXAMPLES=5000 pytest --timeout=0`
searches: it draws so many examples by chance for every property. What it finds is pinned with `@example`.
"""

import os

from hypothesis import HealthCheck, settings

_SEARCHED = int(os.environ.get("PROPERTY_EXAMPLES", "0"))
# Whether a machine is quick enough is no property of the code.
_WITHOUT_CLOCK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("same", parent=_WITHOUT_CLOCK, derandomize=True)
settings.register_profile("search", parent=_WITHOUT_CLOCK, derandomize=False, max_examples=_SEARCHED or 100)
settings.load_profile("search" if _SEARCHED else "same")


def examples(count: int) -> settings:
    """For properties that are slow to try: so many examples instead of 100, but all of them in a search."""
    return settings(max_examples=_SEARCHED or count)
