"""The documents say what the code says: equal sets, so that neither can drift."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import made_ledgers as made
import pytest
import yaml
from ticketplay import SHIPPED, policy_from

from svcctl.cli import exits
from svcctl.cli import main as frame
from svcctl.domain import (
    calendar_card,
    cards,
    decide,
    identity,
    journals,
    levels,
    patterns,
    policy,
    policy_reading,
    ticket,
)
from svcctl.domain.cases import ENVELOPE, TRAILER
from svcctl.domain.schema import EXPECTED, Field
from svcctl.domain.standing import STANDINGS
from svcctl.domain.times import parse_instant, parse_span
from svcctl.ledger.book import load_book
from svcctl.ledger.folder import Ledger

ROOT = Path(__file__).parents[2]
Run = Callable[..., Any]
DAY = (
    "init . --desk SHA",
    "staff new li.na --name 李娜 --role manager",
    "staff new wang.wei --name 王伟 --role engineer --by li.na",
    "me li.na",
    "customer new --name 周兰 --phone 13800138000",
    "unit new SN1 --model KFR-35 --customer 周兰",
    "ticket new --kind repair --customer 周兰 --unit SN1 --subject 不制冷 --at 2026-11-16T09:00",
    "ticket review 02G --cover free --at 2026-11-16T09:10",
    "ticket dispatch 02G --to wang.wei --visit 2026-11-17T10:00 --at 2026-11-16T09:20",
    "ticket finish 02G --result fixed --fault 电容 --action 更换 --at 2026-11-17T11:00",
    "slip return 02G --signed --opinion satisfied --at 2026-11-17T17:00",
    "callbacks record 02G --result unreached --at 2026-11-18T09:00",
    "ticket new --kind complaint --customer 周兰 --subject 说话冲 --category 态度 --at 2026-11-18T09:00",
)


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def section(name: str, heading: str) -> str:
    """What stands under a heading of a document, up to the next one of its rank or higher."""
    rank = len(heading) - len(heading.lstrip("#"))
    lines = text_of(name).split("\n")
    found = []
    for line in lines[lines.index(heading) + 1 :]:
        if re.match(rf"#{{1,{rank}}} ", line):
            break
        found.append(line)
    return "\n".join(found)


def tables(text: str) -> list[list[list[str]]]:
    """Every table: its rows of cells, without head and rule."""
    found: list[list[list[str]]] = []
    for block in re.findall(r"(?:^\|.*\|$\n?)+", text, re.MULTILINE):
        rows = [
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in block.strip().split("\n")
        ]
        found.append(rows[2:])
    return found


def first_cells(name: str, heading: str, number: int = 0) -> list[str]:
    """The words in code marks in the first column of a table under a heading."""
    return [
        word
        for row in tables(section(name, heading))[number]
        for word in re.findall(r"`([^`]+)`", row[0])
    ]


def declared(fields: Iterable[Field]) -> list[tuple[str, str, bool]]:
    return [(f.name, "/".join(f.words) if f.type == "word" else f.type, f.required) for f in fields]


def documented(rows: list[list[str]]) -> list[tuple[str, str, bool]]:
    """The fields of a table of fields: name, type or words, whether bold."""
    return [(row[0].strip("*`"), row[1], row[0].startswith("**")) for row in rows]


# format.md ----------------------------------------------------------------------------------------


def test_the_types_are_those_of_the_declarations() -> None:
    rows = tables(section("docs/format.md", "## Types"))[0]
    assert {row[0] for row in rows} == set(EXPECTED) - {"word"}


def test_the_head_of_a_ticket_is_documented_in_its_order() -> None:
    rows = tables(section("docs/format.md", "### Head"))[0]
    assert documented(rows) == declared(ticket.HEAD)
    kept = section("docs/format.md", "### Head").partition("can be amended but")[2]
    assert set(re.findall(r"`([^`]+)`", kept)) == (
        set(ticket.TICKET.head_order) - ticket.TICKET.amendable
    )


def test_what_every_event_carries_is_documented_in_its_order() -> None:
    first, last, _ = tables(section("docs/format.md", "### Events"))
    assert documented(first) == declared(ENVELOPE)
    assert documented(last) == declared(TRAILER)


def test_every_event_is_documented_with_its_fields_words_and_values() -> None:
    _, _, rows = tables(section("docs/format.md", "### Events"))
    found = {}
    for name, fields, sets, _ in rows:
        cells = [] if fields == "none" else fields.split(", ")
        read = [re.fullmatch(r"(\*\*)?`([^`]+)`(?:\*\*)? (\S+)", cell) for cell in cells]
        assert all(read), (name, fields)
        found[name.strip("`")] = (
            [(cell[2], cell[3], cell[1] is not None) for cell in read if cell],
            re.findall(r"`([^`]+)`", sets),
        )
    visit = [("visit-no", "count", False)]
    assert found == {
        event.name: (declared(event.own) + visit * event.scoped, list(event.sets))
        for event in ticket.EVENTS
    }


def test_every_journal_is_documented_with_its_folder_and_its_entries() -> None:
    places, entries = tables(section("docs/format.md", "## A journal"))
    assert {(row[0].strip("`"), row[1].strip("`")) for row in places} == {
        (kind.name, f"records/{kind.folder}") for kind in journals.JOURNALS
    }
    found = {}
    for name, fields, _ in entries:
        read = [re.fullmatch(r"(\*\*)?`([^`]+)`(?:\*\*)? (\S+)", one) for one in fields.split(", ")]
        found[name.replace("`", "")] = [(one[2], one[3], bool(one[1])) for one in read if one]
    assert found == {
        f"{kind.name}: {name}": declared(kind.events[name].own)
        for kind in journals.JOURNALS
        for name in kind.entries
    }


def test_the_states_and_what_may_happen_in_them_are_documented() -> None:
    shown = re.findall(r"```yaml\n(.*?)```", section("docs/format.md", "## States"), re.DOTALL)
    assert yaml.safe_load(shown[0]) == ticket.TABLE
    assert tuple(yaml.safe_load(shown[1])) == ticket.ANYWHERE
    ended = re.search(r"^Ended states.*: (.*)\.$", section("docs/format.md", "## States"), re.M)
    assert ended is not None
    assert set(re.findall(r"`([^`]+)`", ended[1])) == set(ticket.TICKET.ended)


@pytest.mark.parametrize("name", list(cards.KINDS))
def test_every_card_is_documented(name: str) -> None:
    kind = cards.KINDS[name]
    heading = f"### `{name}`: `records/{kind.folder}/<id>.yaml`"
    rows = tables(section("docs/format.md", heading))[0]
    assert documented(rows) == declared(kind.shape.fields.values())


def test_the_check_character_is_worked_out_as_the_code_does() -> None:
    rows = tables(section("docs/format.md", "## Ids"))[0]
    # The head of this table holds data too.
    head = re.search(r"^\| character \|(.*)\|$", section("docs/format.md", "## Ids"), re.M)
    assert head is not None
    characters = [cell.strip() for cell in head[1].split("|")]
    values, before, sums, after = ([int(cell) for cell in row[1:]] for row in rows)
    product = 36
    for place, character in enumerate(characters):
        assert values[place] == identity.ALPHABET.index(character)
        assert before[place] == product
        assert sums[place] == ((product + values[place]) % 36 or 36)
        product = sums[place] * 2 % 37
        assert after[place] == product
    assert identity.ALPHABET[(37 - product) % 36] == identity.check_character("SHA-C0042") == "J"


@pytest.mark.parametrize("name", ["format", "policy", "output", "manual", "architecture"])
def test_every_id_in_the_documents_has_its_check_character(name: str) -> None:
    text = text_of(f"docs/{name}.md")
    for found in re.findall(r"\b[A-Z]{2,4}-(?:C\d{4}|\d{6}-\d{2})[0-9A-Z]\b", text):
        assert identity.is_sound(found), found


# policy.md ----------------------------------------------------------------------------------------


def test_every_key_of_a_policy_is_documented() -> None:
    assert first_cells("docs/policy.md", "## Keys of a policy") == list(policy_reading.KEYS)


def test_every_line_of_may_is_documented() -> None:
    assert {*decide._MAY.values(), "approve"} == set(policy.MAY)
    assert first_cells("docs/policy.md", "## Keys of a policy", 1) == list(policy.MAY)
    text = section("docs/policy.md", "## Keys of a policy")
    roles = text[text.index("Roles: ") :]
    assert re.findall(r"`([^`]+)`", roles) == list(policy.ROLES)


def test_every_word_of_an_obligation_is_documented() -> None:
    assert first_cells("docs/policy.md", "## Obligations") == list(policy_reading.RULE_KEYS)
    heading = "### What an obligation is at a moment"
    assert first_cells("docs/policy.md", heading) == list(STANDINGS)


def test_every_word_of_an_escalation_is_documented() -> None:
    assert first_cells("docs/policy.md", "## Escalations") == levels.KEYS
    shown = re.findall(r"```yaml\n(.*?)```", section("docs/policy.md", "## Escalations"), re.DOTALL)
    read = policy_from(
        (SHIPPED / "policy.yaml").read_text("utf-8").partition("escalations:")[0] + shown[0]
    )
    assert [level.name for level in read.escalations] == list(
        yaml.safe_load(shown[0])["escalations"]
    )


def test_every_key_of_a_calendar_is_documented() -> None:
    assert first_cells("docs/policy.md", "## Keys of a calendar") == list(calendar_card.KEYS)


def test_every_pattern_in_the_page_can_be_read() -> None:
    text = section("docs/policy.md", "## Patterns")
    shown = re.findall(r"`([a-z-]+\([^`]*\))`", text)
    assert len(shown) >= 5
    for one in shown:
        assert patterns.Pattern.parse(one).do in ticket.TICKET.events
    marks = re.findall(r"`([^`]+)`", text[text.index("Two names") :].split("\n\n")[0])
    assert marks == [
        word for name, stand_for in ticket.TICKET.marks.items() for word in (name, *stand_for)
    ]


def test_the_worked_examples_of_counting_come_out_as_written(svcctl: Run, tmp_path: Path) -> None:
    svcctl("init", ".", "--desk", "SHA")
    book = load_book(Ledger(tmp_path))
    calendar = book.calendar_of(book.policies[0])
    rows = tables(section("docs/policy.md", "## How time is counted"))[0]
    assert len(rows) == 6
    for what, since, within, due, _ in rows:
        day, clock = due.split()[1:]
        wanted = f"{day} {clock}"
        found = calendar.due(
            parse_instant(f"{since.split()[1]}T{since.split()[2]}:00+08:00"),
            parse_span(within.strip("`")),
            "work" if "clock: work" in what else "wall",
            "never" if "rolls: never" in what else "open-day",
        )
        if clock == "24:00":
            assert (found.hour, found.minute) == (0, 0)
            wanted = found.strftime("%Y-%m-%d 00:00")
            assert datetime.fromisoformat(day).toordinal() == found.toordinal() - 1
        assert found.strftime("%Y-%m-%d %H:%M") == wanted, what


# exit-codes.md ------------------------------------------------------------------------------------


def test_the_exit_codes_are_those_of_the_program() -> None:
    rows = tables(text_of("docs/exit-codes.md"))[0]
    assert {int(row[0]): row[1] for row in rows} == exits.MEANINGS


# output.md ----------------------------------------------------------------------------------------


@pytest.fixture
def worked(svcctl: Run, tmp_path: Path) -> Run:
    """A ledger with a day's work in it; ask it with ``worked("ticket list")``."""
    made.after(tmp_path, DAY, "2026-11-18T10:00:00+08:00")

    def ask(command: str, *more: str) -> dict[str, Any]:
        ran = svcctl(*command.split(), *more, "-o", "json", now="2026-11-18T10:00:00+08:00")
        assert ran.out, ran.err
        answer = json.loads(ran.out)
        assert isinstance(answer, dict)
        return answer

    return ask


