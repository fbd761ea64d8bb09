"""Examples of the codes E230 to E240: what can be wrong with a calendar. Data only."""

from __future__ import annotations

from svcctl.domain.checks.examples.sound import CALENDAR, TICKET, Edit, Example, Put, ticket, told
from svcctl.domain.problems import N_

_SUNDAY = 'sun: ["08:00-17:30"]'
_OLD = "SHA-031215-01M"

EXAMPLES = (
    Example(
        "E230",
        N_("A part of the calendar has another shape than the format wants."),
        (Edit(CALENDAR, _SUNDAY, "sun: closed"),),
        f"{CALENDAR}:11:8",
    ),
    Example(
        "E231",
        N_("A calendar has few keys, and this is none of them: perhaps mistyped."),
        (Edit(CALENDAR, "makeup: mon", "makeup: mon\nlunch: mon"),),
        f"{CALENDAR}:13:1",
    ),
    Example(
        "E232",
        N_(
            "The ledger's days, weeks and deadlines are those of one time zone, which has to exist."
        ),
        (Edit(CALENDAR, "timezone: Asia/Shanghai", "timezone: Beijing"),),
        f"{CALENDAR}:2:11",
    ),
    Example(
        "E233",
        N_("A window is the time from an opening to a closing; this text is none."),
        (Edit(CALENDAR, _SUNDAY, 'sun: ["08:00-25:30"]'),),
        f"{CALENDAR}:11:9",
    ),
    Example(
        "E234",
        N_("Two windows of a day overlap, so that working time would be counted twice."),
        (Edit(CALENDAR, _SUNDAY, 'sun: ["08:00-12:00", "11:00-17:30"]'),),
        f"{CALENDAR}:11:8",
    ),
    Example(
        "E235",
        N_("A day that the calendar treats apart is named by a date that exists."),
        (Edit(CALENDAR, "days: {}  ", "days: {2026-02-30: []}  "),),
        f"{CALENDAR}:13:8",
    ),
    Example(
        "E236",
        N_("Where no day ever opens, no deadline could ever be computed."),
        (
            Put(
                CALENDAR,
                b"timezone: Asia/Shanghai\nholidays: CN\nweek:\n  mon: []\n  sun: []\n",
            ),
        ),
        f"{CALENDAR}:4:3",
    ),
    Example(
        "E237",
        N_("Statutory holidays are known by the code of their country, or switched off."),
        (Edit(CALENDAR, "holidays: CN  ", "holidays: XX  "),),
        f"{CALENDAR}:3:11",
    ),
    Example(
        "E238",
        N_("The days of the week have fixed short names."),
        (Edit(CALENDAR, "makeup: mon", "makeup: day"),),
        f"{CALENDAR}:12:9",
    ),
    Example(
        "E239",
        N_(
            "A deadline of this ledger lies in a year whose statutory holidays are not known, mostly "
            "because they are not published yet. Its days follow the week alone, so a deadline near "
            "a holiday may move when the days become known."
        ),
        (
            Put(TICKET, None),
            Put(
                f"records/tickets/2003/12/{_OLD}.yaml",
                ticket(
                    told("2003-12-15T09:00:00+08:00", "desk1", "opened"),
                    told("2003-12-15T09:30:00+08:00", "desk1", "replied", words="已答复"),
                    told("2003-12-15T09:40:00+08:00", "desk1", "closed", over="1SHA"),
                    id=_OLD,
                    kind="inquiry",
                    opened="2003-12-15T09:00:00+08:00",
                ),
            ),
        ),
        f"{CALENDAR}:3:11",
    ),
    Example(
        "E240",
        N_(
            "The State Council moves working days to weekends. Such a day opens as the weekday that "
            "`makeup` names, and this one is closed, so that no deadline would count the day."
        ),
        (Edit(CALENDAR, _SUNDAY, "sun: []"), Edit(CALENDAR, "makeup: mon", "makeup: sun")),
        f"{CALENDAR}:12:9",
    ),
)
