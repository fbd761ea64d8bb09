"""``svcctl import tickets``: all or nothing, known again, every bad cell by row and column."""

from __future__ import annotations

import errno
import json
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from made_ledgers import Ran

from svcctl.domain.cases import Case, Event
from svcctl.domain.replay import replay
from svcctl.domain.ticket import TICKET
from svcctl.domain.times import zone
from svcctl.exchange import mapping
from svcctl.exchange.dates import DateColumn, DateForm
from svcctl.ledger import batch

Run = Callable[..., Ran]
DOCS = Path(__file__).parents[2] / "docs"

NOW = "2026-11-16T09:00:00+08:00"
LATER = "2026-11-16T10:00:00+08:00"
EVENING = "2026-11-16T18:00:00+08:00"

MAP = """\
format: 1
source: old
id: No
missing: ["?", ""]
dates: {form: D/M/YYYY HH:MM, zone: Asia/Shanghai}
columns:
  kind: {constant: repair}
  opened: Opened
  channel: {column: Way, values: {Phone: phone, Email: mail}}
  priority: {column: Prio, values: {"1": urgent, "2": normal}}
  subject: {text: "{Group}: {Fault}", otherwise: nothing said}
customers: {id: Caller, phone: Phone, unknown: Nobody named}
people: {role: engineer}
status: {column: State, values: {Closed: closed, Done: finished, Open: open}}
events:
  finished: {at: Done at, by: Engineer, result: {constant: fixed}}
  closed: {at: Closed at}
"""
HEADER = "No,Opened,Way,Prio,Group,Fault,Caller,Phone,State,Done at,Engineer,Closed at"
ROWS = (
    "A1,29/2/2016 01:16,Phone,1,Air,no cooling,Ann,13800138000,Closed,1/3/2016 09:00,Li Na,5/3/2016 12:00",
    "A2,1/3/2016 08:00,Email,2,Air,leaks,Ann,13800138000,Closed,?,?,6/3/2016 12:00",
    "A3,2/3/2016 08:00,Phone,2,Air,noise,Bob,?,Open,?,?,?",
)


def table(*rows: str, header: str = HEADER) -> bytes:
    return "".join(f"{line}\r\n" for line in (header, *rows)).encode()


class Place:
    """A ledger with one manager at the desk, and an import to be tried on it."""

    def __init__(self, folder: Path, svcctl: Run) -> None:
        self.folder = folder
        self.run = svcctl
        self.map = MAP
        self.content = table(*ROWS)

    def bring(self, *words: str, now: str = NOW) -> Ran:
        (self.folder / "old.csv").write_bytes(self.content)
        (self.folder / "map.yaml").write_text(self.map, "utf-8")
        return self("import", "tickets", "old.csv", "--map", "map.yaml", *words, now=now)

    def __call__(self, *words: str, now: str = NOW) -> Ran:
        return self.run(*words, cwd=self.folder, now=now)

    def tickets(self) -> dict[str, dict[str, Any]]:
        done = self("ticket", "list", "--all", "-o", "json", now=EVENING)
        assert done.code == 0, done.err
        return {item["foreign"]: item for item in json.loads(done.out)["items"]}

    def files(self) -> set[str]:
        records = self.folder / "records"
        return {str(path.relative_to(records)) for path in records.rglob("*.yaml")}

    def text(self, foreign: str) -> str:
        name = self.tickets()[foreign]["id"]
        return next((self.folder / "records/tickets").rglob(f"{name}.yaml")).read_text("utf-8")

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.folder, capture_output=True, check=True)
        return done.stdout.decode()


@pytest.fixture
def place(tmp_path: Path, svcctl: Run) -> Place:
    folder = tmp_path / "ledger"
    folder.mkdir()
    here = Place(folder, svcctl)
    assert here("init", ".", "--desk", "SHA").code == 0
    assert here("staff", "new", "mgr1", "--name", "经理甲", "--role", "manager").code == 0
    assert here("me", "mgr1").code == 0
    return here


