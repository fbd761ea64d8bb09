"""Examples of family E4: the department's own rules. Data only."""

from __future__ import annotations

from svcctl.domain.checks.examples.sound import (
    ARRIVED,
    BEGUN,
    CALLED,
    CONTACTED,
    DONE,
    FINISHED,
    OPENED,
    POLICY,
    RETURNED,
    TICKET,
    Edit,
    Example,
    Put,
    Told,
    ticket,
    told,
    written,
)
from svcctl.domain.problems import N_

_EARLY = "2026-11-17T09:30:00+08:00"


def _story(*events: Told) -> tuple[Put]:
    return (Put(TICKET, ticket(*events)),)


EXAMPLES = (
    Example(
        "E401",
        N_(
            "Every request and complaint is answered within the time that the policy sets, 24 hours "
            "round the clock. Nobody reached the customer in time."
        ),
        (Put(TICKET, ticket(OPENED, kind="inquiry")),),
        f"{TICKET}:11:1",
    ),
    Example(
        "E402",
        N_(
            "The engineer calls the customer at once, usually within three minutes, to agree on the "
            "visit and to confirm model and fault."
        ),
        (
            Edit(
                TICKET,
                '16T09:02:00+08:00", "noted": "2026-11-16T09:02',
                '16T09:07:00+08:00", "noted": "2026-11-16T09:07',
            ),
        ),
        f"{TICKET}:11:1",
    ),
    Example(
        "E403",
        N_(
            "The slip of a visit is handed in within two days of the request. An explanation in time "
            "with `svcctl slip explain` excuses."
        ),
        _story(*BEGUN, ARRIVED),
        f"{TICKET}:11:1",
    ),
    Example(
        "E404",
        N_(
            "The day after the work is done somebody asks the customer whether the unit works. A call "
            "on the same day is too early to tell."
        ),
        _story(
            OPENED, CONTACTED, told("17T11:00", "eng1", "finished", result="by-phone", over="1SHA")
        ),
        f"{TICKET}:13:1",
    ),
    Example(
        "E405",
        N_(
            "Within two days of the slip's hand-in the customer is asked about the use of the unit "
            "and about the engineer."
        ),
        _story(
            *DONE, CALLED, {**RETURNED, "at": written("18T16:00"), "noted": written("18T16:00")}
        ),
        f"{TICKET}:18:1",
        "2026-11-21T12:00:00+08:00",
    ),
    Example(
        "E406",
        N_(
            "Paid work begins when the customer has accepted the fee, and the acceptance is written "
            "down before anybody is sent. Only an emergency may come first."
        ),
        _story(
            *BEGUN,
            told("16T14:00", "mgr1", "reviewed", cover="paid", over="4SHA"),
            told(
                "16T14:10",
                "desk1",
                "dispatched",
                to="eng1",
                visit="2026-11-18T10:00:00+08:00",
                over="5SHA",
            ),
        ),
        f"{TICKET}:16:1",
        _EARLY,
    ),
    Example(
        "E407",
        N_(
            "Work is given to somebody else only with the approval of the responsible lead. The "
            "person named here may not approve, by the roles in the policy."
        ),
        _story(
            *BEGUN,
            told(
                "16T14:00",
                "desk1",
                "reassigned",
                to="eng1",
                approved="desk1",
                reason="路线冲突",
                over="4SHA",
            ),
        ),
        f"{TICKET}:15:1",
        _EARLY,
    ),
    Example(
        "E408",
        N_(
            "A callback counts for an expense claim when somebody other than the engineer who did "
            "the work made it."
        ),
        _story(*DONE, RETURNED, {**CALLED, "by": "eng1"}),
        f"{TICKET}:18:1",
    ),
    Example(
        "E409",
        N_(
            "The slip has three copies, and the third stays with the customer after every visit. "
            "Here the customer did not take it."
        ),
        _story(*DONE, {**RETURNED, "third-copy": "refused"}, CALLED),
        f"{TICKET}:17:1",
    ),
    Example(
        "E410",
        N_(
            "A slip that comes back says what was found, what was done, on which product, and what "
            "the customer thinks of it. One of these is not recorded."
        ),
        (Edit(TICKET, ', "action": "更换电容"', ""),),
        f"{TICKET}:17:1",
    ),
    Example(
        "E411",
        N_("The customer signs the slip; where the customer does not, the reason is recorded."),
        _story(*DONE, {**RETURNED, "signed": False}, CALLED),
        f"{TICKET}:17:1",
    ),
    Example(
        "E412",
        N_(
            "A dissatisfied answer, or a score below the policy's limit, opens a complaint about the "
            "ticket, so that it is investigated and answered."
        ),
        _story(*DONE, RETURNED, {**CALLED, "opinion": "dissatisfied"}),
        f"{TICKET}:18:1",
    ),
    Example(
        "E413",
        N_(
            "What happened was written down later than the policy allows. Deadlines follow the time "
            "at which it happened, so this is where they could be mended after the fact."
        ),
        _story(*DONE, RETURNED, {**CALLED, "noted": written("19T16:00")}),
        f"{TICKET}:18:1",
    ),
    Example(
        "E414",
        N_(
            "Two desks gave a value without having seen each other's. The later line applies, both "
            "are shown, and nobody can change the value until it is settled."
        ),
        (
            Put(
                "records/desks/BJA.yaml",
                b'format: 1\nid: BJA\nregistered: "2026-11-01T08:00:00+08:00"\n',
            ),
            *_story(
                OPENED,
                CONTACTED,
                told("16T09:10", "mgr1", "quoted", amount="100.00"),
                told("16T09:20", "desk1", "quoted", desk="BJA", amount="120.00", over="3SHA"),
                told("16T09:21", "desk1", "quoted", n=4, amount="150.00", over="3SHA"),
            ),
        ),
        f"{TICKET}:15:1",
        "2026-11-16T10:00:00+08:00",
    ),
    Example(
        "E415",
        N_(
            "In an emergency the engineer goes first; review, and acceptance where the work is paid, "
            "follow within the policy's time."
        ),
        _story(
            OPENED,
            CONTACTED,
            told(
                "16T09:20",
                "desk1",
                "dispatched",
                to="eng1",
                visit="2026-11-17T10:00:00+08:00",
                emergency="漏电",
                over="1SHA",
            ),
            {**ARRIVED, "over": "3SHA"},
            {**FINISHED, "over": "4SHA"},
            RETURNED,
            CALLED,
        ),
        f"{TICKET}:13:1",
    ),
    Example(
        "E416",
        N_(
            "The slip shows the customer whom to call. The policy in force has no number for it; a "
            "new ledger's has none yet."
        ),
        (Edit(POLICY, 'service-phone: "400-000-0000"', 'service-phone: ""'),),
        f"{POLICY}:7:16",
    ),
    Example(
        "E417",
        N_(
            "An engineer who explained a late slip said until when it would come. That day has "
            "passed without it."
        ),
        _story(
            *BEGUN,
            ARRIVED,
            told(
                "18T16:00",
                "eng1",
                "slip-explained",
                reason="客户出差",
                promised="2026-11-19",
            ),
        ),
        f"{TICKET}:16:1",
    ),
    Example(
        "E418",
        N_(
            "Nothing can be written down before it happens: the time was mistyped, or the clock of "
            "that computer was wrong. Deadlines would follow the wrong time."
        ),
        _story(*DONE, RETURNED, {**CALLED, "noted": written("18T09:00")}),
        f"{TICKET}:18:1",
    ),
    Example(
        "E428",
        N_(
            "An appointment, or a time that was promised, was amended when it was over already. What is "
            "due is judged by the new time from the beginning on, so whoever looks at the verdict has "
            "to know of it; `svcctl why` names the line, too."
        ),
        _story(
            *BEGUN,
            told("17T10:20", "eng1", "arrived", over="4SHA"),
            told(
                "17T10:30",
                "desk1",
                "amended",
                target="4SHA",
                field="visit",
                value="2026-11-17T10:30:00+08:00",
                reason="约的是 10:30",
            ),
            {**FINISHED, "over": "5SHA"},
            RETURNED,
            CALLED,
        ),
        f"{TICKET}:16:1",
    ),
    Example(
        "E419",
        N_(
            "A department adds obligations of its own to its policy. One of them was not met in "
            "time; how bad that is stands in the policy."
        ),
        (
            Edit(
                POLICY,
                "obligations:\n",
                "obligations:\n"
                "  told-result: {for: [repair], per: cycle, starts: finished, within: 2h, "
                "clock: work, met-by: [told], owner: coordinator}\n",
            ),
        ),
        f"{TICKET}:16:1",
    ),
)
