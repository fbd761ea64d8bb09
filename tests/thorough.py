"""How hard the tests try: quickly and always alike, or, with ``SVCCTL_TESTS=thorough``, as promised.

``make thorough`` runs so what breaks, tampers, loads and plays at random: hours on two cores.
"""

from __future__ import annotations

import os

from hypothesis import settings

THOROUGH = os.environ.get("SVCCTL_TESTS") == "thorough"


def often(usual: int, thorough: int) -> int:
    """How often something is done in the everyday suite, and when thorough."""
    return thorough if THOROUGH else usual


def effort(usual: int) -> settings:
    """``usual`` examples, always the same; when thorough fifty times as many, new ones."""
    return settings(max_examples=often(usual, usual * 50))
