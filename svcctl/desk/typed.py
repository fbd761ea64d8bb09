"""What people type for a field, in the form it is stored: times, dates, amounts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from svcctl.domain.problems import N_, Message, Usage
from svcctl.domain.schema import EXPECTED, Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from svcctl.desk.desk import Desk

_AMOUNT = re.compile(r"[¥￥]?\s*(-?\d{1,3}(?:,\d{3})+|-?\d+)(?:\.(\d{1,2}))?\s*(?:元|块|块钱)?")
_ALREADY = re.compile(r"\d{4}-\d{2}-\d{2}")


def stored_form(desk: Desk, field: Field, text: str, at: datetime | None = None) -> str:
    """Return ``text`` as ``field`` stores it. Raises ``Usage`` where it cannot be understood.

    Times and dates as ``read_time`` takes them, in the ledger's zone; of a field that names something
    to come, counted from ``at``, when what is being written happened (None: now). Amounts as
    ``120``, ``120.5``, ``1,200.00`` or with the currency's sign; lengths of time as ``24mo`` or
    24个月. What needs no reading comes back as it is.
    """
    if field.type in ("instant", "date", "moment"):
        return _stored_time(desk, field, text, at)
    if field.type == "money":
        from svcctl.domain.times import plain

        found = _AMOUNT.fullmatch(plain(text).strip())
        if found is None:
            raise Usage(
                "bad-amount",
                Message(N_("“{text}” is not an amount"), {"text": text}),
                Message(N_("such as 120, 120.50 or 1,200.00"), {}),
            )
        whole = str(int(found[1].replace(",", "")))
        return f"{whole}.{(found[2] or '').ljust(2, '0')}"
    if field.type == "flag":
        from svcctl.views.language import stored_word

        return stored_word(text, field.name, ("true", "false")) or text
    if field.type == "span":
        from svcctl.domain.spoken import read_length

        return str(read_length(text))
    if field.type == "score":
        from svcctl.domain.identity import half_width

        return half_width(text).strip().removesuffix("分")
    if field.type == "customer":
        from svcctl.desk.finding import customer_id

        return customer_id(desk, text)
    if field.type == "staff":
        return desk.staff(text.strip()).id
    if field.type == "word":
        return chosen(field.name, text, field.words)
    if field.name == "phone":
        from svcctl.domain.identity import half_width

        return half_width(text)  # else nobody finds it who types it on another keyboard
    return text


def _stored_time(desk: Desk, field: Field, text: str, at: datetime | None) -> str:
    """Return a time or date as ``field`` stores it; of a moment the hour only where it was said."""
    from svcctl.domain.times import format_instant, plain

    typed = plain(text)
    if field.type != "instant" and _ALREADY.fullmatch(typed):
        return typed
    moment = desk.read_time(text, (at or desk.now()) if field.ahead else None)
    if field.type == "instant" and not names_an_hour(typed):
        day = moment.date().isoformat() if typed.endswith(("前", "后")) else text  # 3天后 14:00
        raise Usage(
            "which-hour",
            Message(N_("“{text}” is a day; at what time?"), {"text": text}),
            Message(N_("such as {text} 14:00"), {"text": day}),
        )
    if field.type == "date" or (field.type == "moment" and not _SAYS_HOUR.search(typed)):
        return moment.date().isoformat()
    return format_instant(moment)


def chosen(key: str, text: str, words: Sequence[str]) -> str:
    """Return the one of ``words`` that ``text`` names: itself, its label or an everyday word for it.

    ``key`` is the field or option they are for. Raises ``Usage``, which lists the words and says
    which one may have been meant.
    """
    if text in words:
        return text
    from difflib import get_close_matches

    from svcctl.views.everyday import EVERYDAY
    from svcctl.views.language import option, stored_word, word

    typed = text.strip()
    found = stored_word(typed, key, words)
    if found is not None:
        return found
    named = {
        name.casefold(): one
        for one in words
        for name in (one, word(one, key), *EVERYDAY.get(f"{key}.{one}", "").split())
    }
    # Part of several labels, such as 修好 of 已修好 and 未修好, may mean either: never the opposite.
    near = [name for name in named if typed and typed.casefold() in name] or get_close_matches(
        typed.casefold(), named, n=1, cutoff=0.5
    )
    meant = list(dict.fromkeys(named[name] for name in near))
    shown = meant if len(meant) < 2 else [option(one, key) for one in meant]
    raise Usage(
        "bad-value",
        Message(
            N_("{key}: “{value}” is not {expected}"),
            {
                "key": key,
                "value": text[:80],
                "expected": EXPECTED["word"].replace(
                    "{words}", " | ".join(option(one, key) for one in words)
                ),
            },
        ),
        Message(N_("did you mean {near}?"), {"near": ", ".join(shown)}) if meant else None,
    )


def named_field(typed: str, known: Iterable[str]) -> str:
    """Return the one of the fields ``known`` that ``typed`` names, by its key or as it is shown.

    An event's field may have the event before it, ``3SHA.visit``. What names none comes back as it is.
    """
    from svcctl.views.language import stored_word

    event, dot, name = typed.strip().rpartition(".")
    start = event.upper() + dot
    keys = [one.removeprefix(start) for one in known if one.startswith(start)]
    found = name if name in keys else stored_word(name, "field", keys)
    return typed if found is None else start + found


_SAYS_HOUR = re.compile(r"[:点时分秒]|[ap]m$|^[-+] ?\d+ ?[smh]$")
_HOUR = re.compile(r"[:点时分秒]|[-+]\s*\d|[ap]m$|now|现在|刚才")


def names_an_hour(text: str) -> bool:
    """Whether a time, made narrow and small, says the hour (``14:00``, ``下午3点``, ``-10m``), and not
    only the day."""
    return _HOUR.search(text[8:] if _ALREADY.match(text) else text) is not None


def stored_fields(
    desk: Desk, fields: Mapping[str, Field], given: Mapping[str, str], at: datetime | None = None
) -> dict[str, str]:
    """Return everything given and not empty in its stored form; unknown keys as they are."""
    return {
        key: stored_form(desk, fields[key], text, at) if key in fields else text
        for key, text in given.items()
        if text != ""
    }
