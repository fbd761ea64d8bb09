"""Telephone numbers as they are dictated: which of them were probably mistyped. Knows no customer.

Nothing is refused: extensions, foreign numbers and service numbers of any length exist.
"""

from __future__ import annotations

import re

from svcctl.domain.problems import N_, Message

_MOBILE = re.compile(r"1[3-9]\d*")
"""How a mobile number of the People's Republic begins; it has eleven digits."""
_MOBILE_DIGITS = 11
_FEWEST = 3  # 110, 119, 120


def doubt(phone: str) -> Message | None:
    """Return why ``phone`` is probably mistyped, or None."""
    if re.search(r"[-/;,转#]\s*\d{1,5}$", phone):
        return None  # an extension follows, and its digits are not the number's
    digits = re.sub(r"^(?:\+|00)86", "", re.sub(r"[^\d+]", "", phone))
    if len(digits) < _FEWEST:
        return Message(N_("“{phone}” does not look like a phone number"), {"phone": phone})
    if _MOBILE.fullmatch(digits) and 8 < len(digits) < 14 and len(digits) != _MOBILE_DIGITS:
        return Message(
            N_("“{phone}” has {digits} digits, and a mobile number has {usual}: one mistyped?"),
            {"phone": phone, "digits": str(len(digits)), "usual": str(_MOBILE_DIGITS)},
        )
    return None
