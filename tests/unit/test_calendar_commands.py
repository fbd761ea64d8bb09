"""``svcctl calendar`` and ``svcctl policy``: what is typed, what is answered, what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
DAY = '["08:00-12:00", "13:30-17:30"]'
OFFICE = f"""\
timezone: Asia/Shanghai
holidays: CN
week: {{mon: {DAY}, tue: {DAY}, wed: {DAY}, thu: {DAY}, fri: {DAY}, sat: [], sun: []}}
days: {{2026-10-01: [], 2026-10-10: ["08:00-17:30"]}}
yearly: {{12-25: []}}
makeup: mon
"""


@pytest.fixture
def ask(svcctl: Run, tmp_path: Path) -> Run:
    """Ask the office's calendar in a folder without a ledger: the only item, or the whole answer."""
    (tmp_path / "office.yaml").write_text(OFFICE, "utf-8")

    def call(*words: str, whole: bool = False, **more: Any) -> Any:
        ran = svcctl("calendar", *words, "--calendar", "office.yaml", "-o", "json", **more)
        assert ran.code == 0, ran.err
        answer = json.loads(ran.out)
        return answer if whole else answer["items"][0]

    return call


# What is answered ---------------------------------------------------------------------------------


def test_each_question_is_answered_without_a_ledger(ask: Run) -> None:
    start = "2026-11-20T17:00:00+08:00"
    assert ask("due", start, "1h", "--clock", "work") == {
        "due": "2026-11-23T08:30:00+08:00",
        "seconds": 3600,
    }
    assert ask("between", start, "2026-11-23T09:00:00+08:00") == {"seconds": 5400}
    assert ask("between", start, "2026-11-21T17:00:00+08:00", "--clock", "wall") == {
        "seconds": 86400
    }
    assert ask("open", start) == {"open": True}
    assert ask("next", "2026-11-20T17:30:00+08:00") == {"next": "2026-11-23T08:00:00+08:00"}
    assert ask("day", "2026-10-10") == {
        "date": "2026-10-10",
        "working": True,
        "kind": "override",
        "windows": [["08:00", "17:30"]],
    }
    assert ask("add-days", "2026-09-30", "1") == {"date": "2026-10-08"}


def test_a_month_has_an_item_for_each_of_its_days(ask: Run) -> None:
    items = ask("show", "2026-10", whole=True)["items"]
    assert [item["date"][-2:] for item in items] == [f"{day:02}" for day in range(1, 32)]
    assert {item["kind"] for item in items} == {"override", "holiday", "working", "closed"}
    assert items[9] == ask("day", "2026-10-10")


@pytest.mark.parametrize(
    "words",
    [
        "due 2026-11-16T09:00 -3m --calendar office.yaml",
        "due --calendar office.yaml 2026-11-16T09:00 -3m",
        "due 2026-11-16T09:00 --calendar office.yaml -3m --clock work",
        "due 2026-11-16T09:00 --calendar office.yaml -- -3m",
        "due --calendar office.yaml -- 2026-11-16T09:00 -3m",
    ],
)
def test_a_negative_span_is_understood_wherever_it_stands(
    svcctl: Run, tmp_path: Path, words: str
) -> None:
    (tmp_path / "office.yaml").write_text(OFFICE, "utf-8")
    ran = svcctl("calendar", *words.split())
    assert (ran.code, ran.out) == (0, "2026-11-16 Monday 08:57\n"), ran.err


@pytest.mark.parametrize("span", ["-90s", "-3m", "-24h", "-2d", "-1mo", "-1y"])
def test_every_unit_counts_back(ask: Run, span: str) -> None:
    start = "2026-11-19T09:00:00+08:00"
    found = ask("due", start, span)
    assert found["due"] < start
    assert found["seconds"] < 0


def test_a_number_of_days_may_be_negative_too(ask: Run) -> None:
    assert ask("add-days", "2026-10-08", "-1") == {"date": "2026-09-30"}
    assert ask("add-days", "2026-10-01", "0") == {"date": "2026-10-08"}


