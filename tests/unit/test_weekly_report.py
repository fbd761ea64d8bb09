"""The weekly summary of a ledger: the right tickets, the right moment, one truth by index and file.

Its week is 2026-W47: Monday 16 to Sunday 22 November, in Shanghai.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from svcctl.desk import cardwork
from svcctl.desk.desk import Desk, open_desk
from svcctl.desk.listing import view_of
from svcctl.desk.setup import init
from svcctl.desk.tickets import act, take
from svcctl.desk.weekly import Weekly, gather
from svcctl.desk.weekly_page import items_of, page_of
from svcctl.desk.writing import Manner
from svcctl.domain import cards
from svcctl.domain.obligations import obligations
from svcctl.domain.problems import Usage
from svcctl.domain.replay import replay
from svcctl.domain.tally import Looked
from svcctl.ledger.records import load_ticket
from svcctl.views.weekly import render_weekly

Svcctl = Callable[..., Any]
MONDAY = "2026-11-23T08:00:00+08:00"
END = datetime.fromisoformat("2026-11-23T00:00:00+08:00")


def at(day: str, clock: str = "09:00:00") -> str:
    return f"2026-{day}T{clock}+08:00"


class Department:
    """A ledger written through the desk, with a clock that stands where the story is."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.moment = at("10-01")

    def clock(self) -> datetime:
        return datetime.fromisoformat(self.moment).astimezone(UTC)

    def desk(self) -> Desk:
        return open_desk(str(self.root), self.clock)

    def found(self) -> None:
        init(self.root, "SHA", self.clock, commit_it=False)
        self.card(cards.STAFF, "mgr1", name="经理甲", role="manager")
        self.card(cards.STAFF, "desk1", name="协调员甲", role="coordinator")
        self.card(cards.STAFF, "eng1", name="工程师甲", role="engineer")
        self.card(cards.STAFF, "eng2", name="工程师乙", role="engineer")
        self.card(cards.STAFF, "eng3", name="工程师丙", role="engineer")
        self.customer = self.card(
            cards.CUSTOMER, "", name="客户甲", phone="13800138000", address="上海市中山路 1 号"
        )
        for n in (1, 2, 3):
            self.card(
                cards.UNIT, f"SN{n}", model="K", customer=self.customer, installed="2025-05-01"
            )

    def card(self, kind: cards.CardKind, name: str, /, **given: str) -> str:
        manner = Manner("mgr1", None, False, False)
        return cardwork.new(self.desk(), kind, name, given, manner).card.id

    def open(self, moment: str, kind: str = "repair", **head: str) -> str:
        self.moment = moment
        fields = {"kind": kind, "customer": self.customer, "subject": "不制冷", **head}
        return take(self.desk(), fields, Manner("desk1", moment, False, False)).state.case.id

    def do(self, ticket: str, moment: str, do: str, by: str = "mgr1", **fields: str) -> None:
        self.moment = max(self.moment, moment)
        given = {key.replace("_", "-"): value for key, value in fields.items()}
        act(self.desk(), ticket, do, given, Manner(by, moment, False, False))

    def job(self, opened: str, arrived: str, done: str, to: str = "eng1", **head: str) -> str:
        """A repair: reached after a minute, sent to ``to``, arrived, fixed."""
        ticket = self.open(opened, **head)
        soon = (datetime.fromisoformat(opened) + timedelta(minutes=1)).isoformat()
        self.do(ticket, soon, "contacted", by=to, result="reached")
        self.do(ticket, soon, "reviewed", cover="free")
        self.do(ticket, soon, "dispatched", to=to, visit=arrived)
        self.do(ticket, arrived, "arrived", by=to)
        self.do(ticket, done, "finished", by=to, result="fixed")
        return ticket

    def hand_in(self, ticket: str, moment: str) -> None:
        self.do(ticket, moment, "slip-returned", by="eng1", signed="true", third_copy="left")

    def gather(self, week: str | None = "2026-W47", now: str = MONDAY, **more: str) -> Weekly:
        self.moment = now
        return gather(view_of(self.desk(), more.get("as_of"), more.get("known")), week)