# What comes in ---------------------------------------------------------------------------------


def test_a_row_becomes_a_ticket_with_its_customer_and_its_engineer(place: Place) -> None:
    done = place.bring()
    assert (done.code, done.err) == (0, "")
    assert "3 rows: 3 new, 0 already there" in done.out
    assert "new customers: 2 · new people: 1" in done.out
    noted = '"noted": "2026-11-16T09:00:00+08:00"'
    assert place.text("old:A1") == (
        "format: 1\nid: SHA-160229-017\nkind: repair\n"
        'opened: "2016-02-29T01:16:00+08:00"\nchannel: phone\ncustomer: SHA-C0001Z\n'
        'priority: urgent\nsubject: "Air: no cooling"\nforeign: old:A1\nevents:\n'
        f'- {{"n": 1, "desk": "SHA", "at": "2016-02-29T01:16:00+08:00", {noted}, "by": "mgr1", "do": "opened"}}\n'
        f'- {{"n": 2, "desk": "SHA", "at": "2016-02-29T01:16:00+08:00", {noted}, "by": "mgr1", "do": "imported", "supplied": "opened finished closed", "over": "1SHA"}}\n'
        f'- {{"n": 3, "desk": "SHA", "at": "2016-03-01T09:00:00+08:00", {noted}, "by": "li-na", "do": "finished", "result": "fixed", "from": "old", "over": "2SHA"}}\n'
        f'- {{"n": 4, "desk": "SHA", "at": "2016-03-05T12:00:00+08:00", {noted}, "by": "mgr1", "do": "closed", "from": "old", "over": "3SHA"}}\n'
    )
    customer = (place.folder / "records/customers/SHA-C0001Z.yaml").read_text("utf-8")
    assert "name: Ann" in customer
    assert 'phone: "13800138000"' in customer
    assert "foreign: old:Ann" in customer
    assert "name: Li Na" in (place.folder / "records/staff/li-na.yaml").read_text("utf-8")


def test_an_import_is_one_commit_of_nothing_but_its_files(place: Place) -> None:
    before = place.files()
    place.bring()
    named = place.git("show", "--name-only", "--format=%an|%s", "HEAD").split("\n")
    assert named[0] == "经理甲|3 tickets imported from old"
    assert {name for name in named[1:] if name} == {
        f"records/{name}" for name in place.files() - before
    }
    assert place.git("status", "--porcelain", "records") == ""


def test_the_audit_finds_nothing_wrong_with_what_was_imported(place: Place) -> None:
    place.bring()
    audit = place("audit")
    assert audit.code == 0
    assert "0 errors" in audit.out + audit.err
    assert "E413" not in audit.out + audit.err


def test_the_states_are_those_of_the_status_column(place: Place) -> None:
    place.bring()
    states = {name: item["state"] for name, item in place.tickets().items()}
    assert states == {"old:A1": "closed", "old:A2": "closed", "old:A3": "new"}


def test_a_case_closed_nobody_knows_when_is_closed_and_no_time_is_invented(place: Place) -> None:
    place.content = table(
        "A1,1/3/2016 08:00,Phone,1,a,b,Ann,?,Closed,2/3/2016 08:00,Li Na,?",
        "A2,1/3/2016 08:00,Phone,1,a,b,Ann,?,Closed,?,?,?",
    )
    assert place.bring().code == 0
    assert {item["state"] for item in place.tickets().values()} == {"closed"}
    for name, supplied in (("old:A1", "opened finished"), ("old:A2", "opened")):
        text = place.text(name)
        assert '"do": "closed"' not in text
        assert f'"supplied": "{supplied}", "status": "closed"' in text


def test_a_milestone_that_the_status_denies_is_left_out(place: Place) -> None:
    place.content = table(
        "A1,1/3/2016 08:00,Phone,1,a,b,Ann,?,Open,2/3/2016 08:00,Li Na,3/3/2016 08:00"
    )
    assert place.bring().code == 0
    assert place.tickets()["old:A1"]["state"] == "new"