def test_any_offset_is_understood_and_answers_are_in_the_calendars_zone(ask: Run) -> None:
    expected = {"due": "2026-11-16T10:00:00+08:00", "seconds": 3600}
    for start in (
        "2026-11-16T09:00:00+08:00",
        "2026-11-16T01:00:00Z",
        "2026-11-15T20:00:00-05:00",
        "2026-11-16T06:30:00+0530",
        "2026-11-16 09:00",
    ):
        assert ask("due", start, "1h", "--clock", "work") == expected


def test_pauses_may_overlap_touch_and_come_in_any_order(ask: Run) -> None:
    pauses = ("2026-11-16 11:00/2026-11-16 12:30", "2026/11/16 10:00/2026/11/16 11:00")
    words = [word for pause in pauses for word in ("--pause", pause)]
    found = ask("due", "2026-11-16 09:00", "2h", "--clock", "work", *words)
    assert found == {"due": "2026-11-16T14:30:00+08:00", "seconds": 7200}
    assert ask("between", "2026-11-16 09:00", found["due"], *words) == {"seconds": 7200}


def test_seconds_of_a_period_of_days_are_those_of_the_clock(ask: Run) -> None:
    start = "2026-11-16T09:00:00+08:00"
    assert ask("due", start, "1d") == {"due": "2026-11-17T17:30:00+08:00", "seconds": 117000}
    work = ask("due", start, "1d", "--clock", "work")
    assert work == {"due": "2026-11-17T17:30:00+08:00", "seconds": 7 * 3600 + 8 * 3600}
    assert ask("between", start, work["due"])["seconds"] == work["seconds"]


def test_a_calendar_may_be_written_as_json_without_a_last_line_end(
    svcctl: Run, tmp_path: Path
) -> None:
    fields = {"timezone": "UTC", "week": {"mon": ["22:00-06:00"]}, "days": {"2026-11-18": []}}
    (tmp_path / "one.yaml").write_text(json.dumps(fields), "utf-8")
    ran = svcctl("calendar", "next", "2026-11-17T06:00:00Z", "--calendar", "one.yaml", "-o", "ids")
    assert ran.out == "2026-11-23T22:00:00+00:00\n"


def test_a_year_without_data_is_a_warning_where_it_could_change_the_answer(ask: Run) -> None:
    def years(*words: str) -> list[str]:
        answer = ask(*words, whole=True)
        assert {problem["code"] for problem in answer["problems"]} <= {"E239"}
        return [problem["args"]["year"] for problem in answer["problems"]]

    late = "2089-12-30T09:00:00+08:00"
    assert years("due", late, "1h", "--clock", "work") == ["2089"]
    assert years("due", late, "30h", "--clock", "work") == ["2089", "2090"]
    assert years("due", late, "30h") == []
    assert years("due", "2026-12-30T09:00:00+08:00", "1d") == []
    assert years("due", "2026-11-16T09:00:00+08:00", "3mo") == ["2027"]
    assert years("between", "2026-11-16 09:00", "2027-01-02 09:00") == ["2027"]
    assert years("between", "2026-11-16 09:00", "2027-01-02 09:00", "--clock", "wall") == []
    assert years("open", late) == years("next", late) == years("day", "2089-12-30") == ["2089"]
    assert years("show", "2089-02") == ["2089"]
    assert years("add-days", "2026-12-31", "1") == ["2027"]
    assert years("open", "2026-11-16 09:00") == []


def test_a_file_in_which_a_program_wrote_one_list_for_several_days_is_understood(
    svcctl: Run, tmp_path: Path
) -> None:
    hours = ["08:00-12:00", "13:30-17:30"]
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), hours)
    path = tmp_path / "calendar.yaml"
    import yaml

    path.write_text(yaml.safe_dump({"timezone": "Asia/Shanghai", "holidays": "CN", "week": week}))
    assert "*id001" in path.read_text()
    ran = svcctl("calendar", "day", "2026-11-18", "--calendar", str(path), "-o", "json")
    assert json.loads(ran.out)["items"][0]["windows"] == [["08:00", "12:00"], ["13:30", "17:30"]]


