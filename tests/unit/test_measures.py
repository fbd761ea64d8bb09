"""Each measure of the week, counted by hand on tickets made for it, to the second of its edges.

The week is 2026-W47: Monday 16 to Sunday 22 November, in Shanghai.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svcctl.desk.setup import shipped
from svcctl.domain import measures
from svcctl.domain.calendar import Calendar
from svcctl.domain.cases import Case, Event
from svcctl.domain.measures import Return, Sheet
from svcctl.domain.obligations import obligations
from svcctl.domain.policy import Book, Policy
from svcctl.domain.policy_reading import read_policy
from svcctl.domain.replay import replay
from svcctl.domain.schema import Value
from svcctl.domain.tally import Entry, Looked, Period, Tally, median
from svcctl.domain.ticket import TICKET
from svcctl.ledger import cardfile

CHINA = timezone(timedelta(hours=8))
START = datetime(2026, 11, 16, tzinfo=CHINA)
END = START + timedelta(7)
PERIOD = Period(START, END, END)
SECOND = timedelta(seconds=1)


def on(day: int, clock: str = "09:00:00") -> datetime:
    """A time of November 2026 in China, such as ``on(16, "09:05")``."""
    return datetime.fromisoformat(f"2026-11-{day:02d}T{clock}+08:00")


def made_policy(**lines: str) -> Policy:
    """The shipped policy, with the line of a key replaced."""
    text = shipped("policy.yaml").decode()
    for key, value in lines.items():
        old = next(line for line in text.splitlines() if line.strip().startswith(f"{key}:"))
        text = text.replace(old, old[: len(old) - len(old.lstrip())] + f"{key}: {value}")
    raw = cardfile.read_card(text.encode(), "policy")
    fields = raw.fields()
    return read_policy(
        "policy",
        date(2026, 1, 1),
        fields,
        raw.place,
        TICKET.events,
        TICKET.marks,
    )


def made_book(**lines: str) -> Book:
    raw = cardfile.read_card(shipped("calendar.yaml"), "calendar")
    calendar = Calendar.from_fields(raw.fields(), raw.place, "calendar")
    return Book([made_policy(**lines)], {"CN": calendar}, calendar.zone)


BOOK = made_book()
Told = tuple[datetime, str, dict[str, Value]]


def told(at: datetime, do: str, **fields: Value) -> Told:
    return at, do, {key.replace("_", "-"): value for key, value in fields.items()}


def sent(at: datetime, to: str = "eng1") -> Told:
    return told(at, "dispatched", to=to, visit=at + timedelta(days=1))


def ready(at: datetime) -> Told:
    return told(at, "reviewed", cover="free")


def fixed(at: datetime, result: str = "fixed") -> Told:
    return told(at, "finished", result=result)


def called(at: datetime, **answers: Value) -> Told:
    return told(at, "called-back", result="reached", **answers)


def ticket(
    opened: datetime,
    *happened: Told,
    name: str = "T1",
    kind: str = "repair",
    book: Book = BOOK,
    by: str = "desk1",
    **head: str,
) -> Looked:
    """A ticket after what happened to it, in the order given."""
    first: dict[str, Value] = {"id": name, "kind": kind, "opened": opened}
    first |= {"customer": "C1", "subject": "不制冷", **head}
    events = [Event(1, "SHA", opened, opened, by, "opened")]
    for n, (at, do, fields) in enumerate(happened, start=2):
        events.append(Event(n, "SHA", at, at, by, do, fields))
    state = replay(Case(TICKET, first, events))
    assert not state.strays, state.strays
    return Looked(state, obligations(state, book))


def sheet(
    *cases: Looked,
    period: Period = PERIOD,
    book: Book = BOOK,
    returns: Sequence[Return] = (),
    until: datetime | None = None,
) -> Sheet:
    return measures.measure(cases, period, book, lambda jobs: returns, until)


def ratio(tally: Tally) -> tuple[int, int]:
    return tally.numerator, tally.denominator


def done(opened: datetime, at: datetime, *after: Told, **more: Any) -> Looked:
    """A repair dispatched an hour after its opening and fixed at ``at``."""
    start = (ready(opened), sent(opened + timedelta(hours=1)))
    return ticket(opened, *start, fixed(at), *after, **more)


# Satisfaction ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ({"opinion": "satisfied"}, True),
        ({"opinion": "basically-satisfied"}, True),
        ({"opinion": "dissatisfied"}, False),
        ({"quality": 4, "attitude": 5, "speed": 4}, True),
        ({"quality": 5, "attitude": 5, "speed": 3}, False),
        ({"attitude": 4}, True),
        ({"opinion": "satisfied", "speed": 3}, True),
        ({"opinion": "satisfied", "speed": 1}, False),
        ({"working": "yes"}, None),
        ({"words": "谢谢"}, None),
    ],
)
def test_an_answer_is_satisfied_by_the_customers_word_else_by_scores_of_four_and_five(
    answers: dict[str, Value], verdict: bool | None
) -> None:
    event = Event(
        2, "SHA", on(17), on(17), "desk1", "called-back", {"result": "reached", **answers}
    )
    assert measures.is_satisfied(event, 2) is verdict


def test_satisfaction_is_over_answers_and_the_response_rate_over_customers_reached() -> None:
    opened, at = on(9), on(10)
    found = sheet(
        done(opened, at, called(on(16), opinion="satisfied"), name="A"),
        done(opened, at, called(on(17), opinion="basically-satisfied"), name="B"),
        done(opened, at, called(on(18), quality=2, attitude=5, speed=5), name="C"),
        done(opened, at, called(on(19), working="yes"), name="D"),
        done(opened, at, told(on(20), "called-back", result="unreached"), name="E"),
        done(opened, at, called(on(15), opinion="satisfied"), name="F"),
    ).tallies
    assert ratio(found["satisfaction"]) == (2, 3)
    assert ratio(found["response"]) == (3, 4)
    assert [entry.ticket for entry in found["satisfaction"].counted] == ["A", "B"]
    assert [entry.ticket for entry in found["satisfaction"].among] == ["A", "B", "C"]
    assert [e.ticket for e in found["satisfaction"].beside["basically-satisfied"]] == ["B"]
    assert found["satisfaction"].among[0].engineer == "eng1"


def test_without_an_answer_satisfaction_has_no_value() -> None:
    found = sheet(done(on(9), on(10), called(on(17), working="yes"))).tallies["satisfaction"]
    assert (found.value, ratio(found)) == (None, (0, 0))


# What is owed -----------------------------------------------------------------------------------


def test_a_reply_counts_in_the_week_it_falls_due_in_and_exactly_24_hours_is_in_time() -> None:
    def asked(name: str, opened: datetime, *happened: Told) -> Looked:
        return ticket(opened, *happened, name=name, kind="inquiry")

    reached = told(on(16), "contacted", result="reached")
    found = sheet(
        asked("exact", on(15), reached),
        asked("late", on(15), told(on(16, "09:00:01"), "replied")),
        asked("never", on(18)),
        asked("unreached", on(18), told(on(18), "contacted", result="unreached")),
        asked("due next week", on(22), told(on(22, "10:00"), "replied")),
        asked("due before", on(14, "09:00")),
        asked("cancelled", on(18), told(on(18, "10:00"), "cancelled", reason="-")),
    ).tallies["reply"]
    assert [entry.ticket for entry in found.among] == ["exact", "late", "never", "unreached"]
    assert [entry.ticket for entry in found.counted] == ["exact"]


def test_what_is_due_at_the_very_end_of_sunday_is_that_weeks() -> None:
    def asked(name: str, opened: datetime, *happened: Told) -> Looked:
        return ticket(opened, *happened, name=name, kind="inquiry")

    at_end = asked("24:00", END - timedelta(1))
    after = asked("one second later", END - timedelta(1) + SECOND)
    at_start = asked("24:00 of the Sunday before", START - timedelta(1))
    first = asked("first second", START - timedelta(1) + SECOND)
    found = sheet(at_end, after, at_start, first).tallies["reply"]
    assert [entry.ticket for entry in found.among] == ["24:00", "first second"]
    answered = asked("24:00", END - timedelta(1), told(END, "replied"))
    assert ratio(sheet(answered).tallies["reply"]) == (1, 1)


def test_each_obligation_counts_in_exactly_one_week() -> None:
    weeks = [
        Period(START + timedelta(7 * n), END + timedelta(7 * n), END + timedelta(7 * n))
        for n in (-1, 0, 1)
    ]
    cases = [
        ticket(START - timedelta(3) + timedelta(hours=6 * n), name=str(n), kind="inquiry")
        for n in range(40)
    ]
    counted = [
        e.ticket for week in weeks for e in sheet(*cases, period=week).tallies["reply"].among
    ]
    assert sorted(counted, key=int) == [str(n) for n in range(40)]


def test_what_is_met_after_the_week_stays_missed_in_it() -> None:
    late = ticket(on(18), told(END + SECOND, "replied"), kind="inquiry")
    assert ratio(sheet(late).tallies["reply"]) == (0, 1)


def test_in_a_week_that_is_not_over_only_what_has_fallen_due_counts() -> None:
    period = Period(START, END, on(18))
    found = sheet(
        ticket(on(16), name="due", kind="inquiry"),
        ticket(on(17, "10:00"), told(on(17, "10:05"), "replied"), name="early", kind="inquiry"),
        period=period,
    ).tallies["reply"]
    assert [entry.ticket for entry in found.among] == ["due"]


def test_the_first_call_has_three_minutes_and_shows_how_long_most_wait() -> None:
    def phoned(name: str, seconds: int | None) -> Looked:
        calls = (
            []
            if seconds is None
            else [told(on(17) + timedelta(seconds=seconds), "contacted", result="reached")]
        )
        return ticket(on(17), *calls, name=name)

    found = sheet(*(phoned(str(s), s) for s in (60, 120, 180, 181, 600))).tallies["first-call"]
    assert ratio(found) == (3, 5)
    assert (found.median(), found.ninetieth()) == (180, 600)
    found = sheet(phoned("a", 60), phoned("b", 120), phoned("never", None)).tallies["first-call"]
    assert ratio(found) == (2, 3)
    assert (found.median(), found.ninetieth()) == (120, None)


def test_a_slip_is_due_once_per_visit_and_an_explanation_takes_it_out() -> None:
    def visited(name: str, *after: Told) -> Looked:
        return done(on(16), on(16, "11:00"), *after, name=name)

    signed: dict[str, Value] = {"signed": True, "third_copy": "left"}
    found = sheet(
        visited("in time", told(on(18, "17:30"), "slip-returned", **signed)),
        visited("late", told(on(18, "17:30:01"), "slip-returned", **signed)),
        visited("explained", told(on(18), "slip-explained", reason="在途")),
        visited("missing"),
        visited(
            "explained, yet in time",
            told(on(17), "slip-explained", reason="在途"),
            told(on(18), "slip-returned", **signed),
        ),
        ticket(on(16), fixed(on(16, "10:00"), "by-phone"), name="no visit"),
    ).tallies["slip"]
    assert [e.ticket for e in found.counted] == ["in time", "explained, yet in time"]
    assert [e.ticket for e in found.among] == [
        "in time", "late", "missing", "explained, yet in time"
    ]  # fmt: skip
    assert [e.ticket for e in found.beside["excused"]] == ["explained"]
    assert {e.engineer for e in found.among} == {"eng1"}


def test_an_explanation_given_after_the_week_does_not_change_it() -> None:
    late = done(on(16), on(16, "11:00"), told(END + SECOND, "slip-explained", reason="忘了"))
    found = sheet(late).tallies["slip"]
    assert (ratio(found), found.beside) == ((0, 1), {})


def test_both_callbacks_count_each_by_its_own_time() -> None:
    opened, at = on(16), on(16, "16:00")
    back = told(on(17), "slip-returned", signed=True, third_copy="left")
    both = done(opened, at, back, called(on(17, "10:00"), working="yes"), name="both")
    first_late = done(opened, at, back, called(on(18, "17:31"), working="yes"), name="one")
    assert ratio(sheet(both).tallies["callback"]) == (2, 2)
    assert ratio(sheet(first_late).tallies["callback"]) == (1, 2)
    refused = done(opened, at, told(on(17), "called-back", result="refused"), name="refused")
    assert ratio(sheet(refused).tallies["callback"]) == (0, 0)


def test_an_imported_ticket_is_judged_on_what_its_map_supplied() -> None:
    def brought(supplied: str, **head: Any) -> Looked:
        first = told(on(18), "imported", supplied=supplied, status="closed")
        return ticket(on(16), first, kind="inquiry", **head)

    assert ratio(sheet(brought("finished")).tallies["reply"]) == (0, 0)
    assert ratio(sheet(brought("contacted")).tallies["reply"])[1] == 1
    start = (told(on(16), "imported", supplied="finished"), ready(on(16)), sent(on(16)))
    worked = sheet(ticket(on(16), *start, fixed(on(17))))
    assert [one[:2] for one in worked.finished] == [("repair", on(17))]
    assert ratio(worked.tallies["complaint-rate"]) == (0, 0)
    assert ratio(worked.tallies["rework"]) == (0, 0)
    with_unit = ticket(on(16), *start, fixed(on(17)), unit="SN1")
    assert ratio(sheet(with_unit).tallies["rework"]) == (0, 1)
    assert ratio(sheet(brought("contacted", wanted="2026-11-18")).tallies["completion"]) == (0, 0)
    found = sheet(brought("contacted closed", wanted="2026-11-18")).tallies["completion"]
    assert ratio(found) == (1, 1)


# Times ------------------------------------------------------------------------------------------


def test_first_contact_is_timed_from_the_dispatch_and_nobody_waits_who_was_reached_before() -> None:
    before = told(on(16, "09:01"), "contacted", result="reached")
    unreached = told(on(16, "12:00"), "contacted", result="unreached")
    after = told(on(16, "12:30"), "contacted", result="reached")
    there = told(on(17), "arrived")
    start = (ready(on(16)), sent(on(16, "10:00")))

    def lengths(*happened: Told) -> list[int | None]:
        return [e.seconds for e in sheet(ticket(on(16), *happened)).tallies["first-contact"].among]

    assert lengths(*start, unreached, after, there) == [9000]
    assert lengths(before, *start, after) == [0]
    assert lengths(*start, there) == [23 * 3600]
    assert lengths(before, *start, there) == [0]
    assert lengths(*start) == []
    assert lengths(ready(on(16)), sent(END - timedelta(hours=1)), told(END, "arrived")) == []


def test_the_new_engineers_clock_starts_when_the_task_is_passed_on() -> None:
    passed = told(on(16, "11:00"), "reassigned", to="eng2", approved="mgr1", reason="-")
    case = ticket(
        on(16), ready(on(16)), sent(on(16, "10:00")), passed,
        told(on(16, "11:20"), "contacted", result="reached"),
    )  # fmt: skip
    assert sheet(case).tallies["first-contact"].among[0][:3] == ("T1", "eng2", 1200)


def test_arrival_is_from_the_request_to_the_first_arrival_made_in_the_week() -> None:
    def came(name: str, opened: datetime, arrived: datetime) -> Looked:
        return ticket(opened, ready(opened), sent(opened), told(arrived, "arrived"), name=name)

    found = sheet(
        came("a", on(15), on(16)),
        came("b", on(16), on(16, "12:00")),
        came("c", on(16), on(16, "14:00")),
        came("before", on(14), START - SECOND),
        came("at the start", START - timedelta(hours=10), START),
        came("at the end", on(21), END),
    ).tallies["arrival"]
    assert [e.ticket for e in found.among] == ["a", "b", "c", "at the start"]
    assert found.median() == (5 + 10) * 3600 // 2
    again = ticket(
        on(16), ready(on(16)), sent(on(16)), told(on(17), "arrived"), fixed(on(17), "not-fixed"),
        sent(on(18)), told(on(19), "arrived"),
    )  # fmt: skip
    assert [e.seconds for e in sheet(again).tallies["arrival"].among] == [86400]


@given(st.lists(st.one_of(st.none(), st.integers(0, 10**6)), max_size=30))
def test_nine_of_ten_are_within_the_ninetieth_percentile(lengths: list[int | None]) -> None:
    tally = Tally("arrival")
    for seconds in lengths:
        tally.add(Entry("T", "", seconds), True)
    within = tally.ninetieth()
    if within is None:
        never = sum(1 for one in lengths if one is None)
        assert not lengths or 10 * (len(lengths) - never) < 9 * len(lengths)
    else:
        kept = [one for one in lengths if one is not None and one <= within]
        less = [one for one in lengths if one is not None and one < within]
        assert 10 * len(kept) >= 9 * len(lengths) > 10 * len(less)


def test_the_median_of_an_even_number_lies_between_the_middle_two() -> None:
    assert median([10, 20, 40, 90]) == 30
    assert median([3, 1, 2]) == 2
    assert median([]) is None
    assert median([1, 2, None, None]) is None
    assert median([1, 2, 3, None]) == 2


# Completion -------------------------------------------------------------------------------------


def test_completion_is_judged_when_the_day_wanted_is_over() -> None:
    def job(name: str, wanted: str, *happened: Told, **more: Any) -> Looked:
        start = (ready(on(9)), sent(on(9)))
        return ticket(on(9), *start, *happened, name=name, wanted=wanted, **more)

    found = sheet(
        job("at its last second", "2026-11-18", fixed(on(18, "23:59:59"))),
        job("the next day", "2026-11-18", fixed(on(19, "00:00:01"))),
        job("not yet", "2026-11-18"),
        job("not fixed", "2026-11-18", fixed(on(17), "not-fixed")),
        job("came back", "2026-11-18", fixed(on(16)), called(on(17), working="no")),
        job("refused", "2026-11-18", fixed(on(17), "refused")),
        job("cancelled", "2026-11-18", told(on(17), "cancelled", reason="-")),
        job("wanted Sunday", "2026-11-22", fixed(on(12))),
        job("wanted Sunday before", "2026-11-15", fixed(on(12))),
        job("wanted Monday", "2026-11-23", fixed(on(12))),
    ).tallies["completion"]
    assert [e.ticket for e in found.among] == [
        "at its last second", "the next day", "not yet", "not fixed", "came back", "wanted Sunday"
    ]  # fmt: skip
    assert [e.ticket for e in found.counted] == ["at its last second", "wanted Sunday"]


def test_without_a_day_wanted_the_moment_promised_counts_and_without_both_nothing() -> None:
    promised = "2026-11-18T12:00:00+08:00"
    start = (ready(on(9)), sent(on(9)))
    kept = ticket(on(9), *start, fixed(on(18, "12:00:00")), promised=promised)
    broken = ticket(on(9), *start, fixed(on(18, "12:00:01")), promised=promised)
    assert ratio(sheet(kept).tallies["completion"]) == (1, 1)
    assert ratio(sheet(broken).tallies["completion"]) == (0, 1)
    assert ratio(sheet(done(on(9), on(18))).tallies["completion"]) == (0, 0)


# Complaints, flow -------------------------------------------------------------------------------


def test_complaints_are_those_opened_and_services_those_finished_in_the_week() -> None:
    found = sheet(
        ticket(START, kind="complaint", name="first second"),
        ticket(START - SECOND, kind="complaint", name="too early"),
        ticket(END, kind="complaint", name="too late"),
        done(on(9), START, name="a"),
        done(on(9), END - SECOND, name="b"),
        done(on(9), END, name="next week"),
        ticket(on(9), ready(on(9)), sent(on(9)), fixed(on(17), "no-access"), name="no access"),
        ticket(on(9), ready(on(9)), sent(on(9)), fixed(on(17), "refused"), name="refused"),
    )
    rate = found.tallies["complaint-rate"]
    assert [e.ticket for e in rate.counted] == ["first second"]
    assert [e.ticket for e in rate.among] == ["a", "b"]
    assert [one[:2] for one in found.finished] == [("repair", START), ("repair", END - SECOND)]
    assert [one[:2] for one in found.opened] == [("complaint", START)]


def test_a_ticket_is_closed_in_the_week_it_ends_in_and_again_after_it_was_reopened() -> None:
    twice = done(
        on(9), on(10), told(on(13), "closed"), told(on(16), "reopened", reason="-"),
        sent(on(16)), fixed(on(17)), told(on(20), "closed"),
    )  # fmt: skip
    cancelled = ticket(on(16), told(on(17), "cancelled", reason="-"), kind="install")
    found = sheet(twice, cancelled)
    assert [one[:2] for one in found.closed] == [("repair", on(20)), ("install", on(17))]
    assert [one.state for one in found.closed] == ["closed", "cancelled"]
    assert [entry.engineer for entry in found.dispatched] == ["eng1"]


# Rework -----------------------------------------------------------------------------------------


def test_a_job_comes_back_by_the_customers_word_a_reopening_or_another_visit() -> None:
    at = on(17)
    cases = (
        done(on(16), at, name="good"),
        done(on(16), at, called(on(18), working="no"), name="not working"),
        done(on(16), at, told(on(18), "reopened", reason="-"), name="reopened"),
        done(on(16), at, sent(on(18)), name="sent again"),
        done(on(16), at, fixed(on(18), "not-fixed"), name="not fixed after all"),
        done(on(16), at, fixed(on(18)), name="written twice"),
        ticket(on(16), ready(on(16)), sent(on(16)), fixed(at, "parts-needed"), name="no job"),
    )
    found = sheet(*cases).tallies["rework"]
    assert ratio(found) == (4, 6)
    assert [e.ticket for e in found.counted] == [
        "not working", "reopened", "sent again", "not fixed after all"
    ]  # fmt: skip


def test_a_job_that_is_done_again_is_a_second_job() -> None:
    twice = done(on(16), on(17), called(on(18), working="no"), sent(on(18)), fixed(on(19)))
    assert ratio(sheet(twice).tallies["rework"]) == (1, 2)


def later(opened: datetime, **more: str) -> Return:
    values = {
        "ticket": "T2",
        "unit": "SN1",
        "category": "",
        "subject": "不制冷",
        "about": "",
    } | more
    return Return(**values, opened=opened)


@pytest.mark.parametrize(
    ("again", "counts"),
    [
        (later(on(18)), True),
        (later(on(18), subject=" 不制冷 "), True),
        (later(on(18), subject="漏水"), False),
        (later(on(18), unit="SN2"), False),
        (later(on(18), unit="", subject="漏水", about="T1"), True),
        (later(on(18), subject="又坏了", category="cooling"), True),
        (later(on(18), category="leak"), False),
        (later(on(17)), False),
        (later(on(18), ticket="T1"), False),
    ],
)
def test_a_later_request_is_rework_for_the_same_unit_and_fault_or_about_the_ticket(
    again: Return, counts: bool
) -> None:
    case = done(on(16), on(17), unit="SN1", category="cooling")
    found = sheet(case, returns=[again], until=END + timedelta(60))
    assert ratio(found.tallies["rework"]) == (int(counts), 1)


def test_the_window_of_rework_ends_with_its_last_day() -> None:
    case = done(on(16), on(17), unit="SN1")  # 30 days after 17 November: 17 December, 24:00
    close = datetime(2026, 12, 17, 17, 30, tzinfo=CHINA)
    for opened, counts in ((close, 1), (datetime(2026, 12, 18, tzinfo=CHINA) + SECOND, 0)):
        found = sheet(case, returns=[later(opened)], until=END + timedelta(60))
        assert ratio(found.tallies["rework"]) == (counts, 1)


def test_rework_is_seen_only_as_far_as_it_was_looked() -> None:
    case = done(on(16), on(17), called(END + timedelta(1), working="no"))
    assert ratio(sheet(case).tallies["rework"]) == (0, 1)
    assert ratio(sheet(case, until=END + timedelta(1)).tallies["rework"]) == (1, 1)


def test_without_a_window_in_the_policy_rework_is_not_measured() -> None:
    book = made_book(rework='""')
    assert ratio(sheet(done(on(16), on(17)), book=book).tallies["rework"]) == (0, 0)


# Inspections ------------------------------------------------------------------------------------


def test_every_unit_installed_before_the_year_is_due_once_in_it() -> None:
    units = {"A": "2024-05-01", "B": "2025-12-31", "C": "2026-01-01", "D": "", "E": "2020-02-29"}
    found = measures.inspection(units, ["A", "C", "X", "A"], 2026, date(2026, 11, 22))
    assert [e.ticket for e in found.among] == ["A", "B", "E"]
    assert [e.ticket for e in found.counted] == ["A"]
    assert measures.inspection({"C": "2026-01-01"}, ["C"], 2026, date(2026, 11, 22)).value is None


# The whole --------------------------------------------------------------------------------------


def test_an_empty_week_has_no_data_in_any_measure() -> None:
    found = sheet()
    assert set(found.tallies) == set(measures.NAMES)
    assert all(tally.value is None for tally in found.tallies.values())


def test_the_state_at_a_moment_is_the_one_of_what_had_happened_by_then() -> None:
    case = done(on(16), on(17), told(on(18), "closed"))
    moments = (on(16) - SECOND, on(16), on(17), on(18) - SECOND, on(18))
    assert [case.state_at(at) for at in moments] == [
        None,
        "ready",
        "finished",
        "finished",
        "closed",
    ]
    assert [case.is_open_at(at) for at in moments] == [False, True, True, True, False]
