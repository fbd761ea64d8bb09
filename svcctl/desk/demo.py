"""A fictional department at work for some weeks, through the same code a user runs.

The clock is the story's: each command is carried out at the moment it is told to have happened, so
that what is owed, late and done today looks as it would. Names, numbers and addresses are invented.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from svcctl.desk import cardwork, journals, setup, tickets
from svcctl.desk.desk import Desk
from svcctl.desk.writing import Manner, Writing
from svcctl.domain.cards import CUSTOMER, STAFF, UNIT
from svcctl.domain.decide import Who
from svcctl.domain.journals import LOG
from svcctl.domain.problems import N_, Message, Refusal
from svcctl.ledger import cardfile
from svcctl.ledger.folder import Ledger

MARK = "DEMO"
COMPANY = {
    "company": "申禾制冷服务有限公司",
    "service-phone": "400-555-0100",
    "warranty": "整机两年,人为损坏除外",
}
DAYS = 26
LOGGED_DAYS = 7
"""The last days, of which everybody who worked has an entry in the daily log."""

PEOPLE = (
    ("zhou.min", "周敏", "manager", ()),
    ("li.na", "李娜", "coordinator", ()),
    ("xu.yan", "徐燕", "coordinator", ()),
    ("wang.wei", "王伟", "engineer", ("空调", "冷柜")),
    ("chen.jing", "陈静", "engineer", ("空调",)),
    ("liu.yang", "刘洋", "engineer", ("冷柜", "制冰机")),
    ("zhao.lei", "赵磊", "engineer", ("空调", "热泵")),
    ("he.fei", "何飞", "vice-president", ()),
)
ENGINEERS = tuple(name for name, _, role, _ in PEOPLE if role == "engineer")
CUSTOMERS = (
    ("青禾餐饮", "孙经理", "021-5550-0101", "云锦路 18 号"),
    ("白鹭酒店", "马工", "021-5550-0102", "湖滨路 6 号"),
    ("吴丽", "", "13900000103", "杏花里 3 弄 12 号 402 室"),
    ("郑强", "", "13900000104", "梧桐苑 7 幢 1501 室"),
    ("春晓幼儿园", "顾老师", "021-5550-0105", "春晓路 66 号"),
    ("金穗超市", "钱店长", "021-5550-0106", "金穗街 120 号"),
    ("冯涛", "", "13900000107", "望江花园 2 幢 303 室"),
    ("远山印务", "蒋主任", "021-5550-0108", "工业园 5 号路 9 号"),
    ("沈洁", "", "13900000109", "柳浪新村 21 号"),
    ("百味食品", "韩工", "021-5550-0110", "食品城 A 区 8 号"),
    ("杨帆", "", "13900000111", "海棠公寓 901 室"),
    ("松间书店", "朱店长", "021-5550-0112", "文庙街 31 号"),
)
MODELS = ("KFR-35GW", "KFR-72LW", "SC-286 冷柜", "IM-50 制冰机", "HP-120 热泵")
FAULTS = (
    ("不制冷", "压缩机电容损坏", "更换电容"),
    ("漏水", "排水管堵塞", "疏通排水管"),
    ("噪音大", "风机轴承磨损", "更换轴承"),
    ("显示 E5", "通信线接触不良", "重新压接端子"),
    ("遥控失灵", "接收板损坏", "更换接收板"),
    ("不化霜", "化霜传感器失效", "更换传感器"),
)


class Made(NamedTuple):
    """What the story made: the ledger's folder, and some of its tickets to look at."""

    root: Path
    tickets: int
    events: int
    slip: str


class Step(NamedTuple):
    """One command of the story: when, and what."""

    at: datetime
    order: int
    run: Callable[[], None]


def make(root: Path, clock: Callable[[], datetime], days: int = DAYS, seed: int = 7) -> Made:
    """Play the story into ``root`` up to now. Raises ``Refusal`` where another folder stands there."""
    if root.exists() and any(root.iterdir()):
        if not (root / MARK).exists():
            raise Refusal(
                "not-a-demo",
                Message(
                    N_("{path} is there already and is not a demonstration"), {"path": str(root)}
                ),
                Message(N_("choose another folder; nothing was touched"), {}),
            )
        shutil.rmtree(root)
    story = _Story(root, clock(), days, seed)
    return story.play()