def promised(heading: str, *numbers: int) -> set[str]:
    return {
        cell
        for number in numbers or (0,)
        for cell in first_cells("docs/output.md", f"## {heading}", number)
    }


ASKED = {
    "ticket list": ("ticket", {0}, set()),
    "ticket show 02G": ("ticket", {0, 1}, set()),
    "ticket note 02G 客户来电": ("ticket", {0, 2}, set()),
    "callbacks due": ("callback", {0}, set()),
    "escalations due": ("escalation", {0}, set()),
    "remind": ("reminder", {0}, set()),
    "remind --to smtp://127.0.0.1:9/?from=desk@example.com": ("delivery", {0}, set()),
    "callbacks list": ("callback-made", {0}, set()),
    "slip list --all": ("slip", {0}, set()),
    "slip print 02G": ("slip-page", {0}, set()),
    "init . --desk SHA --dry-run": ("ledger", {0}, set()),
    "today": ("today", {0}, set()),
    "find 周兰": ("found", {0}, set()),
    "customer list": ("customer", {0}, set()),
    "customer show 周兰": ("customer", {0}, {"tickets"}),
    "customer new --name 吴刚": ("customer", {0}, set()),
    "unit list": ("unit", {0}, set()),
    "unit show SN1": ("unit", {0}, {"tickets"}),
    "staff list": ("staff", {0}, set()),
    "report weekly --week 2026-W47": ("measure", {0}, set()),
    "doctor": ("sign", {0}, set()),
    "index status": ("index", {0}, set()),
    "why 02G": ("obligation", {0, 1}, set()),
    "explain E403": ("code", {0}, set()),
    "policy show": ("rules", {0}, set()),
    "calendar due 2026-11-16 2d": ("due", {0}, set()),
    "calendar between 2026-11-16 2026-11-17": ("between", {0}, set()),
    "calendar open 2026-11-16": ("open", {0}, set()),
    "calendar next 2026-11-16": ("next", {0}, set()),
    "calendar day 2026-11-16": ("day", {0}, set()),
    "calendar show 2026-11": ("day", {0}, set()),
    "calendar add-days 2026-11-16 2": ("date", {0}, set()),
}