def test_as_of_a_day_in_between_the_ticket_was_still_open(place: Place) -> None:
    place.bring()
    shown = place("ticket", "list", "--as-of", "2016-02-29T12:00:00+08:00", "-o", "json")
    assert [item["foreign"] for item in json.loads(shown.out)["items"]] == ["old:A1"]


def test_a_dry_run_shows_what_would_come_and_writes_nothing(place: Place) -> None:
    before, head = place.files(), place.git("rev-parse", "HEAD")
    done = place.bring("--dry-run")
    assert done.code == 0
    assert "3 new" in done.out
    assert "foreign: old:A1" in done.out
    assert "nothing was written" in done.err
    assert (place.files(), place.git("rev-parse", "HEAD")) == (before, head)


def test_machine_output_counts_the_same(place: Place) -> None:
    item = json.loads(place.bring("-o", "json").out)["items"][0]
    assert {key: item[key] for key in ("rows", "new", "there", "customers", "people")} == {
        "rows": 3, "new": 3, "there": 0, "customers": 2, "people": 1
    }  # fmt: skip


def test_an_import_works_where_there_is_no_git(tmp_path: Path, svcctl: Run) -> None:
    place = Place(tmp_path, svcctl)
    place("init", ".", "--desk", "SHA", "--no-commit")
    place("staff", "new", "mgr1", "--name", "经理甲", "--role", "manager")
    place("me", "mgr1")
    done = place.bring()
    assert done.code == 0
    assert len(place.tickets()) == 3
    assert "git" in done.err


# Again -----------------------------------------------------------------------------------------


def test_a_second_run_brings_nothing_and_writes_nothing(place: Place) -> None:
    place.bring()
    before, head = place.files(), place.git("rev-parse", "HEAD")
    done = place.bring(now=LATER)
    assert (done.code, done.err) == (0, "")
    assert "3 rows: 0 new, 3 already there" in done.out
    assert (place.files(), place.git("rev-parse", "HEAD")) == (before, head)


def test_only_new_rows_come_and_their_customers_are_known_again(place: Place) -> None:
    place.bring()
    place.content += table(
        "A4,3/3/2016 08:00,Phone,2,Air,ice,Ann,?,Closed,4/3/2016 08:00,Li Na,?"
    ).split(b"\r\n")[1]
    done = place.bring(now=LATER)
    assert "4 rows: 1 new, 3 already there" in done.out
    assert "new customers: 0 · new people: 0" in done.out
    found = place.tickets()
    assert found["old:A4"]["customer"] == found["old:A1"]["customer"]


def test_a_changed_row_is_reported_and_the_ticket_stays_as_it_is(place: Place) -> None:
    place.bring()
    before = place.text("old:A3")
    place.content = place.content.replace(b"noise,Bob,?,Open,?", b"rattle,Bob,?,Closed,?")
    done = place.bring(now=LATER)
    assert done.code == 0
    assert "old.csv:4: A3 (SHA-160302-01Q) says something else since its import" in done.err
    assert "subject, status" in done.err
    assert place.text("old:A3") == before


def test_what_happened_here_since_is_no_difference(place: Place) -> None:
    place.bring()
    name = place.tickets()["old:A3"]["id"]
    assert place("ticket", "note", name, "called twice", now=LATER).code == 0
    done = place.bring(now=LATER)
    assert (done.code, done.err) == (0, "")


def test_a_person_whose_card_was_renamed_is_known_again(place: Place) -> None:
    place.bring()
    assert place("staff", "set", "li-na", "--name", "李娜", now=LATER).code == 0
    done = place.bring(now=LATER)
    assert "3 already there" in done.out
    assert done.err == ""