class Story(Department):
    """Five weeks of a small department; ``ids`` are its tickets by what they stand for."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.found()
        ids: dict[str, str] = {}
        self.ids = ids
        ids["forgotten"] = self.open(at("10-14"), kind="inquiry", subject="保修期")
        ids["w45"] = self.job(at("11-03"), at("11-04"), at("11-04", "10:00"), unit="SN1")
        self.hand_in(ids["w45"], at("11-05"))
        self.do(ids["w45"], at("11-05", "10:00"), "called-back", by="desk1", result="reached",
                opinion="satisfied")  # fmt: skip
        self.do(ids["w45"], at("11-05", "11:00"), "closed", by="desk1")
        ids["w46"] = self.job(at("11-10"), at("11-11"), at("11-11", "10:00"), unit="SN2")
        self.hand_in(ids["w46"], at("11-17", "10:00"))
        self.do(ids["w46"], at("11-17", "11:00"), "called-back", by="desk1", result="reached",
                quality="5", attitude="4", speed="4")  # fmt: skip
        ids["again"] = self.job(at("11-16"), at("11-17", "15:00"), at("11-17", "16:00"), "eng2",
                                unit="SN1", wanted="2026-11-18")  # fmt: skip
        self.hand_in(ids["again"], at("11-18"))
        self.do(ids["again"], at("11-18", "10:00"), "called-back", by="desk1", result="reached",
                opinion="dissatisfied", words="迟到, 电话 13912345678")  # fmt: skip
        ids["complaint"] = next(name for name in self.names() if name not in ids.values())
        self.do(ids["complaint"], at("11-18", "11:00"), "investigated", by="mgr1", cause="堵车",
                liability="ours", severity="minor")  # fmt: skip
        ids["asked"] = self.open(at("11-19"), kind="inquiry", subject="价格")
        ids["inspected"] = self.open(at("11-20"), kind="inspection", unit="SN3", subject="年检")
        self.do(ids["inspected"], at("11-20"), "reviewed", cover="free")
        self.do(ids["inspected"], at("11-20"), "dispatched", to="eng1", visit=at("11-20", "10:00"))
        self.do(ids["inspected"], at("11-20", "11:00"), "finished", by="eng1", result="no-fault")
        self.do(ids["asked"], at("11-24"), "replied", by="desk1")
        ids["w48"] = self.job(at("11-24"), at("11-24", "10:00"), at("11-24", "11:00"), unit="SN1")

    def copied_to(self, root: Path) -> Story:
        """The same story in a ledger of its own."""
        found = Story.__new__(Story)
        found.root, found.moment = root, at("11-24", "12:00")
        found.customer, found.ids = self.customer, self.ids
        shutil.copytree(self.root, root)
        init(root, "SHA", found.clock, commit_it=False)
        return found

    def names(self) -> Iterator[str]:
        for path in self.desk().ledger.tickets():
            yield path.rpartition("/")[2].removesuffix(".yaml")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The story, to be read; a test that writes takes ``copied``."""
    return Story(tmp_path_factory.mktemp("story") / "ledger")


@pytest.fixture
def copied(story: Story, tmp_path: Path) -> Story:
    return story.copied_to(tmp_path / "ledger")


def item(weekly: Weekly, name: str) -> dict[str, Any]:
    return next(one for one in items_of(weekly) if one["name"] == name)


def ratio(weekly: Weekly, name: str) -> tuple[int, int]:
    found = item(weekly, name)
    return found["numerator"], found["denominator"]


# Which week --------------------------------------------------------------------------------------


def test_the_default_is_the_last_week_that_is_over(story: Story) -> None:
    assert story.gather(None, now=MONDAY).week.name == "2026-W47"
    assert story.gather(None, now="2026-11-23T00:00:00+08:00").week.name == "2026-W47"
    assert story.gather(None, now="2026-11-22T23:59:59+08:00").week.name == "2026-W46"
    # The ledger's Monday has begun while it is still Sunday in UTC.
    assert story.gather(None, now="2026-11-22T16:00:00+00:00").week.name == "2026-W47"
    assert story.gather(None, as_of="2026-11-16T09:00:00+08:00").week.name == "2026-W46"