@pytest.mark.parametrize("command", list(ASKED))
def test_the_items_have_exactly_the_keys_that_are_promised(command: str, worked: Run) -> None:
    kind, numbers, more = ASKED[command]
    answer = worked(command)
    assert set(answer) == promised("Envelope")
    assert answer["kind"] == kind
    assert answer["items"]
    for item in answer["items"]:
        assert set(item) == promised(kind, *sorted(numbers)) | more
    for item in answer["items"] if kind == "ticket" else ():
        for one in item["obligations"]:
            assert set(one) == promised("obligation")
        for one in item.get("events", ()):
            assert set(one) == promised("event")


def test_findings_have_exactly_the_keys_that_are_promised(worked: Run, tmp_path: Path) -> None:
    (tmp_path / "records/units/SN2.yaml").write_text("format: 1\nserial: SN2\nserial: SN2\n")
    assert [set(one) for one in worked("ticket list")["problems"]] == [promised("problem")]
    answer = worked("audit")
    assert answer["kind"] == "finding"
    assert answer["items"]
    for item in answer["items"]:
        assert set(item) == promised("problem") | promised("finding")


def test_every_kind_of_item_that_a_command_prints_is_documented() -> None:
    printed = set()
    for file in (ROOT / "svcctl/cli").glob("*.py"):
        found = re.findall(r'(?:\.emit|_answer)\(\s*"([a-z-]+)"', file.read_text("utf-8"))
        printed |= set(found)
    assert printed
    for kind in printed | {"customer", "unit", "staff"}:
        assert promised(kind), kind