def test_people_are_found_by_the_map_by_name_and_by_id(place: Place) -> None:
    place("staff", "new", "wang.wei", "--name", "王伟", "--role", "engineer")
    place.map = MAP.replace("{role: engineer}", "{names: {Old Wang: wang.wei}}")
    row = "A{n},1/3/2016 08:00,Phone,1,a,b,Ann,?,Closed,2/3/2016 08:00,{who},?"
    names = ("Old Wang", "王伟", "wang.wei", "张三", "李四")
    place.content = table(*(row.format(n=n, who=who) for n, who in enumerate(names)))
    done = place.bring()
    assert "new people: 2" in done.out
    assert {"staff/person.yaml", "staff/person-2.yaml"} <= place.files()
    assert all('"by": "wang.wei"' in place.text(f"old:A{n}") for n in range(3))


# What the rules say of it ----------------------------------------------------------------------


def test_nothing_is_owed_on_what_the_map_did_not_supply(place: Place) -> None:
    place.bring()
    assert all(item["obligations"] == [] for item in place.tickets().values())


def test_what_the_map_supplied_is_judged(place: Place) -> None:
    place.map += "  contacted: {at: Called, result: {constant: reached}}\n"
    place.content = table(
        "A1,1/3/2016 08:00,Phone,1,a,b,Ann,?,Closed,?,?,5/3/2016 08:00,4/3/2016 08:00",
        "A2,1/3/2016 08:00,Phone,1,a,b,Ann,?,Closed,?,?,5/3/2016 08:00,1/3/2016 08:01",
        header=HEADER + ",Called",
    )
    assert place.bring().code == 0
    found = place.tickets()
    owed = {
        name: {one["kind"]: one["state"] for one in item["obligations"]}
        for name, item in found.items()
    }
    assert owed == {
        "old:A1": {"reply": "late", "first-call": "late"},
        "old:A2": {"reply": "met", "first-call": "met"},
    }


def test_an_open_case_goes_on_under_the_rules_of_this_desk(place: Place) -> None:
    place.bring()
    name = place.tickets()["old:A3"]["id"]
    assert place("ticket", "close", name, now=LATER).code == 3
    assert place("ticket", "finish", name, "--result", "fixed", now=LATER).code == 3
    assert place("ticket", "finish", name, "--result", "by-phone", now=LATER).code == 0
    owed = [one["kind"] for one in place.tickets()["old:A3"]["obligations"]]
    assert "callback-next" in owed


def test_only_imported_lines_of_imported_cases_may_skip_steps() -> None:
    moment = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=8)))

    def case(*lines: tuple[str, dict[str, Any]]) -> Case:
        events = [
            Event(n, "SHA", moment, moment, "mgr1", do, dict(fields))
            for n, (do, fields) in enumerate((("opened", {}), *lines), 1)
        ]
        return Case(TICKET, {"id": "SHA-260101-016", "kind": "repair", "opened": moment}, events)

    brought = ("imported", {"supplied": "finished"})
    marked = ("finished", {"result": "fixed", "from": "old"})
    plain = ("finished", {"result": "fixed"})
    assert replay(case(brought, marked)).state == "finished"
    assert [stray.code for stray in replay(case(marked)).strays] == ["E207"]
    assert [stray.code for stray in replay(case(brought, plain)).strays] == ["E207"]


# Bad cells -------------------------------------------------------------------------------------


def test_every_bad_cell_is_named_by_row_and_column_and_nothing_is_written(place: Place) -> None:
    before = place.files()
    place.content = table(
        ROWS[0],
        "A2,31/31/2016,Fax,9,a,b,Ann,?,Closed,?,?,6/3/2016 12:00",
        "?,1/3/2016 08:00,Phone,1,a,b,Ann,?,Closed,29/2/2016 08:00,Li Na,6/3/2036 12:00",
        "A1,?,Phone,1,a,b,Ann,?,Closed,?,?,6/3/2016 12:00",
        "A5,1/3/2016 08:00,Phone,1,a,b,Ann,?,Closed,?,?",
    )
    done = place.bring()
    assert done.code == 4
    for said in (
        "old.csv:3:Opened: “31/31/2016” is not D/M/YYYY HH:MM",
        "old.csv:3:Way: “Fax” has no translation: add it to the map, columns.channel.values",
        "old.csv:3:Prio: “9” has no translation",
        "old.csv:4:No: the row has no id",
        "old.csv:5:Opened: a ticket needs opened",
        "old.csv:6: the row has 11 cells, the header has 12",
        "old.csv: faulty cells and rows: 6; nothing was imported",
    ):
        assert said in done.err
    assert place.files() == before


