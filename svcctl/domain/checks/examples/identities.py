"""Examples of family E3: each record is who its file says it is, once, and refers to what exists."""

from __future__ import annotations

from svcctl.domain.checks.examples.sound import (
    ATTACHED,
    ATTACHMENT,
    BEGUN,
    CONTACTED,
    DISPATCHED,
    LOG,
    OPENED,
    REVIEWED,
    STORY,
    TICKET,
    TICKET_ID,
    UNIT,
    Edit,
    Example,
    Git,
    Put,
    log,
    ticket,
    told,
)
from svcctl.domain.problems import N_

_SOON = "2026-11-16T10:00:00+08:00"
_ELSEWHERE = TICKET.replace("2026/11", "2026/12")
_WRONG = TICKET.replace(TICKET_ID, "SHA-261116-02A")

EXAMPLES = (
    Example(
        "E301",
        N_(
            "A record's file has the name of its id. Where they differ, one of the two was changed "
            "by hand, or a file was copied; the record is not used until it is clear which is right."
        ),
        (Edit(TICKET, f"id: {TICKET_ID}", "id: SHA-261116-03E"),),
        f"{TICKET}:2:5",
    ),
    Example(
        "E302",
        N_(
            "The last character of an id is computed from all others, so that a mistyped id is "
            "noticed. This id cannot have been issued by any desk."
        ),
        (Put(TICKET, None), Put(_WRONG, ticket(*STORY, id="SHA-261116-02A"))),
        f"{_WRONG}:2:5",
    ),
    Example(
        "E303",
        N_(
            "Number and desk together name a line: an event of a ticket, or an entry of a journal's "
            "month. Two lines of one name cannot both be meant by it; the first counts."
        ),
        (
            Put(
                TICKET,
                ticket(*BEGUN, told("16T09:30", "desk1", "noted", n=4, words="客户要求提前到达")),
            ),
        ),
        f"{TICKET}:15:1",
        _SOON,
    ),
    Example(
        "E304",
        N_(
            "Two files hold a record of the same id: one was copied, or moved by hand in two clones. "
            "Whoever names the id may mean either."
        ),
        (Put(_ELSEWHERE, ticket(*STORY)),),
        f"{_ELSEWHERE}:2:5",
        besides=("E306",),
    ),
    Example(
        "E305",
        N_(
            "A record names a customer, a unit, a person or another ticket that is not in the "
            "ledger: a card was deleted, or a line written by hand."
        ),
        (Put(UNIT, None),),
        f"{TICKET}:7:7",
    ),
    Example(
        "E306",
        N_(
            "A ticket lies in the folder of the month in its id. Elsewhere commands that look it up "
            "by its id do not find it."
        ),
        (Put(TICKET, None), Put(_ELSEWHERE, ticket(*STORY))),
        _ELSEWHERE,
    ),
    Example(
        "E307",
        N_(
            "Events count in the order of their numbers, then desks. The lines of this file stand in "
            "another order, which changes nothing, but is harder to read."
        ),
        (
            Put(
                TICKET,
                ticket(
                    {**OPENED, "n": 1},
                    {**REVIEWED, "n": 3},
                    {**CONTACTED, "n": 2},
                    {**DISPATCHED, "n": 4},
                ),
            ),
        ),
        f"{TICKET}:13:1",
        _SOON,
    ),
    Example(
        "E308",
        N_(
            "Each line names the desk that wrote it, and each desk has a card. Two clones that write "
            "under one code, or one that nobody registered, could give the same number twice."
        ),
        (Put("records/desks/SHA.yaml", None),),
        f"{TICKET}:11:21",
    ),
    Example(
        "E309",
        N_(
            "Git is how records reach other desks and how changes are noticed. A record that git "
            "does not look at is read here, but is never committed, and a change of it is not seen."
        ),
        (Git(("update-index", "--assume-unchanged", UNIT)),),
        UNIT,
    ),
    Example(
        "E310",
        N_(
            "Files under records/ have fixed places and names. This one has none of them, so no "
            "command reads it."
        ),
        (Put("records/tickets/2026/11/SHA-261116-02G.yaml.bak", ticket(*STORY)),),
        "records/tickets/2026/11/SHA-261116-02G.yaml.bak",
    ),
    Example(
        "E311",
        N_(
            "An event says that a file was attached, and where. The file is not there, or git-lfs has "
            "left only its pointer."
        ),
        (Put(TICKET, ticket(*STORY, ATTACHED)),),
        f"{TICKET}:20:162",
    ),
    Example(
        "E312",
        N_(
            "An attached file is named by its content, and that content is another now: somebody "
            "changed the file."
        ),
        (Put(TICKET, ticket(*STORY, ATTACHED)), Put(ATTACHMENT, b"changed\n")),
        f"{TICKET}:20:162",
    ),
    Example(
        "E313",
        N_(
            "A file lies among the attachments, and no ticket says that it was attached. It was put "
            "there by hand, or a command was killed before it could write the line."
        ),
        (Put(ATTACHMENT, b"attached\n"),),
        ATTACHMENT,
    ),
    Example(
        "E314",
        N_(
            "A journal's file has one writer: the desk in its name. A line of another desk was written "
            "by hand, or copied from that desk's file."
        ),
        (Put(LOG, log(told("18T17:30", "eng1", "logged", desk="BJA", words="拜访三户"))),),
        f"{LOG}:5:1",
        besides=("E308",),
    ),
    Example(
        "E315",
        N_(
            "A journal has a file for each month, so that the entries of a month are found in one "
            "place. This entry happened in another month than the file's name says."
        ),
        (Put(LOG, log(told("2026-10-18T17:30:00+08:00", "eng1", "logged", words="拜访三户"))),),
        f"{LOG}:5:1",
    ),
    Example(
        "E316",
        N_(
            "A desk numbers the lines of its file from 1 on without a gap. Where a number is missing, "
            "a line was taken out; where git is absent nothing else tells of it."
        ),
        (
            Put(
                LOG,
                log(
                    told("18T17:30", "eng1", "logged", words="拜访三户"),
                    told("19T17:30", "eng1", "logged", n=3, words="整理备件"),
                ),
            ),
        ),
        f"{LOG}:6:1",
    ),
)
