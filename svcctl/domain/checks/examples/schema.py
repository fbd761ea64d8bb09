"""Examples of family E2, records and policies: what a record says that it may not say. Data only."""

from __future__ import annotations

from svcctl.domain.checks.examples.sound import (
    BEGUN,
    CALENDAR,
    CUSTOMER,
    POLICY,
    TICKET,
    Edit,
    Example,
    Git,
    Put,
    ticket,
    told,
)
from svcctl.domain.problems import N_

BEIJING = b'format: 1\nid: BJA\nregistered: "2026-11-01T08:00:00+08:00"\n'
_SOON = "2026-11-16T10:00:00+08:00"

EXAMPLES = (
    Example(
        "E201",
        N_(
            "The declaration of this kind of record has no such key. It may be mistyped, or belong "
            "into another record; nothing is guessed."
        ),
        (Edit(TICKET, "priority: normal", "priority: normal\ncolour: red"),),
        f"{TICKET}:9:9",
    ),
    Example(
        "E202",
        N_("The declaration of this kind of record asks for a key that is not there."),
        (Edit(TICKET, "subject: 不制冷\n", ""),),
        f"{TICKET}:1:1",
    ),
    Example(
        "E203",
        N_(
            "The text of a value cannot be what its key stands for: no date, no such word, no id. "
            "It is not replaced by a guess."
        ),
        (Edit(TICKET, "priority: normal", "priority: yesterday"),),
        f"{TICKET}:8:11",
    ),
    Example(
        "E204",
        N_(
            "The file was written by a newer svcctl in a format that this one does not know. It "
            "stays as it is and is not used."
        ),
        (Edit(TICKET, "format: 1", "format: 2"),),
        f"{TICKET}:1:9",
    ),
    Example(
        "E205",
        N_("Each event says in `do` what happened, in one of the words the declaration knows."),
        (Edit(TICKET, '"do": "arrived"', '"do": "landed"'),),
        f"{TICKET}:15:114",
    ),
    Example(
        "E206",
        N_(
            "A ticket begins with the event of its opening. Without any event nobody knows who took "
            "it, or when."
        ),
        (Put(TICKET, ticket().replace(b"events:\n", b"events: []\n")),),
        f"{TICKET}:1:1",
    ),
    Example(
        "E207",
        N_(
            "The table of states says what may follow what. This event stands where it cannot "
            "follow, mostly because two desks wrote at the same time or a line was added by hand. "
            "It is kept and shown, and changes nothing."
        ),
        (Put(TICKET, ticket(*BEGUN, told("16T09:30", "desk1", "closed"))),),
        f"{TICKET}:15:1",
        _SOON,
    ),
    Example(
        "E209",
        N_(
            "A void or an amendment names the event it corrects. The one named is not there, comes "
            "later, or was voided already."
        ),
        (
            Put(
                TICKET,
                ticket(
                    *BEGUN, told("16T09:30", "desk1", "voided", target="9SHA", reason="录入错误")
                ),
            ),
        ),
        f"{TICKET}:15:1",
        _SOON,
    ),
    Example(
        "E210",
        N_(
            "An amendment gives a field another value. That event has no such field, the field "
            "cannot be amended, or the value is none for it."
        ),
        (
            Put(
                TICKET,
                ticket(
                    *BEGUN,
                    told(
                        "16T09:30",
                        "desk1",
                        "amended",
                        target="head",
                        field="priority",
                        value="yesterday",
                        reason="录入错误",
                    ),
                ),
            ),
        ),
        f"{TICKET}:15:1",
        _SOON,
    ),
    Example(
        "E211",
        N_(
            "Two desks wrote at the same time, and what one wrote leaves no place for what the other did. "
            "Both are kept; one side counts, and the state is contested until somebody picks."
        ),
        (
            Put("records/desks/BJA.yaml", BEIJING),
            Put(
                TICKET,
                ticket(
                    *BEGUN,
                    told("16T09:30", "desk1", "cancelled", reason="客户取消", over="4SHA"),
                    told("16T09:40", "eng1", "arrived", desk="BJA", over="4SHA"),
                ),
            ),
        ),
        f"{TICKET}:16:1",
        _SOON,
        besides=("E414",),
    ),
    Example(
        "E212",
        N_(
            "What `svcctl customer erase` left of a card says when, by whom and why, and nothing of the "
            "person. Somebody put something there again, and it goes to every clone."
        ),
        (
            Edit(
                CUSTOMER,
                "name: 客户甲",
                'erased: "2026-11-18T10:00:00+08:00"\nerased-by: desk1\nreason: 客户要求\nname: 复活',
            ),
        ),
        f"{CUSTOMER}:6:7",
    ),
    Example(
        "E220",
        N_(
            "A policy key that nobody knows would be a rule that nobody applies; so the policy is "
            "not used at all until it is corrected."
        ),
        (Edit(POLICY, "back-dating: 24h", "back-dating: 24h\ncoffee: 10:00"),),
        f"{POLICY}:23:1",
    ),
    Example(
        "E221",
        N_(
            "A value of the policy cannot be what its key stands for: no span, no role, no event. "
            "The policy is not used until it is corrected, because half a rule is worse than none."
        ),
        (Edit(POLICY, "rework: 30d", "rework: soon"),),
        f"{POLICY}:24:9",
    ),
    Example(
        "E222",
        N_(
            "The policies under records/policy say what is owed, by whom and by when. Without one "
            "records can be read, but no deadline can be computed."
        ),
        (Put(POLICY, None),),
        "records/policy",
    ),
    Example(
        "E223",
        N_(
            "A policy counts working time and days by a calendar, which it names. The file of that "
            "name is not there."
        ),
        (Edit(POLICY, "calendar: CN ", "calendar: BJ "),),
        f"{POLICY}:11:11",
    ),
    Example(
        "E224",
        N_(
            "A policy or calendar was deleted, by a slip of the hand or on purpose, and not committed. "
            "Until it is, what git has of it goes on to apply: deadlines do not vanish with a file."
        ),
        (Git(("rm", "--quiet", CALENDAR)),),
        CALENDAR,
    ),
)