def test_impossible_times_and_ids_that_come_twice_are_bad_cells(place: Place) -> None:
    place.content = table(
        ROWS[0],
        "A2,1/3/2016 08:00,Phone,1,a,b,Ann,?,Closed,29/2/2016 08:00,Li Na,6/3/2036 12:00",
        ROWS[0],
    )
    done = place.bring()
    assert done.code == 4
    assert "old.csv:3:Done at: finished at 2016-02-29 08:00 is before" in done.err
    assert "old.csv:3:Closed at: closed at 2036-03-06 12:00 has not happened" in done.err
    assert "old.csv:4:No: A1 is already in line 2" in done.err


def test_cells_that_are_wrong_alike_are_told_once_with_their_number(place: Place) -> None:
    row = "A{n},1/3/2016 08:00,{way},1,a,b,Ann,?,Closed,?,?,6/3/2016 12:00"
    alike = [row.format(n=n, way="Fax") for n in range(30)]
    place.content = table(*alike, *(row.format(n=n, way=f"Fax{n}") for n in range(100, 200)))
    done = place.bring()
    assert "old.csv:2:Way: “Fax” has no translation" in done.err
    assert "(and 29 more like it)" in done.err
    assert "… and more faulty cells and rows: 51" in done.err
    assert "faulty cells and rows: 130;" in done.err
    assert len(done.err.splitlines()) < 60


def test_what_cannot_follow_is_told_at_the_cell_of_its_time(place: Place) -> None:
    place.map += (
        "  slip-returned: {at: Slip, signed: {constant: 'true'}, third-copy: {constant: left}}\n"
    )
    place.content = table(ROWS[2] + ",3/3/2016 08:00", header=HEADER + ",Slip")
    done = place.bring()
    assert done.code == 4
    assert "old.csv:2:Slip: slip-returned cannot follow while the ticket is new" in done.err


def test_hostile_cells_are_shown_harmless(place: Place) -> None:
    place.content = table(ROWS[0].replace("Phone", "\x1b[31mFax\u202e", 1))
    done = place.bring()
    assert done.code == 4
    assert "\x1b" not in done.err
    assert "\u202e" not in done.err


# Dates -----------------------------------------------------------------------------------------


def dated(*cells: str) -> bytes:
    return table(
        *(
            f"A{n},{cell},Phone,1,a,b,Ann,?,Open,?,?,?"
            for n, cell in enumerate(cells)
        )
    )  # fmt: skip


def test_a_column_in_the_other_order_is_refused_as_a_whole(place: Place) -> None:
    place.content = dated("3/4/2016 08:00", "3/14/2016 08:00", "3/15/2016 08:00")
    done = place.bring()
    assert done.code == 4
    assert (
        "old.csv:3:Opened: “3/14/2016 08:00” is not D/M/YYYY HH:MM, and no other cell" in done.err
    )
    assert "seems to be M/D/YYYY HH:MM" in done.err


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (("3/4/2016 08:00", "14/3/2016 08:00"), {"2016-04-03", "2016-03-14"}),
        (("3/4/2016 08:00", "3/14/2016 08:00"), {"2016-03-04", "2016-03-14"}),
    ],
)
def test_auto_reads_the_doubtful_cells_as_the_clear_ones_of_the_column(
    place: Place, cells: tuple[str, ...], days: set[str]
) -> None:
    place.map = MAP.replace("zone: Asia/Shanghai", "order: auto")
    place.content = dated(*cells)
    assert place.bring().code == 0
    assert {item["opened"][:10] for item in place.tickets().values()} == days


