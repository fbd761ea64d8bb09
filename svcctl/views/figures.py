"""How amounts, times and names look on paper. Knows formats; not where the numbers come from.

Everything here is a pure function of its arguments and of the language in force.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, tzinfo

_PERIOD = re.compile(r"(\d{1,6})(s|m|h|d|w|mo|y)")
_AMOUNT = re.compile(r"-?\d+(\.\d+)?")
_SEVERAL = re.compile(r"([,,;;/、])")
_DISTRICT = re.compile(r"^.{1,24}(?:省|自治区|特别行政区|市|区|县|旗|盟|州)")
MASKED = "****"


def percent_text(numerator: int, denominator: int) -> str:
    """A ratio as a percentage with one decimal; "no data" when nothing was counted.

    Rounding never claims more than there is: 1999 of 2000 is 99.9 %, 1 of 5000 is 0.1 %.
    """
    from svcctl.views.language import _

    if denominator <= 0:
        return _("no data")
    tenths = (2000 * numerator + denominator) // (2 * denominator)
    if numerator < denominator:
        tenths = min(tenths, 999)
    if numerator > 0:
        tenths = max(tenths, 1)
    return _("{n} %").format(n=f"{tenths // 10}.{tenths % 10}")


def points_text(tenths: int) -> str:
    """A change in tenths of a percentage point, always with its sign."""
    from svcctl.views.language import _

    sign = "+" if tenths > 0 else "\N{MINUS SIGN}" if tenths < 0 else "±"
    return _("{n} points").format(n=f"{sign}{abs(tenths) // 10}.{abs(tenths) % 10}")


def duration_text(seconds: int) -> str:
    """A length of time in its two largest units; a negative one carries a minus sign."""
    from svcctl.views.language import _

    sign = "\N{MINUS SIGN}" if seconds < 0 else ""
    minutes, s = divmod(abs(seconds), 60)
    hours, m = divmod(minutes, 60)
    d, h = divmod(hours, 24)
    if d:
        text = _("{d} d {h} h").format(d=d, h=h) if h else _("{d} d").format(d=d)
    elif h:
        text = _("{h} h {m} min").format(h=h, m=m) if m else _("{h} h").format(h=h)
    elif m:
        text = _("{m} min {s} s").format(m=m, s=s) if s else _("{m} min").format(m=m)
    else:
        text = _("{s} s").format(s=s)
    return sign + text


def period_text(period: str) -> str:
    """``24mo`` as words; a text of another shape is given back as it is."""
    from svcctl.views.language import _

    found = _PERIOD.fullmatch(period.strip())
    if not found:
        return period
    words = {
        "s": _("{n} seconds"),
        "m": _("{n} minutes"),
        "h": _("{n} hours"),
        "d": _("{n} days"),
        "w": _("{n} weeks"),
        "mo": _("{n} months"),
        "y": _("{n} years"),
    }
    return words[found[2]].format(n=int(found[1]))


def instant_text(when: datetime | None, zone: tzinfo | None) -> str:
    """An instant in the ledger's zone, to the minute; nothing for nothing."""
    if when is None:
        return ""
    return when.astimezone(zone).strftime("%Y-%m-%d %H:%M") if zone else f"{when:%Y-%m-%d %H:%M}"


def due_text(when: datetime | None, zone: tzinfo | None) -> str:
    """A due time in the ledger's zone; midnight is the end of the day before, 24:00."""
    if when is None:
        return ""
    local = when.astimezone(zone) if zone else when
    if local.timetz().replace(tzinfo=None) == time(0):
        return f"{local.date() - timedelta(days=1)} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


def clock_text(when: datetime | None, zone: tzinfo | None) -> str:
    """Only the time of day of an instant in the ledger's zone."""
    return instant_text(when, zone)[-5:]


def date_text(day: date | None) -> str:
    """A day as it is sorted; nothing for nothing."""
    if day is None:
        return ""
    return (day.date() if isinstance(day, datetime) else day).isoformat()


def money_text(amount: str, currency: str = "CNY") -> str:
    """A decimal string with its currency and thousands apart; other texts are given back."""
    amount = amount.strip()
    if not _AMOUNT.fullmatch(amount):
        return amount
    whole, point, cents = amount.partition(".")
    text = f"{int(whole):,}{point}{cents}"
    if whole.startswith("-") and not text.startswith("-"):
        text = "-" + text
    return f"¥{text}" if currency == "CNY" else f"{currency} {text}"


def mask_phone(phone: str) -> str:
    """Every number in ``phone`` with its middle hidden: 138****8000 (reports; slips show it all)."""
    return "".join(_mask_number(part) for part in _SEVERAL.split(phone))


def _mask_number(text: str) -> str:
    digits = [i for i, char in enumerate(text) if char.isdigit()]
    if len(digits) >= 11:
        head, tail = 3, 4
    elif len(digits) >= 7:
        head, tail = 2, 2
    else:
        head, tail = 0, 0
    hidden = set(digits[head : len(digits) - tail])
    return "".join("*" if i in hidden else char for i, char in enumerate(text))


def mask_email(email: str) -> str:
    """An address of electronic mail with its first letter and its domain: z***@example.com."""
    name, at, domain = email.strip().rpartition("@")
    return f"{name[:1]}{MASKED}{at}{domain}" if at and name else MASKED if email.strip() else ""


def mask_address(address: str) -> str:
    """An address down to its district; street, house and room are hidden."""
    address = address.strip()
    found = _DISTRICT.match(address)
    if found:
        return found[0] + MASKED
    return MASKED if not address or address[0].isascii() else address[:2] + MASKED