class _Story:
    def __init__(self, root: Path, now: datetime, days: int, seed: int) -> None:
        self.random = Random(seed)
        self.moment = now
        self.end = now
        self.root = root
        self.steps: list[Step] = []
        self.count = 0
        self.days = days
        self.made: list[str] = []
        self.written = 0
        self.forgotten = 0
        self.dispatched = ""
        self.finished: dict[tuple[date, str], list[str]] = {}
        self.customers: list[str] = []
        self.units: list[tuple[str, str]] = []

    def play(self) -> Made:
        end = self.moment
        start = end - timedelta(days=self.days)
        self.moment = start
        setup.init(self.root, "SHA", lambda: self.moment)
        (self.root / MARK).write_text(
            "made by `svcctl demo`; made again by the next one\n", "utf-8"
        )
        self.desk = Desk(Ledger(self.root.resolve()), lambda: self.moment)
        self._cards()
        zone = self.desk.zone
        first = start.astimezone(zone).date() + timedelta(days=1)
        for offset in range(self.days):
            self._day(first + timedelta(days=offset))
        for offset in range(self.days - LOGGED_DAYS, self.days):
            self._evening(first + timedelta(days=offset))
        while self.steps:
            self.steps.sort(key=lambda step: (step.at, step.order))
            step = self.steps.pop(0)
            if step.at > end:
                break
            self.moment = step.at
            step.run()
        self.moment = end
        return Made(self.root, len(self.made), self.written, self.dispatched)

    def _policy(self) -> None:
        """Fill in what a department fills in on its first day: its name, its telephone."""
        name = self.desk.ledger.names("policy")[0]
        path = f"records/policy/{name}.yaml"
        old = self.desk.ledger.read(path)
        fresh = cardfile.set_fields(old, COMPANY)
        with Writing(self.desk) as writing:
            writing.replace(path, old, fresh)
            writing.finish("policy filled in", Who(PEOPLE[0][0], "manager"), self.moment)
        self.desk = Desk(self.desk.ledger, lambda: self.moment)

    def _cards(self) -> None:
        for name, shown, role, skills in PEOPLE:
            fields: cardwork.Given = {"name": shown, "role": role, "skills": list(skills)}
            by = None if name == PEOPLE[0][0] else PEOPLE[0][0]
            cardwork.new(self.desk, STAFF, name, fields, Manner(by))
        setup.sit(self.desk, "li.na")
        self.desk = Desk(self.desk.ledger, lambda: self.moment)
        self._policy()
        for number, (name, contact, phone, address) in enumerate(CUSTOMERS):
            customer: cardwork.Given = {
                "name": name,
                "contact": contact,
                "phone": phone,
                "address": address,
            }
            done = cardwork.new(self.desk, CUSTOMER, "", customer, Manner())
            self.customers.append(done.card.id)
            installed = self.moment.date() - timedelta(days=self.random.randrange(60, 1200))
            unit: cardwork.Given = {
                "model": MODELS[number % len(MODELS)],
                "customer": done.card.id,
                "installed": installed.isoformat(),
                "warranty": "24mo",
            }
            serial = f"SN{2600100 + number * 37}"
            cardwork.new(self.desk, UNIT, serial, unit, Manner())
            self.units.append((serial, done.card.id))

    # Days and requests ------------------------------------------------------------------------

    def _day(self, day: date) -> None:
        for _ in range(self.random.choice((1, 2, 2, 3)) if day.weekday() < 6 else 1):
            hour, minute = self.random.randrange(8, 16), self.random.randrange(60)
            at = datetime.combine(day, time(hour, minute), self.desk.zone)
            self._plan(at, partial(self._request, at))

    def _evening(self, day: date) -> None:
        """Plan what the engineers who finished something that day note in the daily log."""
        at = datetime.combine(day, time(17, 40), self.desk.zone)
        for engineer in ENGINEERS:
            self._plan(at, partial(self._log, at, engineer))

    def _log(self, at: datetime, engineer: str) -> None:
        about = self.finished.get((at.date(), engineer), [])
        if about:
            words = f"今天完工 {len(about)} 单,工具已清点"
            fields = {"words": words, "tickets": " ".join(about)}
            journals.note(self.desk, LOG, "logged", fields, Manner(by=engineer))
            self.written += 1

    def _plan(self, at: datetime, run: Callable[[], None]) -> None:
        self.count += 1
        self.steps.append(Step(at, self.count, run))

    def _request(self, at: datetime) -> None:
        kind = self.random.choices(
            ("repair", "install", "inspection", "inquiry"), weights=(14, 3, 2, 2)
        )[0]
        serial, customer = self.random.choice(self.units)
        fault = self.random.choice(FAULTS)
        subject = {"repair": fault[0], "install": "新机安装", "inspection": "年度检查"}.get(
            kind, "咨询保养"
        )
        fields = {
            "kind": kind,
            "customer": customer,
            "channel": self.random.choice(("phone", "phone", "phone", "online")),
            "subject": subject,
            "priority": "urgent" if self.random.random() < 0.12 else "normal",
        }
        if kind != "inquiry":
            fields["unit"] = serial
        done = tickets.take(self.desk, fields, Manner(by=self._coordinator()))
        self.made.append(done.state.case.id)
        self.written += 1
        plan = self._inquiry if kind == "inquiry" else self._visit
        urgent = fields["priority"] == "urgent"
        for moment, do, by, more in plan(at, kind, fault):
            self._later(done.state.case.id, moment, do, by, more)
            if urgent and do == "finished":
                told = {"words": "当场说明处理结果"}
                self._later(done.state.case.id, moment + timedelta(minutes=2), "told", by, told)

    def _answer(self, complaint: str, at: datetime) -> None:
        """Plan what becomes of a complaint: answered the same day, looked into, closed the next."""
        self.made.append(complaint)
        later: tuple[tuple[timedelta, str, str, dict[str, str]], ...] = (
            (
                timedelta(hours=2),
                "contacted",
                "li.na",
                {"result": "reached", "words": "已致歉,说明原因"},
            ),
            (
                timedelta(hours=20),
                "investigated",
                "zhou.min",
                {"cause": "当天派工过满,未及时改约", "liability": "ours", "severity": "minor"},
            ),
            (timedelta(hours=23), "told", "zhou.min", {"words": "下次上门免收上门费"}),
            (timedelta(hours=24), "closed", "zhou.min", {}),
        )
        for after, do, by, fields in later:
            self._later(complaint, at + after, do, by, fields)

    def _coordinator(self) -> str:
        return self.random.choice(("li.na", "li.na", "xu.yan"))

    def _later(self, ticket: str, at: datetime, do: str, by: str, fields: dict[str, str]) -> None:
        def run() -> None:
            done = tickets.act(self.desk, ticket, do, fields, Manner(by=by))
            self.written += 1
            if do == "dispatched":
                self.dispatched = ticket
            if do == "finished":
                self.finished.setdefault((at.date(), by), []).append(ticket)
            for complaint in done.also:
                self._answer(complaint.state.case.id, self.moment)

        self._plan(at, run)

    # The ways a request goes ------------------------------------------------------------------

    def _inquiry(
        self, at: datetime, kind: str, fault: tuple[str, str, str]
    ) -> Iterator[tuple[datetime, str, str, dict[str, str]]]:
        yield at + timedelta(minutes=25), "replied", "li.na", {"words": "已说明保养周期和费用"}
        yield at + timedelta(minutes=30), "closed", "li.na", {}

    def _visit(
        self, at: datetime, kind: str, fault: tuple[str, str, str]
    ) -> Iterator[tuple[datetime, str, str, dict[str, str]]]:
        chance = self.random.random()
        engineer = self.random.choice(ENGINEERS)
        first = 2 if self.random.random() < 0.85 else 11
        yield at + timedelta(minutes=first), "contacted", engineer, {"result": "reached"}
        if chance < 0.04:
            yield at + timedelta(minutes=20), "cancelled", "li.na", {"reason": "客户自行解决"}
            return
        paid = kind == "repair" and self.random.random() < 0.25
        yield (
            at + timedelta(minutes=12),
            "reviewed",
            "zhou.min",
            {"cover": "paid" if paid else "free"},
        )
        if paid:
            yield at + timedelta(minutes=18), "quoted", "li.na", {"amount": "180"}
            yield at + timedelta(minutes=24), "accepted", "li.na", {"proof": "电话录音"}
        visit = self._next_slot(at)
        sent = {"to": engineer, "visit": visit.isoformat()}
        yield at + timedelta(minutes=30), "dispatched", "li.na", sent
        yield visit + timedelta(minutes=self.random.randrange(-25, 5)), "arrived", engineer, {}
        done = visit + timedelta(minutes=self.random.randrange(35, 120))
        if chance < 0.12:
            yield (
                done,
                "finished",
                engineer,
                {"result": "parts-needed", "fault": fault[1], "action": "拆检,需订配件"},
            )
            yield (
                done + timedelta(hours=3),
                "slip-returned",
                engineer,
                {"signed": "yes", "opinion": "satisfied", "third-copy": "left"},
            )
            visit = self._next_slot(done + timedelta(days=1))
            yield (
                done + timedelta(hours=22),
                "dispatched",
                "li.na",
                {"to": engineer, "visit": visit.isoformat()},
            )
            yield visit, "arrived", engineer, {}
            done = visit + timedelta(minutes=50)
        work = {"result": "fixed", "fault": fault[1], "action": fault[2]}
        if kind != "repair":
            work = {
                "result": "fixed",
                "fault": "无",
                "action": "安装调试完成" if kind == "install" else "按检查单逐项检查",
            }
        yield done, "finished", engineer, work
        if paid:
            yield done + timedelta(minutes=5), "paid", engineer, {"amount": "180"}
        yield from self._papers(done, engineer, kind, chance)

    def _papers(
        self, done: datetime, engineer: str, kind: str, chance: float
    ) -> Iterator[tuple[datetime, str, str, dict[str, str]]]:
        unhappy = 0.12 <= chance < 0.18
        slip = {"signed": "yes", "opinion": "satisfied", "third-copy": "left"}
        handed = done + timedelta(hours=self.random.choice((2, 3, 20)))
        if 0.18 <= chance < 0.24:
            promised = (done + timedelta(days=3)).date().isoformat()
            yield (
                done + timedelta(hours=5),
                "slip-explained",
                engineer,
                {"reason": "在外地安装,周内交回", "promised": promised},
            )
            handed = done + timedelta(days=2, hours=4)
        yield handed, "slip-returned", engineer, slip
        if kind == "inspection":
            yield handed + timedelta(hours=1), "closed", "li.na", {}
            return
        call = datetime.combine((done + timedelta(days=1)).date(), time(10, 30), done.tzinfo)
        if 0.24 <= chance < 0.32:
            yield call, "called-back", "li.na", {"result": "unreached"}
            call += timedelta(days=1)
        if call < handed:
            call = handed + timedelta(hours=1)
        answer = {
            "result": "reached",
            "working": "yes",
            "quality": "5",
            "attitude": "5",
            "speed": "4",
            "opinion": "satisfied",
        }
        if unhappy:
            answer = {
                **answer,
                "quality": "2",
                "attitude": "3",
                "speed": "1",
                "opinion": "dissatisfied",
                "words": "等了太久才上门",
            }
        if self.forgotten < 2 and self.end - timedelta(days=5) < call < self.end - timedelta(
            days=1
        ):
            self.forgotten += 1
            return  # not yet noticed: what the demonstration has to show
        yield (
            call + timedelta(minutes=self.random.randrange(90)),
            "called-back",
            self._coordinator(),
            answer,
        )
        yield call + timedelta(hours=3), "closed", "li.na", {}

    def _next_slot(self, at: datetime) -> datetime:
        """Return an appointment: the same afternoon for early calls, else the next morning or so."""
        if at.hour < 11 and self.random.random() < 0.5:
            return at.replace(hour=14, minute=0) + timedelta(minutes=30 * self.random.randrange(4))
        following = at + timedelta(days=1)
        return following.replace(hour=9, minute=0) + timedelta(
            minutes=30 * self.random.randrange(6)
        )