def test_aliases_of_aliases_and_of_themselves_are_refused(svcctl: Run, tmp_path: Path) -> None:
    path = tmp_path / "calendar.yaml"
    path.write_text("week: {mon: &a [x], tue: &b [*a, *a], wed: *b}\ndays: &d {e: *d}\n")
    ran = svcctl("calendar", "day", "2026-11-18", "--calendar", str(path))
    assert (ran.code, ran.err.count("E108")) == (4, 3)
    assert "let it write no aliases, or write JSON" in ran.err


def test_a_year_that_the_calendar_writes_itself_is_no_warning(svcctl: Run, tmp_path: Path) -> None:
    written = OFFICE.replace("2026-10-01: []", "2027-01-01: [], 2027-05-01: [], 2027-10-01: []")
    for days, warned in ((written, False), (written.replace("2027-05-01: [], ", ""), True)):
        (tmp_path / "own.yaml").write_text(days, "utf-8")
        ran = svcctl("calendar", "day", "2027-02-06", "--calendar", "own.yaml")
        assert ("E239" in ran.err) == warned


def test_the_ledgers_calendar_is_the_one_in_force_at_the_start(svcctl: Run, tmp_path: Path) -> None:
    svcctl("init", ".", "--desk", "SHA")
    policy = (tmp_path / "records/policy/2026-01-01.yaml").read_text("utf-8")
    later = policy.replace("calendar: CN ", "calendar: LATE ")
    (tmp_path / "records/policy/2027-01-01.yaml").write_text(later, "utf-8")
    late = 'timezone: Asia/Shanghai\nweek: {fri: ["20:00-22:00"]}\n'
    (tmp_path / "records/calendar/LATE.yaml").write_text(late, "utf-8")

    def windows(day: str) -> object:
        ran = svcctl("calendar", "day", day, "-o", "json", now="2026-11-16T09:00:00+08:00")
        return json.loads(ran.out)["items"][0]["windows"]

    assert windows("2026-12-25") == [["08:00", "12:00"], ["13:30", "17:30"]]
    assert windows("2027-01-08") == [["20:00", "22:00"]]


# What does not matter -----------------------------------------------------------------------------

QUESTIONS = (
    ("due", "2026-10-31T12:00:00-04:00", "30h", "--clock", "work"),
    ("due", "2026-10-31 12:00", "2d"),
    ("due", "2026-11-16 09:00", "1mo", "--rolls", "never"),
    ("between", "2018-11-03 00:00", "2018-11-05 00:00"),
    ("next", "2026-11-01 00:00"),
    ("day", "2026-11-01"),
    ("add-days", "2026-10-30", "3"),
    ("show", "2026-11"),
)
NEW_YORK = 'timezone: America/New_York\nweek: {sun: ["00:30-02:00"], mon: ["09:00-17:00"]}\n'
DRIVER = """
import sys
from datetime import datetime
from svcctl.__main__ import run
moment = datetime.fromisoformat(sys.argv[1])
for words in sys.argv[2].split(";"):
    run(["calendar", *words.split("|"), "--calendar", sys.argv[3], "-o", "json"], clock=lambda: moment)
"""


def answers(file: Path, clock: str, **surroundings: str) -> bytes:
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    search = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, clock, ";".join("|".join(q) for q in QUESTIONS), str(file)],
        capture_output=True,
        cwd=file.parent,
        env={**environ, "PYTHONPATH": search, **surroundings},
        check=True,
    )
    assert done.stdout.count(b'"svcctl": 1') == len(QUESTIONS), done.stderr
    return done.stdout