def test_a_week_that_is_said_is_seen_from_the_moment_asked_about(story: Story) -> None:
    assert story.gather("上周", now=MONDAY).week.name == "2026-W47"
    assert story.gather("this", now="2026-11-22T23:59:59+08:00").week.name == "2026-W47"
    assert story.gather("上周", as_of="2026-11-16T09:00:00+08:00").week.name == "2026-W46"


def test_a_week_that_has_not_begun_is_refused(story: Story) -> None:
    with pytest.raises(Usage) as stop:
        story.gather("2026-W48", now="2026-11-22T23:59:59+08:00")
    assert stop.value.code == "week-to-come"


# The numbers of the story ------------------------------------------------------------------------


def test_every_measure_of_the_story_is_as_counted_by_hand(story: Story) -> None:
    week = story.gather(now=at("11-24", "12:00"))
    ids = story.ids
    # Calls on 17 November (w46: 5, 4, 4) and on the 18th (again: dissatisfied).
    assert ratio(week, "satisfaction") == (1, 2)
    assert ratio(week, "response") == (2, 2)
    # "again" and the inspection were finished; a week after "again" its unit came with the same words.
    assert ratio(week, "rework") == (1, 2)
    # Due in the week: again (17th), complaint (19th), asked (20th), inspected (21st).
    assert ratio(week, "reply") == (1, 4)
    assert ratio(week, "first-call") == (1, 1)
    assert item(week, "first-call")["median"] == 60
    # Called before the dispatch and not again: who got the task was in contact already.
    assert item(week, "first-contact")["value"] == 0
    assert ratio(week, "completion") == (1, 1)
    assert ratio(week, "complaint-rate") == (1, 2)
    # Slips: again was due on the 18th and came; the inspection's is due on the 22nd.
    assert ratio(week, "slip") == (1, 2)
    # w46: after the slip, in time; again: next day and after the slip, both in time.
    assert ratio(week, "callback") == (3, 3)
    assert item(week, "arrival")["value"] == 30 * 3600
    assert ratio(week, "inspection") == (1, 3)
    assert item(week, "reply")["tickets"] == {
        "numerator": [ids["again"]],
        "denominator": sorted([ids["again"], ids["complaint"], ids["asked"], ids["inspected"]]),
    }
    before = {one["name"]: one["previous"] for one in items_of(week)}
    assert before["slip"] == {"numerator": 0, "denominator": 1, "value": 0.0}
    assert before["satisfaction"] == {"numerator": 0, "denominator": 0, "value": None}


def test_the_headlines_balance_with_the_week_before(story: Story) -> None:
    page = page_of(story.gather())
    counts = {one.name_key: (one.value, one.previous) for one in page.headlines}
    assert counts["opened"] == (4, 1)
    assert counts["finished"] == (2, 1)
    assert counts["closed"] == (0, 0)
    assert counts["open"] == (6, 2)
    assert sum(kind.open for kind in page.kinds) == 6
    assert {kind.kind: kind.opened for kind in page.kinds} == {
        "repair": 1, "inspection": 1, "complaint": 1, "inquiry": 1
    }  # fmt: skip
    assert [(d.day.day, d.opened, d.finished) for d in page.days] == [
        (16, 1, 0), (17, 0, 1), (18, 1, 0), (19, 1, 0), (20, 1, 1), (21, 0, 0), (22, 0, 0)
    ]  # fmt: skip