def test_the_states_in_the_page_are_those_of_the_table() -> None:
    rows = tables(section("docs/output.md", "## ticket"))[0]
    words = {row[0].strip("`"): re.findall(r"`([^`]+)`", row[1]) for row in rows}
    assert words["state"] == list(ticket.TABLE)
    assert words["kind"] == list(ticket.KINDS)
    assert words["priority"] == list(ticket.PRIORITIES)
    rows = tables(section("docs/output.md", "## obligation"))[0]
    words = {row[0].strip("`"): re.findall(r"`([^`]+)`", row[1]) for row in rows}
    assert words["state"] == list(STANDINGS)


# README.zh-CN.md ----------------------------------------------------------------------------------


def test_the_chinese_readme_explains_every_word_of_the_day() -> None:
    rows = next(rows for rows in tables(text_of("README.zh-CN.md")) if "`--kind`" in rows[0][0])
    words = [re.findall(r"`([^`]+)`", row[1]) for row in rows]
    assert words == [
        list(ticket.KINDS),
        list(ticket.CHANNELS),
        list(ticket.COVERS),
        list(ticket.FINISH_RESULTS),
        list(ticket.CONTACT_RESULTS),
        list(ticket.OPINIONS),
    ]


# Every document ----------------------------------------------------------------------------------