def test_auto_refuses_a_column_that_says_nothing_and_one_that_says_both(place: Place) -> None:
    place.map = MAP.replace("zone: Asia/Shanghai", "order: auto")
    place.content = dated("3/4/2016 08:00", "4/4/2016 08:00")
    done = place.bring()
    assert done.code == 4
    assert "old.csv:Opened: every date of this column can be read in two ways" in done.err
    place.content = dated("14/4/2016 08:00", "4/15/2016 08:00")
    done = place.bring()
    assert done.code == 4
    assert "old.csv:3:Opened: “4/15/2016 08:00” contradicts line 2" in done.err


@pytest.mark.parametrize(
    ("form", "text", "wall"),
    [
        ("D/M/YYYY HH:MM", "9/2/2016 7:05", "2016-02-09T07:05:00+08:00"),
        ("M/D/YYYY H:MM AM", "2/9/2016 12:05 AM", "2016-02-09T00:05:00+08:00"),
        ("M/D/YYYY H:MM AM", "2/9/2016 1:05 pm", "2016-02-09T13:05:00+08:00"),
        ("YYYY-MM-DD HH:MM:SS", "2016-02-09 07:05:09", "2016-02-09T07:05:09+08:00"),
        ("YYYY-MM-DDTHH:MM", "2016-02-09T07:05", "2016-02-09T07:05:00+08:00"),
        ("YYYY年M月D日", "2016年2月9日", "2016-02-09T00:00:00+08:00"),
    ],
)
def test_a_form_reads_what_it_shows(form: str, text: str, wall: str) -> None:
    column = DateColumn(DateForm.parse(form), zone("Asia/Shanghai"), "as written")
    assert column.instant(text).isoformat() == wall


