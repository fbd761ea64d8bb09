"""The declaration of tickets: what can follow what, as a table to read, and what it is made of."""

from __future__ import annotations

import pytest
from ticketplay import Told, at, event, policy_from, tell, wish

from svcctl.domain.cases import Case
from svcctl.domain.decide import decide
from svcctl.domain.following import HINTS
from svcctl.domain.patterns import Pattern
from svcctl.domain.problems import Refusal
from svcctl.domain.replay import over_of, replay
from svcctl.domain.ticket import ANYWHERE, TABLE, TICKET

OPEN_TO_ALL = policy_from("currency: CNY\n")

FREE: Told = ("11-16 09:05", "reviewed", {"cover": "free"})
PAID: Told = ("11-16 09:05", "reviewed", {"cover": "paid"})
SENT: Told = ("11-16 09:10", "dispatched", {"to": "w", "visit": "2026-11-17T10:00:00+08:00"})
FIXED: Told = ("11-17 11:00", "finished", {"result": "fixed"})
BROUGHT: Told = ("11-16 09:00", "imported", {"supplied": "opened"})

WAYS: dict[str, tuple[Told, ...]] = {
    "new": (),
    "quoting": (PAID,),
    "ready": (FREE,),
    "dispatched": (FREE, SENT),
    "on-site": (FREE, SENT, ("11-17 10:00", "arrived")),
    "waiting": (FREE, SENT, ("11-17 11:00", "finished", {"result": "parts-needed"})),
    "finished": (FREE, SENT, FIXED),
    "closed": (FREE, SENT, FIXED, ("11-18 10:00", "closed")),
    "declined": (("11-16 09:05", "reviewed", {"cover": "declined"}),),
    "cancelled": (("11-16 09:05", "cancelled", {"reason": "x"}),),
}
"""How a ticket comes into each state."""

FIELDS: dict[str, dict[str, str]] = {
    "opened": {},
    "imported": {"supplied": "opened"},
    "imported finished": {"supplied": "opened", "status": "finished"},
    "imported closed": {"supplied": "opened", "status": "closed"},
    "imported cancelled": {"supplied": "opened", "status": "cancelled"},
    "contacted": {"result": "reached"},
    "replied": {},
    "told": {},
    "noted": {"words": "x"},
    "attached": {"name": "x.txt", "sha256": "0" * 64, "size": "1", "type": "txt"},
    "reviewed free": {"cover": "free"},
    "reviewed paid": {"cover": "paid"},
    "reviewed declined": {"cover": "declined"},
    "quoted": {"amount": "1.00"},
    "accepted": {},
    "invoiced": {"number": "7"},
    "paid": {"amount": "1.00"},
    "dispatched": {"to": "w", "visit": "2026-11-20T10:00:00+08:00"},
    "dispatched emergency": {
        "to": "w",
        "visit": "2026-11-20T10:00:00+08:00",
        "emergency": "gas",
    },
    "dispatched elsewhere": {"to": "w", "visit": "2026-11-20T10:00:00+08:00", "from": "old"},
    "reassigned": {"to": "v", "approved": "m", "reason": "ill"},
    "arrived": {},
    "arrived elsewhere": {"from": "old"},
    "finished done": {"result": "fixed"},
    "finished again": {"result": "not-fixed"},
    "finished by-phone": {"result": "by-phone"},
    "finished done elsewhere": {"result": "fixed", "from": "old"},
    "finished again elsewhere": {"result": "not-fixed", "from": "old"},
    "damaged": {"words": "x"},
    "slip-returned": {"signed": "true", "third-copy": "left"},
    "slip-explained": {"reason": "x"},
    "called-back": {"result": "reached", "working": "yes"},
    "called-back broken": {"result": "reached", "working": "no"},
    "called-back unreached": {"result": "unreached", "working": "no"},
    "investigated": {"cause": "x"},
    "solution-known": {},
    "paused": {"for": "parts", "reason": "x"},
    "resumed": {},
    "closed": {},
    "closed elsewhere": {"from": "old"},
    "reopened": {"reason": "x"},
    "cancelled": {"reason": "x"},
    "amended": {"target": "head", "field": "subject", "value": "x", "reason": "x"},
    "voided": {"target": "2SHA", "reason": "x"},
    "settled": {"value": "engineer", "pick": "1SHA", "reason": "x"},
}
"""The events, where it matters in more than one form: the second word names the form."""