def said_commands(name: str) -> list[list[str]]:
    """The commands that a document names: lines of blocks, and code marks with a noun in front."""
    text = text_of(name)
    fenced = "\n".join(re.findall(r"^```\w*[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    # A line of a block may be explained behind two blanks.
    lines = re.findall(r"^(?:\$ )?(svcctl [^\n|]*)", fenced.replace("\\\n ", ""), re.MULTILINE)
    told = [re.split(r"\s{2,}", line)[0] for line in lines]
    told += re.findall(r"`((?:svcctl )?[a-z]+ [^`\n]*)`", text)
    found = []
    for one in told:
        words = one.removeprefix("svcctl ").split()
        if one.startswith("svcctl ") or words[0] in ("ticket", "slip", "callbacks"):
            found.append(words)
    return found


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "README.zh-CN.md",
        *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")),
    ],
)
def test_every_command_and_option_a_document_names_is_there(name: str) -> None:
    root = frame.root()
    context = click.Context(root)
    for words in said_commands(name):
        command: click.Command = root
        options = {option for param in root.params for option in param.opts}
        for word in words:
            if re.match("-[^0-9]", word):  # -30m is a span
                options |= {o for param in command.get_params(context) for o in param.opts}
                flag = word.rstrip(",;:.").partition("=")[0]
                assert flag in options | {"--help"}, (name, words)
            elif isinstance(command, click.Group) and re.fullmatch(r"[a-z]+", word):
                found = command.get_command(context, word)
                assert found is not None, (name, words)
                command = found
            elif isinstance(command, click.Group):
                break  # a place holder: svcctl NOUN VERB


def test_the_manual_names_every_command() -> None:
    from test_manners import COMMANDS

    manual = (ROOT / "docs" / "manual.md").read_text("utf-8")
    told = set(re.findall(r"svcctl ((?:[a-z-]+ ?){1,2})", manual)) | set(
        re.findall(r"`((?:[a-z-]+ ?){1,2})", manual)
    )
    words = {" ".join(one.split()) for one in told}
    words |= {one.split(" ")[0] for one in words}
    # What only another program calls, and a ledger to try things out on, need no page.
    assert sorted(set(COMMANDS) - words) == ["demo"]