@pytest.mark.parametrize("form", ["", "D/M", "D/M/YYYY HH", "DD/MM/YYYY XX", "D/D/YYYY"])
def test_what_is_no_form_is_refused(form: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        DateForm.parse(form)


def test_a_time_that_clocks_skipped_is_refused_because_the_zone_must_be_wrong() -> None:
    column = DateColumn(DateForm.parse("D/M/YYYY HH:MM"), zone("Europe/Berlin"), "as written")
    assert column.instant("27/3/2016 03:30").isoformat() == "2016-03-27T03:30:00+02:00"
    with pytest.raises(ValueError, match="27/3/2016 02:30"):
        column.instant("27/3/2016 02:30")


# The bytes of the table ------------------------------------------------------------------------


def test_a_byte_order_mark_quotes_and_blank_rows_are_no_trouble(place: Place) -> None:
    quoted = ROWS[0].replace("no cooling", '"no ""cooling"",\r\nsince May"')
    place.content = b"\xef\xbb\xbf" + table(quoted, "", ",,,,,,,,,,,", ROWS[1])
    done = place.bring()
    assert done.code == 0, done.err
    assert "blank rows passed over: 2" in done.out
    assert place.tickets()["old:A1"]["subject"] == 'Air: no "cooling", since May'


def test_a_bad_cell_below_a_cell_of_two_lines_is_told_at_its_own_line(place: Place) -> None:
    quoted = ROWS[0].replace("no cooling", '"no\r\ncooling"')
    place.content = table(quoted, ROWS[1].replace("Email", "Fax"))
    assert "old.csv:4:Way: “Fax”" in place.bring().err


def test_an_export_of_a_chinese_spreadsheet_is_read_in_the_encoding_the_map_names(
    place: Place,
) -> None:
    text = table(ROWS[0].replace("no cooling", "空调不制冷，压缩机电容损坏")).decode()
    place.content = text.encode("gb18030")
    done = place.bring()
    assert done.code == 4
    assert "old.csv:2: this line is not written in utf-8" in done.err
    assert "encoding: gb18030" in done.err
    place.map = MAP.replace("id: No", "id: No\nencoding: gb18030")
    assert place.bring().code == 0
    assert place.tickets()["old:A1"]["subject"] == "Air: 空调不制冷，压缩机电容损坏"
    place.content = text.encode("utf-8")
    done = place.bring()
    assert done.code == 4
    assert "encoding: utf-8" in done.err


def test_utf_16_is_read_where_the_map_says_so_and_recognised_where_not(place: Place) -> None:
    place.content = table(*ROWS).decode().encode("utf-16")
    assert "encoding: utf-16" in place.bring().err
    place.map = MAP.replace("id: No", "id: No\nencoding: utf-16")
    assert place.bring().code == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "old.csv:1: the file is empty"),
        (b"PK\x03\x04rest", "this is a workbook, not a CSV file"),
        (table(ROWS[0], "A\0B"), "old.csv:3: the line holds a NUL character"),
        (table(ROWS[0], '"A2,' + ROWS[1]), "old.csv:3: a quoted cell that begins in this row"),
        (table(ROWS[0], '"A2"x,' + ROWS[1]), "old.csv:3: a quotation mark stands within"),
        (table(ROWS[0].replace(",", ";"), header=HEADER.replace(",", ";")), "one column only"),
        (table(ROWS[0] + ",x", header=HEADER + ",No"), "two columns named No"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_at_its_line(
    place: Place, content: bytes, said: str
) -> None:
    place.content = content
    done = place.bring()
    assert done.code in (2, 4)
    assert said in done.err
    assert place.tickets() == {}


def test_a_semicolon_or_a_tab_is_read_where_the_map_says_so(place: Place) -> None:
    place.map = MAP.replace("id: No", "id: No\ndelimiter: tab")
    place.content = place.content.replace(b",", b"\t")
    assert place.bring().code == 0


# The map ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: No", "id: Nr", "map.yaml:3:5: the file has no column Nr; it has: No"),
        ("source: old", "sauce: old", "map.yaml:2:8: the key sauce is not known here"),
        ("source: old", "source: Old System", "map.yaml:2:9: source names the other system"),
        ("Phone: phone", "Phone: fon", "map.yaml:9:42: “fon” is not one of phone"),
        ("result: {constant: fixed}", "words: Fault", "finished needs result"),
        ("  finished:", "  fixed:", "the key fixed is not known here"),
        ("D/M/YYYY HH:MM", "D/M", "map.yaml:5:15: “D/M” is no form of a date"),
        ("Asia/Shanghai", "Asia/Nowhere", "Asia/Nowhere is not a known time zone"),
        ("role: engineer", "role: wizard", "map.yaml:13:16: the roles are"),
        ("format: 1", "format: 2", "map.yaml:1:9: a map begins with: format: 1"),
        ("{text: \"{Group}: {Fault}\"", "{text: \"{Grop}\"", "no column Grop; it has: Group"),
        ("format: 1", "format: 1\nformat: 1", "map.yaml:2:1:"),
        ("id: No", "id: No\nencoding: klingon", "no such encoding"),
        ("  opened: Opened\n", "", "the map needs the key opened"),
    ],
)  # fmt: skip
def test_a_fault_of_the_map_is_named_at_its_place(
    place: Place, old: str, new: str, said: str
) -> None:
    place.map = MAP.replace(old, new, 1)
    assert place.map != MAP
    done = place.bring()
    assert done.code == 2, done.err
    assert said in done.err
    assert place.tickets() == {}


def test_a_line_may_depend_on_another_cell(place: Place) -> None:
    place.map += (
        '  noted: {at: Opened, unless: {Prio: "2"}, words: {text: "priority {Prio} there"}}\n'
    )
    assert place.bring().code == 0
    assert '"words": "priority 1 there"' in place.text("old:A1")
    assert '"do": "noted"' not in place.text("old:A2")


def test_a_row_without_a_customer_needs_somebody_to_stand_for_nobody(place: Place) -> None:
    place.content = table(ROWS[0].replace("Ann", "?"))
    place.map = MAP.replace(", unknown: Nobody named", "")
    done = place.bring()
    assert done.code == 4
    assert "old.csv:2:Caller: no customer is named" in done.err
    place.map = MAP
    assert place.bring().code == 0
    customer = place.tickets()["old:A1"]["customer"]
    card = (place.folder / f"records/customers/{customer}.yaml").read_text("utf-8")
    assert "name: Nobody named" in card