def test_no_answer_depends_on_zone_language_or_clock_of_the_machine(tmp_path: Path) -> None:
    file = tmp_path / "ny.yaml"
    file.write_text(NEW_YORK, "utf-8")
    here = answers(file, "2026-11-16T09:00:00+08:00", TZ="Asia/Shanghai", LANG="zh_CN.UTF-8")
    there = answers(file, "1999-12-31T23:59:59-03:00", TZ="America/Sao_Paulo", LANG="C")
    other = answers(file, "2044-02-29T00:00:00+00:00", TZ=":nowhere", LC_ALL="en_GB.UTF-8")
    assert here == there == other


# What is refused ----------------------------------------------------------------------------------

BAD_WORDS = [
    ("due 2026-11-16 2w", "span"),
    ("due 2026-11-16 101y", "span"),
    ("due 2026-13-16 2d", "time"),
    ("due 2026-11-16 2d --pause 2026-11-17", "pause"),
    ("due 2026-11-16 2d --pause 2026-11-18/2026-11-17", "pause"),
    ("due 2026-11-16 2d --pause a/b", "time"),
    ("due 9990-11-16 90y", "range"),
    ("add-days 2026-11-16 x", "number"),
    ("add-days 2026-11-16 99999", "number"),
    ("add-days 9998-11-16 99", "range"),
    ("show 2026", "month"),
    ("show 2026-13", "month"),
    ("day 2026-02-30", "time"),
]