REPAIR = """
                      new        quoting    ready      dispatched on-site   waiting    finished   closed  declined cancelled
opened                -          -          -          -          -         -          -          -       -        -
contacted             =          =          =          =          =         =          =          =       =        =
replied               =          =          =          =          =         =          =          =       =        =
told                  =          =          =          =          =         =          =          =       =        =
noted                 =          =          =          =          =         =          =          =       =        =
attached              =          =          =          =          =         =          =          =       =        =
reviewed free         ready      ready      =          =          =         =          =          -       ready    -
reviewed paid         quoting    =          quoting    =          =         =          =          -       quoting  -
reviewed declined     declined   declined   declined   -          -         -          -          -       =        -
quoted                =          =          =          =          =         =          =          =       =        =
accepted              -          ready      =          =          =         =          =          -       -        -
invoiced              =          =          =          =          =         =          =          =       =        =
paid                  =          =          =          =          =         =          =          =       =        =
dispatched            -          -          dispatched =          =         dispatched dispatched -       -        -
dispatched emergency  dispatched dispatched dispatched =          =         dispatched dispatched -       -        -
reassigned            -          -          -          =          =         =          -          -       -        -
arrived               -          -          -          on-site    =         on-site    =          -       -        -
finished done         -          -          -          finished   finished  finished   =          -       -        -
finished again        -          -          -          waiting    waiting   =          waiting    -       -        -
finished by-phone     finished   finished   finished   finished   finished  finished   =          -       -        -
damaged               =          =          =          =          =         =          =          =       =        =
slip-returned         -          -          -          =          =         =          =          =       -        -
slip-explained        -          -          -          =          =         =          =          =       -        -
called-back           -          -          -          -          -         =          =          =       -        -
called-back broken    -          -          -          -          -         =          waiting    waiting -        -
called-back unreached -          -          -          -          -         =          =          =       -        -
investigated          =          =          =          =          =         =          =          =       =        =
solution-known        =          =          =          =          =         =          =          =       =        =
paused                =          =          =          =          =         =          =          =       =        =
resumed               =          =          =          =          =         =          =          =       =        =
closed                -          -          -          -          -         -          closed     -       -        -
reopened              -          -          -          -          -         -          waiting    waiting new      new
cancelled             cancelled  cancelled  cancelled  cancelled  cancelled cancelled  cancelled  -       -        -
amended               =          =          =          =          =         =          =          =       =        =
voided                -          new        new        -          -         -          -          -       new      new
settled               -          -          -          -          -         -          -          -       -        -
"""
"""What can happen to a repair (=: the state stays; -: refused)."""

COMPLAINT = """
                  new      quoting  ready    dispatched
closed            closed   closed   closed   -
finished by-phone finished finished finished finished
finished done     -        -        -        finished
called-back       -        -        -        -
slip-returned     -        -        -        =
"""
"""Where a complaint differs: it can be closed without a visit."""

IMPORTED = """
                         new        quoting    ready      dispatched on-site   waiting    finished   closed declined cancelled
imported                 =          -          -          -          -         -          -          -      -        -
imported finished        finished   finished   finished   finished   finished  finished   -          -      -        -
imported closed          closed     closed     closed     closed     closed    closed     closed     -      -        -
imported cancelled       cancelled  cancelled  cancelled  cancelled  cancelled cancelled  cancelled  -      -        -
dispatched elsewhere     dispatched dispatched dispatched =          =         dispatched dispatched -      -        -
arrived elsewhere        on-site    on-site    on-site    on-site    =         on-site    =          -      -        -
finished done elsewhere  finished   finished   finished   finished   finished  finished   =          -      -        -
finished again elsewhere waiting    waiting    waiting    waiting    waiting   =          waiting    -      -        -
closed elsewhere         closed     closed     closed     closed     closed    closed     closed     -      -        -
"""
"""What an import may bring besides: steps that skip others."""