def test_a_unit_without_a_card_is_a_bad_cell(place: Place) -> None:
    place.map = MAP.replace("columns:\n", "columns:\n  unit: Fault\n")
    place.content = table(ROWS[0].replace("no cooling", "SN1"))
    done = place.bring()
    assert done.code == 4
    assert "old.csv:2:Fault: the unit SN1 has no card" in done.err
    place("unit", "new", "SN1", "--model", "KFR-35")
    assert place.bring().code == 0
    assert place.tickets()["old:A1"]["unit"] == "SN1"


def test_the_example_of_the_manual_reads_what_the_manual_says_it_reads(place: Place) -> None:
    place.map = (DOCS / "examples/uci-map.yaml").read_text("utf-8")
    place.content = table(
        "INC1,Closed,Caller 1,29/2/2016 01:16,Phone,Location 1,Category 5,Subcategory 7,"
        "1 - Critical,Resolved by 9,29/2/2016 11:29,5/3/2016 12:00,2",
        header="number,incident_state,caller_id,opened_at,contact_type,location,category,"
        "subcategory,priority,resolved_by,resolved_at,closed_at,reopen_count",
    )
    done = place.bring()
    assert done.code == 0, done.err
    item = place.tickets()["uci:INC1"]
    assert (item["state"], item["priority"]) == ("closed", "urgent")
    assert item["subject"] == "Category 5 / Subcategory 7"
    text = place.text("uci:INC1")
    assert '"by": "resolved-by-9", "do": "finished"' in text
    assert '"words": "reopened 2 times in the old system"' in text


def test_the_manual_names_every_key_of_a_map() -> None:
    manual = (DOCS / "import.md").read_text("utf-8")
    assert [key for key in mapping._KEYS if f"{key}:" not in manual] == []
    fields = (*mapping._HEAD, *mapping._CUSTOMER, *mapping.STATUSES)
    assert [name for name in fields if name not in manual] == []


# What can go wrong on the way ------------------------------------------------------------------


def fails_after(count: int, what: Callable[..., Any]) -> Callable[..., Any]:
    """``what``, but the disk is full from the ``count``-th call on."""
    calls = iter(range(10_000))

    def failing(*args: Any) -> Any:
        if next(calls) >= count:
            raise OSError(errno.ENOSPC, "No space left on device")
        return what(*args)

    return failing


def test_a_disk_that_fills_up_while_writing_leaves_nothing_behind(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = place.files()
    with monkeypatch.context() as patch:
        patch.setattr(batch, "_write_new", fails_after(4, batch._write_new))
        assert place.bring().code == 4
    assert place.files() == before
    assert (place.folder / ".git/svcctl/pending").read_bytes() == b""
    assert "3 new" in place.bring().out


def test_an_import_cut_off_after_its_decision_is_completed_and_committed_by_the_next(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(batch, "_link", fails_after(3, batch._link))
        done = place.bring()
        assert done.code == 4
        assert "the next writing command completes the import" in done.err
    again = place.bring(now=LATER)
    assert "0 new, 3 already there" in again.out
    assert place.git("status", "--porcelain", "records") == ""
    assert place.git("log", "-1", "--format=%s|%aI").strip() == f"3 tickets imported from old|{NOW}"


def test_an_unreadable_ticket_stops_an_import_that_might_bring_it_again(place: Place) -> None:
    place.bring()
    name = place.tickets()["old:A3"]["id"]
    file = next((place.folder / "records/tickets").rglob(f"{name}.yaml"))
    file.write_bytes(b"id: [broken\n")
    done = place.bring(now=LATER)
    assert done.code == 4
    assert f"{name}.yaml" in done.err
    assert "records that cannot be read: 1" in done.err