def test_overdue_is_what_was_owed_at_the_end_of_the_week(story: Story) -> None:
    ids = story.ids
    page = page_of(story.gather(now=at("11-24", "12:00")))
    assert sorted((one.what, one.ticket, one.owner) for one in page.overdue) == sorted(
        [
            ("reply", ids["forgotten"], "coordinator"),
            ("reply", ids["complaint"], "coordinator"),
            ("complaint-answer", ids["complaint"], "coordinator"),
            ("reply", ids["asked"], "coordinator"),  # answered on the 24th, after the week
            ("reply", ids["inspected"], "coordinator"),
            ("slip", ids["inspected"], "工程师甲"),
        ]
    )
    late = {one.ticket: one.late for one in page.overdue if one.what == "reply"}
    assert late[ids["asked"]] == int((END - datetime.fromisoformat(at("11-20"))).total_seconds())


def test_open_complaints_show_age_liability_and_owner(story: Story) -> None:
    (complaint,) = page_of(story.gather()).complaints
    assert complaint.ticket == story.ids["complaint"]
    assert (complaint.liability, complaint.severity, complaint.owner) == ("ours", "minor", "经理甲")
    opened = datetime.fromisoformat(at("11-18", "10:00"))
    assert complaint.age == int((END - opened).total_seconds())


def test_the_engineers_table_shares_the_weeks_work_out(story: Story) -> None:
    rows = {one.name: one for one in page_of(story.gather()).engineers}
    assert set(rows) == {"工程师甲", "工程师乙"}  # the third did nothing in that week
    first, second = rows["工程师甲"], rows["工程师乙"]
    assert (first.dispatched, first.finished, first.satisfied, first.answers) == (1, 1, 1, 1)
    assert (second.dispatched, second.finished, second.satisfied, second.answers) == (1, 1, 0, 1)
    assert (first.slips_in_time, first.slips_due) == (0, 1)
    assert (second.slips_in_time, second.slips_due) == (1, 1)
    assert (first.callbacks_due, second.callbacks_due) == (1, 2)
    assert second.arrival == 30 * 3600
    assert first.arrival is None


# One truth ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("week", ["2026-W43", "2026-W45", "2026-W46", "2026-W47", "2026-W48"])
def test_what_the_index_counts_is_what_all_files_say(story: Story, week: str) -> None:
    found = story.gather(week, now=at("11-29", "23:59:59"))
    desk = story.desk()
    overdue: list[tuple[str, str]] = []
    still: Counter[str] = Counter()
    for path in desk.ledger.tickets():
        case, _, _ = load_ticket(desk.ledger, path)
        state = replay(case, found.moment)
        if not state.facts or state.is_ended:
            continue
        still[state.text("kind")] += 1
        looked = Looked(state, obligations(state, desk.book))
        overdue += [
            (one.kind, case.id)
            for one in looked.owed
            if looked.standing_at(one, found.moment) == "missed"
        ]
    assert sorted((one.what, one.ticket) for one in found.overdue) == sorted(overdue)
    assert +found.open_now == still
    following = story.gather("2026-W49", now=at("12-01")) if week == "2026-W48" else None
    if following is not None:
        assert following.overdue_before == len(overdue)
        assert following.open_before == still.total()


def test_the_week_before_is_what_its_own_report_said(story: Story) -> None:
    this = {one["name"]: one["previous"] for one in items_of(story.gather(now=MONDAY))}
    then = {
        one["name"]: one for one in items_of(story.gather("2026-W46", now=at("11-16", "08:00")))
    }
    for name, previous in this.items():
        assert {key: then[name][key] for key in previous} == previous, name
    page, own = (
        page_of(story.gather(now=MONDAY)),
        page_of(story.gather("2026-W46", now=at("11-16", "08:00"))),
    )
    assert [one.previous for one in page.headlines] == [one.value for one in own.headlines]


def test_the_history_by_the_index_is_what_each_week_was(story: Story) -> None:
    found = story.gather("2026-W48", now=at("11-30"))
    assert set(found.history) == {"reply", "first-call", "slip", "callback"}
    for name, weeks in found.history.items():
        assert [week for week, _, _ in weeks] == [f"2026-W{n}" for n in range(41, 47)]
        for week, kept, due in weeks:
            assert (kept, due) == ratio(story.gather(week, now=at("11-30")), name), (name, week)
    assert sum(due for _, _, due in found.history["reply"]) == 3


