"""Examples of family E1: what can be wrong with the bytes of a record file. Data only."""

from __future__ import annotations

from svcctl.domain.checks.examples.sound import (
    CARDS,
    CUSTOMER,
    ENGINEER,
    STORY,
    TICKET,
    UNIT,
    Edit,
    Example,
    Link,
    Put,
    ticket,
)
from svcctl.domain.problems import N_

_CUSTOMER = CARDS[CUSTOMER]
_SUBJECT = "subject: 不制冷"

EXAMPLES = (
    Example(
        "E101",
        N_(
            "Every record is UTF-8 text. An editor that saves Chinese text in the old encoding of "
            "the system (GBK, GB18030) or in UTF-16 makes a file that nobody else can read."
        ),
        (Put(CUSTOMER, _CUSTOMER.encode("gbk")),),
        f"{CUSTOMER}:3:7",
    ),
    Example(
        "E102",
        N_(
            "Some editors put an invisible mark in front of a UTF-8 file. It is not part of the text, "
            "and comparing, searching and merging stumble over it."
        ),
        (Put(CUSTOMER, b"\xef\xbb\xbf" + _CUSTOMER.encode()),),
        f"{CUSTOMER}:1:1",
    ),
    Example(
        "E103",
        N_(
            "Lines of a record end with a line feed alone. Lines of the Windows kind are read, but "
            "git shows every one of them as changed."
        ),
        (Put(CUSTOMER, _CUSTOMER.replace("\n", "\r\n").encode()),),
        f"{CUSTOMER}:1:10",
    ),
    Example(
        "E104",
        N_("YAML allows blanks only in front of a line; a tab there has no defined width."),
        (Edit(UNIT, "model: KFR-35", "\tmodel: KFR-35"),),
        f"{UNIT}:3:1",
    ),
    Example(
        "E105",
        N_(
            "Git could not bring two versions of this file together and left both of them in it, "
            "between marks. Until somebody decides, the file says two things at once."
        ),
        (
            Edit(
                CUSTOMER,
                "address: 中山路 1 号\n",
                "<<<<<<< HEAD\naddress: 中山路 1 号\n=======\naddress: 中山路 2 号\n>>>>>>> BJA\n",
            ),
        ),
        f"{CUSTOMER}:5:1",
    ),
    Example(
        "E106",
        N_("The line does not follow the rules of YAML, so nothing after it can be understood."),
        (Edit(TICKET, _SUBJECT, 'subject: "不制冷'),),
        f"{TICKET}:11:5",
    ),
    Example(
        "E107",
        N_(
            "A key may stand once. Most programs would silently take the last of two values; here "
            "neither is taken."
        ),
        (Edit(TICKET, "priority: normal\n", "priority: normal\npriority: urgent\n"),),
        f"{TICKET}:9:1",
    ),
    Example(
        "E108",
        N_(
            "With anchors and aliases one place of a YAML file stands for another. A record says "
            "everything where it stands, so that a line can be read and searched by itself."
        ),
        (Edit(TICKET, _SUBJECT, "subject: &fault 不制冷"),),
        f"{TICKET}:9:10",
    ),
    Example(
        "E109",
        N_(
            "A tag tells a YAML reader to make something else than text out of a value. Records hold "
            "text, and their declaration says what it means."
        ),
        (Edit(TICKET, _SUBJECT, "subject: !fault 不制冷"),),
        f"{TICKET}:9:10",
    ),
    Example(
        "E110",
        N_(
            "Invisible characters of this kind move the cursor, change colours or hide text when the "
            "file is shown. None belongs in a record."
        ),
        (Edit(TICKET, _SUBJECT, "subject: 不制冷\x1b[31m"),),
        f"{TICKET}:9:13",
    ),
    Example(
        "E111",
        N_(
            "Every line of a record ends with a line feed, the last one too. Where it is missing, the "
            "file may have been cut off while it was copied."
        ),
        (Put(TICKET, ticket(*STORY)[:-1]),),
        f"{TICKET}:19:146",
    ),
    Example(
        "E112",
        N_(
            "Records are flat. Lists in lists in lists are a mistake, or an attempt to make readers "
            "run out of memory."
        ),
        (Edit(ENGINEER, "skills: [空调]", f"skills: {'[' * 30}空调{']' * 30}"),),
        f"{ENGINEER}:5:28",
    ),
    Example(
        "E113",
        N_("No record of a service department is that large, so the file is not read at all."),
        (Put(UNIT, CARDS[UNIT].encode() + b"# filled up\n" * 400_000),),
        UNIT,
    ),
    Example(
        "E114",
        N_("A line of three dashes begins another YAML document, and a file is one record."),
        (Edit(UNIT, "", "---\nformat: 1\nserial: SN00012346\nmodel: KFR-35\n"),),
        f"{UNIT}:7:1",
    ),
    Example(
        "E115",
        N_(
            "A case is a head of single values and a list of events; a card is a mapping. Something "
            "here is a list, a mapping or a value where the format wants another of them."
        ),
        (Edit(TICKET, _SUBJECT, "subject: [不制冷, 漏水]"),),
        f"{TICKET}:9:10",
    ),
    Example(
        "E116",
        N_(
            "A record is a plain file that can be read. Links, folders and pipes in its place are "
            "not followed, because they could lead anywhere."
        ),
        (Link(UNIT, "../customers/SHA-C0001Z.yaml"),),
        UNIT,
    ),
)
