"""Codes E230 to E240: what can be wrong with a calendar. Knows the words, not the reading.

``MESSAGES`` maps a code to severity, title, message and remedy (English templates). The places in
the templates are filled from ``Problem.args`` of the problems that ``domain.calendar_card`` makes.
"""

from __future__ import annotations

from svcctl.domain.problems import N_, Severity

MESSAGES: dict[str, tuple[Severity, str, str, str]] = {
    "E230": (
        "error",
        N_("calendar of the wrong shape"),
        N_("{key} is not {wanted}"),
        N_('write it as in {example}; [] means closed, and a window goes in quotes: "08:00-12:00"'),
    ),
    "E231": (
        "error",
        N_("unknown key in a calendar"),
        N_("{key} is not a key of a calendar"),
        N_("use only {known}"),
    ),
    "E232": (
        "error",
        N_("unknown time zone"),
        N_("{value} is not a known time zone"),
        N_("write an IANA name such as {example}"),
    ),
    "E233": (
        "error",
        N_("bad window"),
        N_("{value} in {key} is not a window of the day"),
        N_(
            "write opening and closing as HH:MM-HH:MM, from 00:00 to 24:00; a window over midnight "
            "is written 22:00-06:00, a whole day 00:00-24:00"
        ),
    ),
    "E234": (
        "error",
        N_("overlapping windows"),
        N_("the windows {first} and {second} in {key} overlap"),
        N_("write one window for both, or correct the times"),
    ),
    "E235": (
        "error",
        N_("bad date in a calendar"),
        N_("{value} in {key} is not a date"),
        N_("write a day that exists, as in {example}"),
    ),
    "E236": (
        "error",
        N_("calendar that never opens"),
        N_("the calendar never opens: neither the week nor a yearly day has a window that counts"),
        N_("give at least one weekday a window; a calendar that is always open has no week at all"),
    ),
    "E237": (
        "error",
        N_("unknown holidays"),
        N_("{value} is not a known set of statutory holidays"),
        N_("write CN (People's Republic of China, with make-up working days) or none"),
    ),
    "E238": (
        "error",
        N_("unknown weekday"),
        N_("{value} in {key} is not a weekday"),
        N_("write one of {known}"),
    ),
    "E239": (
        "warning",
        N_("year without statutory holidays"),
        N_("no statutory holidays are known for {year}; its days follow the weekly pattern alone"),
        N_(
            "install a newer version of the package {package}, or write the days into {key} of the "
            "calendar"
        ),
    ),
    "E240": (
        "warning",
        N_("make-up working days that never open"),
        N_("make-up working days have the windows of {value}, which has none: they stay closed"),
        N_("name a weekday with windows: `makeup: mon`; or close the days themselves under `days`"),
    ),
}
