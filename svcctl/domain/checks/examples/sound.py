"""The small sound ledger that every example spoils in one place, and the words to spoil it with.

Data only; nothing is wrong with it, not even a warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from svcctl.domain.canonical import case_text, event_line

AS_OF = "2026-11-20T12:00:00+08:00"


class Edit(NamedTuple):
    """In the file ``path``, ``old`` (found once) becomes ``new``; "" for ``old``: at the end."""

    path: str
    old: str
    new: str


class Put(NamedTuple):
    """The file ``path`` has this content; None: it is not there."""

    path: str
    content: bytes | None


class Link(NamedTuple):
    """The file ``path`` is a symbolic link to ``target``."""

    path: str
    target: str


class Git(NamedTuple):
    """Git is told this, after everything was committed."""

    words: tuple[str, ...]


class Later(NamedTuple):
    """After everything was committed: this is done and committed too."""

    step: Edit | Put


Step = Edit | Put | Link | Git | Later


class Example(NamedTuple):
    """What spoils the sound ledger so that the audit reports ``code``, first of all at ``place``.

    ``meaning`` says what the code is about (an English gettext key). ``place`` is ``path``,
    ``path:line:column``; ``besides`` are the codes that cannot but be reported with it.
    """

    code: str
    meaning: str
    steps: tuple[Step, ...]
    place: str
    as_of: str = AS_OF
    besides: tuple[str, ...] = ()

    @property
    def history(self) -> bool:
        """Whether the history is what is spoilt, so that it has to be audited."""
        return self.code.startswith("E5")


POLICY = "records/policy/2026-01-01.yaml"
CALENDAR = "records/calendar/CN.yaml"
CUSTOMER = "records/customers/SHA-C0001Z.yaml"
UNIT = "records/units/SN00012345.yaml"
ENGINEER = "records/staff/eng1.yaml"
TICKET_ID = "SHA-261116-02G"
TICKET = f"records/tickets/2026/11/{TICKET_ID}.yaml"

HEAD = {
    "format": "1",
    "id": TICKET_ID,
    "kind": "repair",
    "opened": "2026-11-16T09:00:00+08:00",
    "channel": "phone",
    "customer": "SHA-C0001Z",
    "unit": "SN00012345",
    "priority": "normal",
    "subject": "不制冷",
}

Told = dict[str, str | int | bool]


def told(at: str, by: str, do: str, /, **fields: str | int | bool) -> Told:
    """One event as it stands in a line; ``at`` is ``16T09:00`` in November 2026, or written out.

    It was noted at once, in its turn, at the desk SHA, unless ``noted``, ``n`` or ``desk`` differ.
    """
    line: Told = {"n": 0, "desk": "SHA", "at": at, "noted": at, "by": by, "do": do}
    line.update({key.replace("_", "-"): value for key, value in fields.items()})
    line["at"], line["noted"] = written(str(line["at"])), written(str(line["noted"]))
    return line


def written(at: str) -> str:
    """The instant ``at`` as it stands in a line."""
    return f"2026-11-{at}:00+08:00" if len(at) == len("16T09:00") else at


def ticket(*events: Told, **head: str) -> bytes:
    """A ticket's file: ``HEAD`` with other values where ``head`` has them ("": left out)."""
    lines = []
    for number, event in enumerate(events, start=1):
        lines.append(event_line({**event, "n": event["n"] or number}))
    fields = {key: text for key, text in {**HEAD, **head}.items() if text}
    return case_text(fields, lines)


LOG = "records/logs/2026-11.SHA.yaml"
"""Where a desk's daily log of that month lies; the sound ledger has none."""


def log(*entries: Told) -> bytes:
    """A file of the daily log."""
    lines = [event_line({**one, "n": one["n"] or n}) for n, one in enumerate(entries, start=1)]
    return case_text({"format": "1", "id": "2026-11.SHA", "kind": "log"}, lines)


OPENED = told("16T09:00", "desk1", "opened")
CONTACTED = told("16T09:02", "eng1", "contacted", result="reached")
REVIEWED = told("16T09:10", "mgr1", "reviewed", cover="free", over="1SHA")
DISPATCHED = told(
    "16T09:20", "desk1", "dispatched", to="eng1", visit="2026-11-17T10:00:00+08:00", over="3SHA"
)
ARRIVED = told("17T10:00", "eng1", "arrived", over="4SHA")
FINISHED = told(
    "17T11:00",
    "eng1",
    "finished",
    result="fixed",
    fault="压缩机电容损坏",
    action="更换电容",
    over="5SHA",
)
RETURNED = told(
    "17T17:00", "eng1", "slip-returned", signed=True, opinion="satisfied", third_copy="left"
)
CALLED = told(
    "18T09:30",
    "desk1",
    "called-back",
    result="reached",
    working="yes",
    quality=5,
    attitude=5,
    speed=4,
)
CLOSED = told("18T09:40", "desk1", "closed", over="6SHA")
BEGUN = (OPENED, CONTACTED, REVIEWED, DISPATCHED)
DONE = (*BEGUN, ARRIVED, FINISHED)
STORY = (*DONE, RETURNED, CALLED, CLOSED)
"""A repair in which everything was done in time."""

ATTACHMENT = f"records/attachments/{TICKET_ID}/df35a6e25179552aef05aff2513eb13f072f1e88f0548deaa074ed91218d7889.txt"
ATTACHED = told(
    "18T10:00",
    "desk1",
    "attached",
    name="x.txt",
    sha256=ATTACHMENT[-68:-4],
    size=9,
    type="txt",
)

CARDS: Mapping[str, str] = {
    "records/desks/SHA.yaml": 'format: 1\nid: SHA\nregistered: "2026-11-01T08:00:00+08:00"\n',
    "records/staff/mgr1.yaml": "format: 1\nid: mgr1\nname: 经理甲\nrole: manager\n",
    "records/staff/desk1.yaml": "format: 1\nid: desk1\nname: 协调员甲\nrole: coordinator\n",
    ENGINEER: "format: 1\nid: eng1\nname: 工程师甲\nrole: engineer\nskills: [空调]\n",
    CUSTOMER: 'format: 1\nid: SHA-C0001Z\nname: 客户甲\nphone: "13800138000"\naddress: 中山路 1 号\n',
    UNIT: "format: 1\nserial: SN00012345\nmodel: KFR-35\ncustomer: SHA-C0001Z\n"
    'installed: "2026-05-01"\nwarranty: "24mo"\n',
}
"""The cards of the sound ledger. Its policy and calendar are those that every new ledger gets."""

PHONE = Edit(POLICY, 'service-phone: ""', 'service-phone: "400-000-0000"')
"""What a new ledger's policy lacks."""