def test_a_report_printed_again_later_says_the_same(story: Story) -> None:
    early, late = story.gather(now=MONDAY), story.gather(now=at("11-29"))
    for first, second in zip(items_of(early), items_of(late), strict=True):
        if first["name"] != "rework":  # a job of the week may come back afterwards
            assert first == second
    # The commands name when the page was made, so that they give its numbers whenever they are run.
    assert page_of(early)._replace(measures=(), commands=()) == page_of(late)._replace(
        measures=(), engineers=page_of(early).engineers, commands=()
    )


# As of, known --------------------------------------------------------------------------------------


def test_as_of_leaves_out_what_had_not_happened(story: Story) -> None:
    found = story.gather(as_of=at("11-17", "12:00"))
    assert found.moment == datetime.fromisoformat(at("11-17", "12:00"))
    assert ratio(found, "satisfaction") == (1, 1)
    assert len(found.now.opened) == 1
    assert found.complaints == []


def test_known_leaves_out_what_was_written_down_later(copied: Story) -> None:
    ids = copied.ids
    copied.moment = at("11-25")
    act(
        copied.desk(),
        ids["asked"],
        "noted",
        {"words": "-"},
        Manner("desk1", at("11-19"), False, False),
    )
    late = copied.open(at("11-25"), kind="inquiry")
    copied.moment = at("11-26")
    act(
        copied.desk(),
        ids["complaint"],
        "replied",
        {},
        Manner("desk1", at("11-18", "12:00"), False, False),
    )
    assert ratio(copied.gather(now=at("11-26", "10:00")), "reply") == (2, 4)
    found = copied.gather(now=at("11-26", "10:00"), known=at("11-25", "23:00"))
    assert ratio(found, "reply") == (1, 4)
    assert late not in [one.ticket for one in found.overdue]
    assert found.history == {}


# Inspections, rework through the index -----------------------------------------------------------


def test_a_refused_or_unfinished_inspection_is_none(copied: Story) -> None:
    for unit, result in (("SN1", "refused"), ("SN2", "no-access")):
        copied.moment = at("11-25")
        name = copied.open(at("11-25"), kind="inspection", unit=unit, subject="年检")
        copied.do(name, at("11-25"), "reviewed", cover="free")
        copied.do(name, at("11-25"), "dispatched", to="eng1", visit=at("11-25", "10:00"))
        copied.do(name, at("11-25", "10:00"), "finished", by="eng1", result=result)
    found = copied.gather("2026-W48", now=at("11-30"))
    assert ratio(found, "inspection") == (1, 3)
    assert item(found, "inspection")["tickets"]["numerator"] == ["SN3"]
    assert item(found, "inspection")["previous"] == {
        "numerator": 1, "denominator": 3, "value": 0.3333
    }  # fmt: skip
    assert ratio(copied.gather("2026-W46", now=at("11-30")), "inspection") == (0, 3)


def test_a_job_that_came_back_is_found_by_its_unit_and_seen_as_late_as_the_week_before(
    story: Story,
) -> None:
    # w45 (SN1, finished on 4 November) came back on the 16th; "again" (17th) on the 24th.
    assert ratio(story.gather("2026-W45", now=at("11-09")), "rework") == (0, 1)
    assert ratio(story.gather("2026-W45", now=at("11-16", "08:00")), "rework") == (0, 1)
    assert ratio(story.gather("2026-W45", now=MONDAY), "rework") == (1, 1)
    found = story.gather("2026-W46", now=at("11-16", "08:00"))
    assert item(found, "rework")["previous"]["numerator"] == 0
    found = story.gather("2026-W46", now=MONDAY)
    assert item(found, "rework")["previous"]["numerator"] == 0
    found = story.gather("2026-W46", now=at("11-23"))  # seven days after it came back
    assert item(found, "rework")["previous"]["numerator"] == 1


# The command -------------------------------------------------------------------------------------