def outcome(case: Case, form: str) -> str:
    """The state that follows when ``form`` happens to ``case``; ``=`` where it stays, ``-`` refused."""
    state = replay(case)
    do = form.split()[0]
    if form in forms(elsewhere=True):
        made = event(len(case.events) + 1, do, "11-20 10:00", FIELDS[form])
        made.over = over_of(state, made)
    else:
        try:
            made = decide(
                state, wish(do, "11-20 10:00", **FIELDS[form]), at("11-20 10:00"), OPEN_TO_ALL
            )
        except Refusal:
            return "-"
    after = replay(Case(case.kind, case.head, [*case.events, made]))
    if after.strays:
        return "-"
    return "=" if after.state == state.state else after.state


def drawn(forms: list[str], states: list[str], *first: Told, **head: str) -> str:
    """The table of what follows: a line per form of event, a column per state."""
    lines = [["", *states]]
    for form in forms:
        found = [outcome(tell(*first, *WAYS[state], **head), form) for state in states]
        lines.append([form, *found])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        " ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def forms(*, elsewhere: bool) -> list[str]:
    """The forms of events, those that only an import writes or all others."""
    return [f for f in FIELDS if (f.startswith("imported") or f.endswith("elsewhere")) == elsewhere]


def told(table: str) -> str:
    return "\n" + table + "\n"


def test_what_can_happen_to_a_repair_in_each_state() -> None:
    assert told(drawn(forms(elsewhere=False), list(WAYS))) == REPAIR


def test_a_complaint_can_be_closed_without_a_visit() -> None:
    some = ["closed", "finished by-phone", "finished done", "called-back", "slip-returned"]
    states = ["new", "quoting", "ready", "dispatched"]
    assert told(drawn(some, states, kind="complaint")) == COMPLAINT


def test_only_an_import_may_skip_steps() -> None:
    assert told(drawn(forms(elsewhere=True), list(WAYS), BROUGHT)) == IMPORTED


def test_the_tables_show_every_event_in_every_state() -> None:
    assert {form.split()[0] for form in FIELDS} == set(TICKET.events)
    assert list(WAYS) == list(TABLE)
    for state, way in WAYS.items():
        assert replay(tell(*way)).state == state


def test_the_declaration_speaks_only_of_what_it_declares() -> None:
    patterns = [p for row in TICKET.table.values() for found in row.values() for p, _ in found]
    for group in (TICKET.anywhere, TICKET.visit_starts, TICKET.cycle_starts):
        patterns += [pattern for found in group.values() for pattern in found]
    patterns += [Pattern.parse(text) for texts in TICKET.marks.values() for text in texts]
    values = {value for one in TICKET.events.values() for value in one.sets}
    places = {"number", "visits", "cycle", "attempt", "state"}
    known = values | places | set(TICKET.head.fields) | {f"had-{do}" for do in TICKET.events}
    for pattern in patterns:
        declared = TICKET.events[pattern.do]
        for condition in pattern.conditions:
            assert condition.field in known | set(declared.order), pattern.text
            field = declared.shape.fields.get(condition.field)
            if field is not None and field.type == "word":
                assert condition.words <= set(field.words), pattern.text
    for row in TICKET.table.values():
        assert {following for found in row.values() for _, following in found} <= set(TABLE)
    assert set(TABLE) >= TICKET.ended
    assert set(TICKET.head.fields) >= TICKET.amendable
    assert values.isdisjoint(TICKET.head.fields)


def test_every_value_that_an_event_sets_comes_from_a_field_of_it() -> None:
    for declared in TICKET.events.values():
        for value, field in declared.sets.items():
            assert (value == "state") == (field == "")
            assert field == "" or field in declared.shape.fields


@pytest.mark.parametrize(("state", "do"), sorted(HINTS))
def test_where_something_cannot_follow_the_remedy_says_what_comes_first(
    state: str, do: str
) -> None:
    form = next(form for form in ("finished done", do) if form.split()[0] == do)
    with pytest.raises(Refusal) as refused:
        decide(
            replay(tell(*WAYS[state])),
            wish(do, "11-20 10:00", **FIELDS[form]),
            at("11-20 10:00"),
            OPEN_TO_ALL,
        )
    assert refused.value.code == "does-not-follow"
    assert refused.value.remedy is not None
    assert refused.value.remedy.template == HINTS[state, do]


def test_anything_may_be_noted_in_any_state_without_changing_it() -> None:
    assert {"noted", "contacted", "replied", "amended", "voided", "settled"} <= set(ANYWHERE)
