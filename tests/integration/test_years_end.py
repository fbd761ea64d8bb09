"""Work over the end of a year and of a February: ids, folders, weeks, deadlines, in the ledger's zone.

The computer stands in another zone than the ledger; where it stands must not matter.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import made_ledgers as made
import pytest

from svcctl.domain import holidays

ASKED = "--kind repair --customer 周兰 --model KFR-35 -o ids --subject"


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer in São Paulo, on which the statutory holidays are known up to 2026."""
    known = holidays.statutory
    monkeypatch.setattr(holidays, "statutory", lambda year: known(year) if year < 2027 else None)
    monkeypatch.setenv("TZ", "America/Sao_Paulo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Clerk:
    """Somebody at a desk whose clock is told; each command takes five seconds."""

    def __init__(self, root: Path, now: str) -> None:
        self.root = root
        root.mkdir()
        self.clock = datetime.fromisoformat(now)
        start = "init . --desk SHA", "staff new li.na --name 李娜 --role manager", "me li.na"
        cards = (
            "staff new wang.wei --name 王伟 --role engineer",
            "customer new --name 周兰 --phone 13800138000",
        )
        for words in (*start, *cards):
            text = words.replace(" . ", f" {root} ")
            made.sure(root, *text.split(" "), now=self.now)

    @property
    def now(self) -> str:
        """The instant as the computer's own clock gives it."""
        return self.clock.astimezone().isoformat()

    def says(self, words: str) -> made.Ran:
        ran = made.call(self.root, *words.split(" "), now=self.now)
        self.clock += timedelta(seconds=5)
        return ran

    def sure(self, words: str) -> str:
        ran = self.says(words)
        assert ran.code == 0, ran
        return ran.out.strip()

    def at(self, now: str) -> Clerk:
        self.clock = datetime.fromisoformat(now)
        return self

    def files(self, folder: str) -> list[str]:
        base = self.root / "records"
        return sorted(str(one.relative_to(base)) for one in (base / folder).rglob("*.yaml"))

    def due(self, ticket: str) -> dict[str, str]:
        answer = json.loads(self.sure(f"ticket show {ticket} -o json"))
        return {one["kind"]: one["due"] for one in answer["items"][0]["obligations"]}


def whole_job(clerk: Clerk) -> tuple[str, str]:
    """One request ten seconds before midnight, done after it, and one at midnight."""
    old = clerk.sure(f"ticket new {ASKED} 不制冷")
    clerk.sure(f"ticket contact {old} --result reached")
    new = clerk.sure(f"ticket new {ASKED} 漏水")
    clerk.sure(f"ticket contact {new} --result reached")
    clerk.sure(f"ticket review {old} --cover free")
    clerk.sure(f"ticket dispatch {old} --to wang.wei --visit +2h")
    clerk.sure(f"ticket arrive {old} --by wang.wei")
    clerk.sure(f"ticket finish {old} --by wang.wei --result fixed --fault x --action y")
    clerk.sure(f"slip return {old} --signed --opinion satisfied --by wang.wei")
    return old, new


@pytest.fixture
def clerk(tmp_path: Path) -> Clerk:
    return Clerk(tmp_path / "desk", "2026-12-31T23:59:50+08:00")


def test_what_is_taken_before_midnight_is_of_the_old_year_and_after_it_of_the_new(
    clerk: Clerk,
) -> None:
    assert whole_job(clerk) == ("SHA-261231-01V", "SHA-270101-01A")
    assert clerk.files("tickets") == [
        "tickets/2026/12/SHA-261231-01V.yaml",
        "tickets/2027/01/SHA-270101-01A.yaml",
    ]
    clerk.sure("log add 夜班")
    clerk.sure("log add 昨夜 --at -5m")
    assert clerk.files("logs") == ["logs/2026-12.SHA.yaml", "logs/2027-01.SHA.yaml"]


def test_every_time_is_written_in_the_ledgers_zone(clerk: Clerk) -> None:
    for one in whole_job(clerk):
        text = made.ticket_file(clerk.root, one).read_text("utf-8")
        offsets = re.findall(r"T\d\d:\d\d:\d\d([^\"]*)\"", text)
        assert len(offsets) > 4
        assert set(offsets) == {"+08:00"}


def test_a_time_typed_for_yesterday_is_of_the_old_year(clerk: Clerk) -> None:
    clerk.at("2027-01-01T00:00:00+08:00")
    assert clerk.sure(f"ticket new {ASKED} x --at -1s") == "SHA-261231-01V"
    assert clerk.sure(f"ticket new {ASKED} y --at 12-31") == "SHA-261231-02T"
    assert clerk.sure(f"ticket new {ASKED} z") == "SHA-270101-01A"


def test_deadlines_run_over_the_end_of_the_year(clerk: Clerk) -> None:
    old, new = whole_job(clerk)
    assert clerk.due(old) == {
        "first-call": "2027-01-01T00:02:50+08:00",
        "reply": "2027-01-01T23:59:50+08:00",
        "arrival": "2027-01-01T02:00:15+08:00",
        "slip": "2027-01-02T17:30:00+08:00",
        "callback-next": "2027-01-02T17:30:00+08:00",
        "callback-slip": "2027-01-03T17:30:00+08:00",
    }
    assert clerk.due(new)["slip"] == "2027-01-03T17:30:00+08:00"
    assert clerk.at("2027-01-01T17:30:00+08:00").sure("callbacks due -o ids") == ""
    assert clerk.at("2027-01-02T09:00:00+08:00").sure("callbacks due -o ids") == old


@pytest.mark.parametrize(
    ("now", "asked", "week", "opened"),
    [
        ("2027-01-03T23:59:59+08:00", "", "2026-W52", "0"),
        ("2027-01-04T00:00:00+08:00", "", "2026-W53", "2"),
        ("2027-01-11T00:00:00+08:00", "", "2027-W01", "0"),
        ("2027-01-11T00:00:00+08:00", " --week 2026-W53", "2026-W53", "2"),
    ],
)
def test_the_last_week_of_2026_is_its_53rd_and_goes_to_the_third_of_january(
    clerk: Clerk, now: str, asked: str, week: str, opened: str
) -> None:
    whole_job(clerk)
    page = clerk.at(now).sure(f"report weekly{asked}")
    assert f"· {week}\n" in page
    assert f"- Opened: **{opened}**" in page
    if week == "2026-W53":
        assert "2026-12-28 – 2027-01-03" in page
        assert "- Finished: **1**" in page
    if week == "2027-W01":
        assert "- Opened: **0** (before: 2)" in page


def test_2027_has_no_week_53(clerk: Clerk) -> None:
    assert clerk.says("report weekly --week 2027-W53").code == 2


def test_a_year_is_closed_sealed_and_audited_on_its_morrow(clerk: Clerk) -> None:
    old, new = whole_job(clerk)
    assert (
        clerk.at("2026-12-31T23:59:59+08:00")
        .says("seal 2026-12")
        .err.endswith("2026-12 is not over yet [month-not-over]\n")
    )
    clerk.at("2027-01-02T09:00:00+08:00")
    clerk.sure(f"callbacks record {old} --result reached --working yes --quality 5")
    clerk.sure(f"ticket close {old}")
    clerk.sure(f"ticket cancel {new} --reason 重复")
    assert "2026-12 is sealed: 1 ticket, " in clerk.sure("seal 2026-12")
    assert clerk.files("seals") == ["seals/2026-12.yaml"]
    assert clerk.sure("audit").count(": E") == 2  # E239, E416: no phone on the slip, no holidays
    assert "0 errors, 0 warnings" in clerk.sure("audit --history")


@pytest.mark.parametrize(
    ("now", "fault"), [("2026-11-30T23:59:50+08:00", False), ("2026-12-01T00:00:00+08:00", True)]
)
def test_doctor_finds_fault_with_a_year_of_which_the_holidays_are_not_known_before_it_begins(
    clerk: Clerk, now: str, fault: bool
) -> None:
    found = json.loads(clerk.at(now).says("doctor -o json").out)["items"]
    [told] = [one for one in found if one["id"] == "holidays"]
    assert told["well"] is not fault
    assert "2027" in told["seen"]


def test_the_29th_of_february_is_a_day_as_any_other(tmp_path: Path) -> None:
    clerk = Clerk(tmp_path / "desk", "2028-02-28T23:59:50+08:00")
    old, new = whole_job(clerk)
    assert (old, new) == ("SHA-280228-01L", "SHA-280229-01D")
    assert clerk.files("tickets") == [f"tickets/2028/02/{one}.yaml" for one in (old, new)]
    assert clerk.due(old)["slip"] == "2028-03-01T17:30:00+08:00"
    assert clerk.due(old)["callback-next"] == "2028-03-01T17:30:00+08:00"
    assert clerk.due(new)["slip"] == "2028-03-02T17:30:00+08:00"
    assert "· 2028-W09\n" in clerk.at("2028-03-06T00:00:00+08:00").sure("report weekly")


@pytest.mark.parametrize(
    ("start", "span", "due"),
    [
        ("2028-01-31", "1mo", "2028-02-29 Tuesday 17:30"),
        ("2028-02-29", "1y", "2029-02-28 Wednesday 17:30"),
        ("2027-01-31", "1mo", "2027-02-28 Sunday 17:30"),
    ],
)
def test_months_and_years_end_on_the_day_there_is(
    clerk: Clerk, start: str, span: str, due: str
) -> None:
    assert clerk.sure(f"calendar due {start}T09:00:00+08:00 {span}") == due