def run(svcctl: Svcctl, root: Path, *words: str, **more: Any) -> Any:
    return svcctl("--ledger", root, "report", "weekly", *words, **{"now": MONDAY, **more})


def test_the_page_shows_names_and_no_phone_number(copied: Story, svcctl: Svcctl) -> None:
    for fmt in ("md", "html"):
        ran = run(svcctl, copied.root, "--week", "2026-W47", "--format", fmt)
        assert ran.code == 0
        assert "客户甲" in ran.out
        assert "13800138000" not in ran.out
        assert "13912345678" not in ran.out
        assert "中山路" not in ran.out
    assert "139****5678" in run(svcctl, copied.root, "--format", "html").out


def test_json_gives_the_measures_with_ascii_keys(copied: Story, svcctl: Svcctl) -> None:
    ran = run(svcctl, copied.root, "-o", "json", lang="zh_CN")
    answer = json.loads(ran.out)
    assert (answer["svcctl"], answer["kind"], answer["as_of"]) == (1, "measure", END.isoformat())
    names = [one["name"] for one in answer["items"]]
    assert names[:3] == ["satisfaction", "response", "rework"]
    assert len(names) == 12
    (slip,) = [one for one in answer["items"] if one["name"] == "slip"]
    assert slip["target"] == {"compare": ">=", "value": 1.0}
    assert (slip["numerator"], slip["denominator"], slip["verdict"]) == (1, 2, "missed")
    assert len(slip["tickets"]["denominator"]) == 2
    assert ran.out == run(svcctl, copied.root, "-o", "json", lang="en").out
    csv = run(svcctl, copied.root, "-o", "csv").out.splitlines()
    assert csv[0].startswith("name,week,unit,numerator,denominator,value")
    assert len(csv) == 13


def test_out_replaces_the_file_and_prints_nothing(copied: Story, svcctl: Svcctl) -> None:
    target = copied.root.parent / "周报.html"
    target.write_text("old")
    ran = run(svcctl, copied.root, "--format", "html", "--out", str(target))
    assert (ran.code, ran.out) == (0, "")
    text = target.read_text("utf-8")
    assert text.startswith("<!doctype html>")
    assert text.rstrip().endswith("</html>")
    assert [path.name for path in target.parent.glob("*周报*")] == ["周报.html"]


def test_a_broken_file_is_reported_and_the_rest_is_counted(copied: Story, svcctl: Svcctl) -> None:
    path = copied.root / f"records/tickets/2026/11/{copied.ids['asked']}.yaml"
    path.write_bytes(path.read_bytes() + b"\t- {\n")
    ran = run(svcctl, copied.root, "-o", "csv")
    assert ran.code == 0
    assert copied.ids["asked"] in ran.err
    assert "reply,2026-W47,ratio,1,3" in ran.out
    assert run(svcctl, copied.root, "--strict").code == 4


def test_overdue_ends_well_unless_strict(copied: Story, svcctl: Svcctl) -> None:
    assert run(svcctl, copied.root).code == 0
    assert run(svcctl, copied.root, "--strict").code == 4


def test_the_document_speaks_the_departments_language_unless_another_is_asked(
    copied: Story, svcctl: Svcctl
) -> None:
    def tongue(**more: Any) -> str:
        out: str = run(svcctl, copied.root, "--format", "html", **more).out
        return out.partition('<html lang="')[2].partition('"')[0]

    assert tongue(lang="") == "zh-CN"
    assert tongue(lang="en") == "en"
    policy = copied.root / "records/policy/2026-01-01.yaml"
    policy.write_text(policy.read_text("utf-8").replace("language: zh_CN", "language: en"), "utf-8")
    assert tongue(lang="") == "en"


def test_a_week_without_anything_is_a_page_without_numbers(tmp_path: Path) -> None:
    made = Department(tmp_path / "ledger")
    init(made.root, "SHA", made.clock, commit_it=False)
    found = made.gather()
    assert all(one["value"] is None for one in items_of(found))
    assert "0.0 %" not in render_weekly(page_of(found))
