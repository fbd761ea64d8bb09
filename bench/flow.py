"""What happened to each ticket of a generated ledger. Knows the life of a request; writes nothing.

The same number and seed give the same stories everywhere, so that the ledger and its peers hold the
same content.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

from svcctl.domain.canonical import event_line
from svcctl.domain.identity import customer_id, ticket_id

DESK = "SHA"
SEED = 20261101
ZONE = timezone(timedelta(hours=8))
FIRST_DAY = date(2024, 5, 1)
LAST_DAY = date(2026, 10, 31)  # 30 months

MANAGER = "mgr1"
COORDINATORS = ("desk1", "desk2", "desk3", "desk4")
ENGINEERS = tuple(f"eng{number:02d}" for number in range(1, 14))
OTHERS = {"store1": "store-keeper", "clerk1": "clerk"}
"""Twenty people with the manager."""

STAGES = (
    "opened",
    "contacted",
    "reviewed",
    "dispatched",
    "arrived",
    "finished",
    "slip-returned",
    "called-back",
)
_STAGE_WEIGHTS = (10, 10, 10, 30, 10, 10, 10, 10)
OWING_CALLBACK = ("finished", "slip-returned")
_OPEN_SHARE = 0.04

_COMPLAINTS = {
    "不制冷": ("压缩机电容损坏", "更换电容"),
    "不制热": ("四通阀卡滞", "更换四通阀"),
    "漏水": ("排水管堵塞", "疏通排水管"),
    "噪音大": ("风扇轴承磨损", "更换风扇电机"),
    "无法开机": ("电源板烧毁", "更换电源板"),
    "遥控器失灵": ("接收头损坏", "更换接收头"),
    "显示故障代码 E4": ("温度传感器断路", "更换传感器"),
    "异味": ("蒸发器积垢", "清洗蒸发器"),
}


class Story(NamedTuple):
    """One ticket: its head and how far it came. ``customer`` counts from 0, so does its unit."""

    id: str
    opened: datetime
    kind: str
    channel: str
    priority: str
    subject: str
    customer: int
    stage: str  # "closed" or one of STAGES, the last thing that happened
    fate: int  # a random number of its own for the details

    @property
    def open(self) -> bool:
        """Whether it is still open."""
        return self.stage != "closed"

    @property
    def owes_callback(self) -> bool:
        """Whether it is finished and nobody has called the customer yet."""
        return self.stage in OWING_CALLBACK and self.kind != "inspection"


def customers(tickets: int) -> int:
    """How many customers a ledger of that many tickets has; each has one unit."""
    return max(1, tickets // 5)


def customer_ids(count: int) -> list[str]:
    """The ids of that many customers, those with an unreadable check character left out."""
    found: list[str] = []
    number = 0
    while len(found) < count:
        number += 1
        made = customer_id(DESK, number)
        if made is not None:
            found.append(made)
    return found


def unit_id(number: int) -> str:
    """The serial number of the unit of the ``number``-th customer."""
    return f"SN{number + 1:08d}"


def stories(tickets: int) -> Iterator[Story]:
    """That many tickets in the order they were opened, spread evenly over thirty months.

    Of those opened in the last twentieth of the time two thirds are still open; the few others
    that make up 4 % were forgotten at some time before.
    """
    chance = random.Random(SEED)
    days = (LAST_DAY - FIRST_DAY).days + 1
    recent = int(tickets * 0.95)
    forgotten = _OPEN_SHARE * 0.17
    late = (_OPEN_SHARE * tickets - forgotten * recent) / max(1, tickets - recent)
    made = 0
    for day in range(days):
        until = tickets * (day + 1) // days
        today = FIRST_DAY + timedelta(days=day)
        minutes = sorted(chance.randrange(8 * 60, 17 * 60) for _ in range(until - made))
        number = 0
        for minute in minutes:
            identifier = None
            while identifier is None:
                number += 1
                identifier = ticket_id(DESK, today, number)
            is_open = chance.random() < (late if made >= recent else forgotten)
            yield Story(
                id=identifier,
                opened=datetime(today.year, today.month, today.day, tzinfo=ZONE)
                + timedelta(minutes=minute, seconds=chance.randrange(60)),
                kind=chance.choices(("repair", "install", "inspection"), (88, 8, 4))[0],
                channel=chance.choices(("phone", "online", "visit"), (80, 15, 5))[0],
                priority=chance.choices(("normal", "urgent"), (92, 8))[0],
                subject=chance.choice(tuple(_COMPLAINTS)),
                customer=chance.randrange(customers(tickets)),
                stage=chance.choices(STAGES, _STAGE_WEIGHTS)[0] if is_open else "closed",
                fate=chance.randrange(1 << 30),
            )
            made += 1


def event_lines(story: Story) -> list[str]:
    """The events of a story as canonical lines: seven to nine for a closed ticket."""
    chance = random.Random(story.fate)
    writing = _Writing(story)
    coordinator = COORDINATORS[story.fate % len(COORDINATORS)]
    engineer = ENGINEERS[story.fate // 7 % len(ENGINEERS)]
    fault, action = _COMPLAINTS[story.subject]
    called = story.opened + timedelta(seconds=chance.randrange(40, 170))
    if chance.random() < 0.01:
        called += timedelta(minutes=4)  # a late first call
    arrival = (story.opened + timedelta(days=1)).replace(
        hour=9 + chance.randrange(7), minute=5 * chance.randrange(12), second=0
    )
    finish = arrival + timedelta(minutes=chance.randrange(25, 90))
    slip = finish + timedelta(minutes=chance.randrange(10, 60))
    if story.priority == "urgent":
        slip = min(slip, finish + timedelta(minutes=30))  # signed on the spot: the result is told
    if chance.random() < 0.005:
        slip += timedelta(days=3)  # a late slip
    callback = finish.replace(hour=9, minute=30, second=0) + timedelta(
        days=1, minutes=chance.randrange(360)
    )
    callback = max(callback, slip + timedelta(minutes=30))
    quality = chance.choices((5, 4, 3), (70, 25, 5))[0]
    happened: tuple[tuple[str, datetime, str, dict[str, str | int | bool]], ...] = (
        ("opened", story.opened, coordinator, {}),
        ("contacted", called, coordinator, {"result": "reached"}),
        ("reviewed", called + timedelta(minutes=3), MANAGER, {"cover": "free"}),
        (
            "dispatched",
            called + timedelta(minutes=9),
            coordinator,
            {"to": engineer, "visit": arrival.isoformat()},
        ),
        ("arrived", arrival, engineer, {}),
        ("finished", finish, engineer, {"result": "fixed", "fault": fault, "action": action}),
        (
            "slip-returned",
            slip,
            engineer,
            {"signed": True, "opinion": "satisfied", "third-copy": "left"},
        ),
        (
            "called-back",
            callback,
            coordinator,
            {"result": "reached", "working": "yes", "quality": quality, "attitude": 5, "speed": 4},
        ),
        ("closed", callback + timedelta(minutes=2), coordinator, {}),
    )
    for name, at, by, fields in happened:
        left_out = (name == "called-back" and story.kind == "inspection") or (
            name == "arrived" and story.fate % 5 == 0
        )
        if not left_out or name == story.stage:
            writing.add(name, at, by, fields)
        if name == story.stage:
            break
    return writing.lines


class _Writing:
    """Numbers the events and says which one each replaces."""

    def __init__(self, story: Story) -> None:
        self.lines: list[str] = []
        self.state = ""

    def add(self, name: str, at: datetime, by: str, fields: dict[str, str | int | bool]) -> None:
        number = len(self.lines) + 1
        written = at if name == "opened" else at + timedelta(seconds=20)
        event: dict[str, str | int | bool] = {
            "n": number,
            "desk": DESK,
            "at": at.isoformat(),
            "noted": written.isoformat(),
            "by": by,
            "do": name,
            **fields,
        }
        if name not in ("opened", "contacted", "slip-returned", "called-back"):
            event["over"] = self.state
        if name not in ("contacted", "slip-returned", "called-back"):
            self.state = f"{number}{DESK}"
        self.lines.append(event_line(event))