@pytest.mark.parametrize(("words", "code"), BAD_WORDS)
def test_what_cannot_be_understood_is_refused_and_said(
    svcctl: Run, tmp_path: Path, words: str, code: str
) -> None:
    (tmp_path / "office.yaml").write_text(OFFICE, "utf-8")
    ran = svcctl("calendar", *words.split(), "--calendar", "office.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert f"[{code}]" in ran.err
    assert ran.err.count("\n") == 2


def test_a_time_that_clocks_skip_is_refused(svcctl: Run, tmp_path: Path) -> None:
    (tmp_path / "ny.yaml").write_text(NEW_YORK, "utf-8")
    ran = svcctl("calendar", "open", "2026-03-08 02:30", "--calendar", "ny.yaml")
    assert ran.code == 2
    assert "does not exist" in ran.err


# file, what is wrong: the code and the place
BAD_CALENDARS = [
    ("tab", "week:\n\tmon: []\n", "E104 2:1"),
    ("duplicate key", "timezone: UTC\ntimezone: UTC\n", "E107 2:1"),
    ("duplicate day", 'week: {mon: [], mon: ["08:00-12:00"]}\n', "E107 1:17"),
    ("two documents", "timezone: UTC\n---\ntimezone: UTC\n", "E114 2:1"),
    ("alias of itself", 'week: {mon: &a ["08:00-12:00", *a]}\n', "E108 1:32"),
    ("a list", "- timezone: UTC\n", "E115 1:1"),
    ("unknown key", "timezone: UTC\nweeks: {}\n", "E231 2:1"),
    ("unknown key over lines", "weeks:\n  mon: []\n", "E231 1:1"),
    ("bad zone", "timezone: Asia/Peking\n", "E232 1:11"),
    ("zone is a path", "timezone: /etc/localtime\n", "E232 1:11"),
    ("unknown holidays", "holidays: DE\n", "E237 1:11"),
    ("empty week", "week: {}\n", "E236 1:7"),
    ("week of closed days", "week: {mon: [], sun: []}\n", "E236 1:7"),
    ("open on one date only", 'week: {}\ndays: {2026-10-10: ["08:00-12:00"]}\n', "E236 1:7"),
    ("unknown day name", 'week:\n  monday: ["08:00-12:00"]\n', "E238 2:3"),
    ("capitals", 'week:\n  Mon: ["08:00-12:00"]\n', "E238 2:3"),
    ("wrong makeup", "makeup: monday\n", "E238 1:9"),
    ("makeup as a number", "makeup: 1\n", "E238 1:9"),
    ("one time", 'week:\n  mon: ["08:00"]\n', "E233 2:9"),
    ("no length", 'week:\n  mon: ["08:00-08:00"]\n', "E233 2:9"),
    ("after midnight", 'week:\n  mon: ["08:00-25:00"]\n', "E233 2:9"),
    ("the second is wrong", 'week:\n  mon: ["08:00-12:00", "13-17"]\n', "E233 2:24"),
    ("text for a list", 'week:\n  mon: "08:00-12:00"\n', "E230 2:8"),
    ("overlapping", 'week:\n  mon: ["08:00-12:00", "11:59-13:00"]\n', "E234 2:8"),
    ("reversed into another", 'week:\n  mon: ["12:00-08:00", "13:30-17:30"]\n', "E234 2:8"),
    (
        "night into morning",
        'week:\n  mon: ["22:00-06:00"]\n  tue: ["05:00-09:00"]\n',
        "E234 3:8",
    ),
    ("a year only", "days:\n  2026: []\n", "E235 2:3"),
    ("no such day", "days:\n  2026-02-30: []\n", "E235 2:3"),
    ("short date", "days:\n  2026-2-3: []\n", "E235 2:3"),
    ("yearly with a year", "yearly:\n  2026-12-25: []\n", "E235 2:3"),
    ("no such yearly day", "yearly:\n  02-30: []\n", "E235 2:3"),
    ("days is a list", "days: [2026-10-01]\n", "E230 1:7"),
]
REPLY = "starts: opened, within: 24h, met-by: replied"
BAD_POLICIES = [
    ("tab", "obligations:\n\treply: {}\n", "E104 2:1"),
    ("duplicate obligation", f"obligations:\n  a: {{{REPLY}}}\n  a: {{{REPLY}}}\n", "E107 3:3"),
    ("unknown key", "obligation:\n  reply: {}\n", "E220 1:1"),
    ("unknown word", f"obligations:\n  reply: {{{REPLY}, who: clerk}}\n", "E220 2:57"),
    (
        "unknown event",
        "obligations:\n  a: {starts: opend, within: 1d, met-by: told}\n",
        "E221 2:15",
    ),
    ("no start", "obligations:\n  a: {within: 1d, met-by: told}\n", "E221 2:6"),
    ("no end", "obligations:\n  a: {starts: opened, within: 1d}\n", "E221 2:6"),
    ("bad span", "obligations:\n  a: {starts: opened, within: 2w, met-by: told}\n", "E221 2:31"),
    ("negative", "obligations:\n  a: {starts: opened, within: -2d, met-by: told}\n", "E221 2:31"),
    ("neither", "obligations:\n  a: {starts: opened, met-by: told}\n", "E221 2:6"),
    ("bad clock", f"obligations:\n  a: {{{REPLY}, clock: day}}\n", "E221 2:60"),
    ("bad rolls", f"obligations:\n  a: {{{REPLY}, rolls: next}}\n", "E221 2:60"),
    ("bad role", f"obligations:\n  a: {{{REPLY}, owner: boss}}\n", "E221 2:60"),
    ("bad kind", f"obligations:\n  a: {{{REPLY}, for: [repairs]}}\n", "E221 2:58"),
    (
        "never holds",
        "obligations:\n  a: {starts: opened, within: 1d, met-by: contacted(result=ok)}\n",
        "E221 2:43",
    ),
    ("bad may", "may: {dispatch: [boss]}\n", "E221 1:17"),
    ("bad target", "targets: {reply: 101%}\n", "E221 1:18"),
    ("unknown target", "targets: {speed: 90%}\n", "E220 1:11"),
    ("unknown need", "close-needs: [slips]\n", "E221 1:14"),
    ("bad score", "dissatisfied-below: 6\n", "E221 1:21"),
    ("later format", "format: 2\n", "E204 1:9"),
]


@pytest.mark.parametrize(
    ("folder", "name", "text", "expected"),
    [("calendar", *row) for row in BAD_CALENDARS] + [("policy", *row) for row in BAD_POLICIES],
)
def test_bad_rules_are_refused_with_their_place_and_what_to_do(
    svcctl: Run, tmp_path: Path, folder: str, name: str, text: str, expected: str
) -> None:
    (tmp_path / folder).mkdir()
    file = tmp_path / folder / "2026-01-01.yaml"
    file.write_text(text, "utf-8")
    ran = svcctl("policy", "check", f"{folder}/2026-01-01.yaml")
    assert ran.code == 1, name
    code, place = expected.split()
    told = f"{folder}/2026-01-01.yaml:{place}: {code} "
    assert told in ran.out, ran.out
    assert "    Remedy: " in ran.out
    if folder == "calendar":
        used = svcctl("calendar", "day", "2026-11-16", "--calendar", f"{folder}/2026-01-01.yaml")
        assert (used.code, used.out) == (4, "")
        assert told in used.err


# Policies -----------------------------------------------------------------------------------------


def test_the_rules_shown_are_those_of_the_day(svcctl: Run, tmp_path: Path) -> None:
    svcctl("init", ".", "--desk", "SHA")
    policy = (tmp_path / "records/policy/2026-01-01.yaml").read_text("utf-8")
    later = policy.replace("within: 24h", "within: 12h", 1)
    (tmp_path / "records/policy/2027-01-01.yaml").write_text(later, "utf-8")

    def shown(*words: str) -> dict[str, Any]:
        return dict(json.loads(svcctl("policy", "show", *words, "-o", "json").out)["items"][0])

    now, then = shown(), shown("--at", "2027-01-01")
    assert (now["id"], now["until"]) == ("2026-01-01", "2027-01-01")
    assert (then["id"], then["until"]) == ("2027-01-01", None)
    assert now["obligations"]["reply"]["within"] == "24h"
    assert then["obligations"]["reply"]["within"] == "12h"
    assert now["values"]["calendar"] == "CN"
    ran = svcctl("policy", "diff", "2026-11-16", "2027-01-01", "-o", "json")
    assert json.loads(ran.out)["items"] == [
        {
            "key": "obligations.reply.within",
            "obligation": "reply",
            "how": "changed",
            "old": "24h",
            "new": "12h",
        }
    ]


def test_every_file_of_the_rules_is_checked_even_where_no_command_can_work(
    svcctl: Run, tmp_path: Path
) -> None:
    svcctl("init", ".", "--desk", "SHA")
    assert svcctl("policy", "check").code == 0
    assert svcctl("policy", "check", "--strict").code == 1  # nothing is known of next year
    for path in ("records/policy/2026-01-01.yaml", "records/calendar/CN.yaml"):
        file = tmp_path / path
        file.write_text(file.read_text("utf-8") + "colour: red\n", "utf-8")
    (tmp_path / "records/policy/2027-01-01.yaml").write_text("calendar: XX\n", "utf-8")
    assert svcctl("today").code == 4
    ran = svcctl("policy", "check", "-o", "json")
    assert ran.code == 1
    found = [(item["code"], item["path"]) for item in json.loads(ran.out)["items"]]
    assert found == [
        ("E220", "records/policy/2026-01-01.yaml"),
        ("E223", "records/policy/2027-01-01.yaml"),
        ("E231", "records/calendar/CN.yaml"),
    ]


def test_drafts_are_compared_without_a_ledger(svcctl: Run, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(OFFICE, "utf-8")
    (tmp_path / "b.yaml").write_text(OFFICE.replace("makeup: mon", "makeup: tue"), "utf-8")
    (tmp_path / "c.yaml").write_text("may: {close: [manager]}\n", "utf-8")
    assert svcctl("policy", "diff", "a.yaml", "b.yaml", "-o", "ids").out == "makeup\n"
    assert "They say the same." in svcctl("policy", "diff", "a.yaml", "a.yaml").out
    assert svcctl("policy", "diff", "a.yaml", "c.yaml").code == 2
    assert svcctl("policy", "diff", "a.yaml", "gone.yaml").code == 8
