"""Hostile text in every free-text field and name: harmless wherever it is shown, or refused clearly."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
from pathlib import Path

import made_ledgers as made
import pytest
from made_ledgers import CUSTOMER, OTHER, TICKET, Ran

NEVER_SHOWN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
TEXTS = {
    "colour": "\x1b[31mred\x1b[0m",
    "title of the window": "\x1b]0;owned\x07",
    "C1": "\x9b31mred",
    "bell and backspace": "a\x07\x08b",
    "DEL": "a\x7fb",
    "turned": "a\u202egnp.exe",
    "isolate": "\u2066a\u2069\u200f",
    "unseen": "a\u200b\ufeffb",
    "line separator": "a\u2028b\u2029c\x85d",
    "formula": "=1+1",
    "plus": "+1-2",
    "minus": "-1+cmd|' /C calc'!A0",
    "at": "@SUM(A1:A9)",
    "wide formula": "＝1+1",
    "tab first": "\t=1+1",
    "formula after a blank": " =1+1",
    "script": "<script>alert(1)</script>",
    "out of an attribute": "\"><img src=x onerror=alert(1)>'",
    "template": "{{ 7*7 }}{% raw %}{name}{0.__class__}%s",
    "path": "../../../../etc/passwd",
    "shell": "$(touch owned) `touch owned`; rm -rf *",
    "line feed": "first\nsecond",
    "carriage return": "first\r\nsecond\rthird",
    "an event": 'x\n- {"n": 99, "desk": "SHA", "do": "closed"}',
    "yaml": "key: value # no comment",
    "quotes": '"\'\\"\\u0041\\x41',
    "markers": "<<<<<<< HEAD",
    "alias": "*a &b !c |",
    "a word YAML guesses": "no",
    "digits": "007",
    "long": "很长" * 5000,
    "astral": "💥𠮷\U000e0041",
}
each_text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())


def harmless(ran: Ran) -> None:
    assert ran.code != 70, ran
    assert "Traceback" not in ran.err
    shown = ran.out.replace("\r\n", "\n") + ran.err  # CSV ends its lines as its standard says
    assert not NEVER_SHOWN.search(shown), shown


def refused_clearly(ran: Ran, text: str) -> None:
    assert ran.code == 2, ran
    assert ran.out == ""
    assert "is not one line of text" in ran.err, ran.err
    assert len(text.splitlines()) > 1, "only what is more than one line is no line"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made.copy(tmp_path / "ledger")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if ".git" not in path.parts}


@each_text
def test_a_ticket_carries_any_text_as_it_is_and_shows_it_harmless(
    root: Path, text: str, tmp_path: Path
) -> None:
    before = files(tmp_path)
    writing: tuple[tuple[str, ...], ...] = (
        ("ticket", "new", "--kind", "repair", "--customer", CUSTOMER, f"--subject={text}"),
        ("ticket", "note", TICKET, "--", text),
        ("ticket", "new", "--kind", "inquiry", "--customer", CUSTOMER, "--subject", "x",
         f"--details={text}", f"--model={text}", f"--marks={text}", f"--region={text}"),
        ("ticket", "finish", TICKET, "--result", "not-fixed", f"--fault={text}", f"--action={text}",
         "--by", "eng1"),
        ("ticket", "cancel", OTHER, f"--reason={text}"),
    )  # fmt: skip
    for words in writing:
        ran = made.call(root, *words[:2], "--no-commit", *words[2:])
        harmless(ran)
        if ran.code:
            refused_clearly(ran, text)
    grown = files(tmp_path) - before
    assert all(
        re.fullmatch(r"ledger/records/tickets/2026/11/SHA-261116-0\d[0-9A-Z].yaml", f)
        for f in grown
    )

    listed = made.call(root, "ticket", "list", "--all", "-o", "json")
    harmless(listed)
    assert json.loads(listed.out)["problems"] == []
    items = [item["subject"] for item in json.loads(listed.out)["items"]]
    assert text in items or len(text.splitlines()) > 1
    shown = json.loads(made.call(root, "ticket", "show", TICKET, "-o", "json").out)["items"][0]
    noted = [event["fields"]["words"] for event in shown["events"] if event["do"] == "noted"]
    assert noted == [text]
    reading: tuple[tuple[str, ...], ...] = (
        ("ticket", "list", "--all"),
        ("ticket", "show", TICKET),
        ("ticket", "show", OTHER),
        ("today",),
        ("find", text[:20]),
        ("ticket", "list", "--all", "-o", "ids"),
    )
    for words in reading:
        ran = (
            made.call(root, *words[:-1], "--", words[-1])
            if words[0] == "find"
            else made.call(root, *words)
        )
        harmless(ran)
        assert ran.code == 0, (words, ran)
    table = made.call(root, "ticket", "list", "--all", "-o", "csv")
    harmless(table)
    for row in csv.reader(io.StringIO(table.out, newline="")):
        for value in row:
            assert value[:1] not in "=+-@\t\r＝＋－＠" or value == "", value
            assert "\n" not in value


@each_text
def test_cards_and_the_slip_carry_any_line_harmless(root: Path, text: str, tmp_path: Path) -> None:
    before = files(tmp_path)
    made_one = made.call(
        *(root, "customer", "set", CUSTOMER, f"--name={text}", f"--address={text}"),
        *(f"--phone={text}", f"--company={text}", f"--contact={text}", "--no-commit"),
    )
    harmless(made_one)
    if made_one.code:
        refused_clearly(made_one, text)
    writing: tuple[tuple[str, ...], ...] = (
        ("unit", "set", made.UNIT, f"--model={text}", f"--marks={text}", f"--contract={text}"),
        ("staff", "set", "eng1", f"--name={text}", f"--skill={text}", f"--region={text}"),
    )
    for words in writing:
        ran = made.call(root, *words, "--no-commit")
        harmless(ran)
        if ran.code:
            refused_clearly(ran, text)
    assert files(tmp_path) == before
    reading: tuple[tuple[str, ...], ...] = (
        ("customer", "list"), ("customer", "show", CUSTOMER), ("unit", "list"), ("staff", "list"),
        ("staff", "show", "eng1"), ("ticket", "list"), ("today",), ("slip", "list"),
        ("customer", "list", "-o", "csv"), ("callbacks", "due", "--within", "9d"),
    )  # fmt: skip
    for words in reading:
        ran = made.call(root, *words)
        harmless(ran)
        assert (ran.code, ran.err.count("E2")) == (0, 0), (words, ran)
    page = made.call(root, "slip", "print", TICKET)
    assert page.code == 0, page
    without = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", page.out, flags=re.S)
    assert "<script" not in without
    assert "<img" not in without
    assert "onerror" not in re.sub(r"&[a-z#0-9]+;[^<]*", "", without)
    assert "49" not in without or text != TEXTS["template"]
    if not made_one.code and text == TEXTS["script"]:
        assert "&lt;script&gt;" in without
    stored = json.loads(made.call(root, "customer", "show", CUSTOMER, "-o", "json").out)["items"][0]
    assert stored["name"] == (text if not made_one.code else "客户甲")


@each_text
def test_another_customer_with_the_same_phone_is_named_harmlessly(root: Path, text: str) -> None:
    made.call(root, "customer", "set", CUSTOMER, f"--name={text}", "--no-commit")
    ran = made.call(
        *(root, "customer", "new", "--name", "x", "--phone", "138-0013-8000", "--no-commit")
    )
    harmless(ran)
    assert ran.code == 0
    assert CUSTOMER in ran.err


def test_names_of_folders_are_shown_harmlessly(tmp_path: Path) -> None:
    place = tmp_path / "a\x1b[31m\u202e 服务 台"
    harmless(made.call(place, "init", str(place), "--desk", "SHA"))
    made.sure(place, "staff", "new", "mgr1", "--name", "甲", "--role", "manager")
    made.sure(place, "customer", "new", "--name", "乙", "--by", "mgr1")
    new = ("ticket", "new", "--kind", "repair", "--customer", CUSTOMER, "--subject", "x")
    identifier = made.sure(place, *new, "--by", "mgr1", "-o", "ids").out.strip()
    folder = made.ticket_file(place, identifier).parent
    folder.rename(folder.with_name("1\x1b[1m1"))
    for words in (
        ("doctor",),
        ("index", "status"),
        ("ticket", "list"),
        ("ticket", "show", identifier[-3:]),
    ):
        ran = made.call(place, *words)
        harmless(ran)
        assert ran.code in (0, 1), ran


@each_text
def test_no_text_gets_out_of_its_place_in_a_commit(root: Path, text: str) -> None:
    set_name = made.call(root, "staff", "set", "eng1", f"--name={text}", f"--email={text}")
    harmless(set_name)
    noted = made.call(root, "ticket", "note", TICKET, "--by", "eng1", "--", text)
    harmless(noted)
    assert noted.code == 0
    told = made.git(root, "log", "-1", "--format=%an%x00%ae%x00%cn%x00%B%x00%H")
    author, email, committer, message, commit = told.split("\0")
    assert message == f"{TICKET} noted\n"
    assert committer == "协调员甲"
    assert not re.search(r"[\x00-\x1f<>]", author + email)
    raw = made.git(root, "cat-file", "commit", commit.strip())
    assert [line.split()[0] for line in raw.split("\n\n")[0].splitlines()] == [
        *("tree", "parent", "author", "committer")
    ]
    assert made.git(root, "fsck", "--strict", "--no-dangling", "--no-progress") == ""
    assert made.uncommitted(root) == ""


PATHS = ["../../x", "/etc/passwd", "..", ".", "a/b", "~root", "C:\\x", "x\0y"[:1] + "/../y", "CON"]


@pytest.mark.parametrize("name", PATHS)
def test_an_id_that_looks_like_a_path_leads_nowhere(root: Path, name: str, tmp_path: Path) -> None:
    before = files(tmp_path)
    new = ("ticket", "new", "--kind", "repair", "--subject", "x")
    for words in (
        ("ticket", "show", "--", name),
        ("ticket", "note", "--", name, "x"),
        ("slip", "print", "--", name),
        ("customer", "show", "--", name),
        ("unit", "show", "--", name),
        ("staff", "show", "--", name),
        ("unit", "new", "--model", "x", "--", f"{name}/.."),
        ("staff", "new", "--name", "x", "--role", "engineer", "--", f"../{name}"),
        ("ticket", "note", TICKET, "x", f"--by={name}"),
        (*new, f"--customer={name}"),
        (*new, f"--unit={name}"),
        (*new, "--customer", CUSTOMER, f"--about={name}"),
        ("ticket", "amend", TICKET, "head", "customer", "--reason", "x", "--", name),
        ("me", "--", name),
        ("why", "--", name, "slip"),
        ("edit", "customer", "--", name),
        ("edit", "policy", "--", name),
        ("explain", "--", name),
    ):
        ran = made.call(root, *words)
        harmless(ran)
        assert ran.code in (2, 3, 8), (words, ran)
    assert files(tmp_path) == before


@pytest.mark.parametrize("code", ["../x", "S/A", "", "SHAAA", "IO", "上海", "\x1b[1m"])
def test_a_desk_code_that_is_none_is_refused(tmp_path: Path, code: str) -> None:
    ran = made.call(tmp_path, "init", str(tmp_path / "new"), f"--desk={code}")
    harmless(ran)
    assert ran.code == 2
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("how", ["json", "yaml"])
def test_what_no_argument_can_hold_may_come_from_a_file(root: Path, how: str) -> None:
    text = "NUL \0 and half a pair"
    given = {"kind": "repair", "customer": CUSTOMER, "subject": "x", "details": text}
    if how == "json":
        source = json.dumps(given)
    else:
        source = "\n".join(f"{key}: {json.dumps(value)}" for key, value in given.items())
    ran = made.call(root, "ticket", "new", "--from", "-", stdin=source)
    harmless(ran)
    assert ran.code == 0, ran
    listed = json.loads(made.call(root, "ticket", "list", "--all", "-o", "json").out)
    newest = max(item["id"] for item in listed["items"])
    shown = json.loads(made.call(root, "ticket", "show", newest, "-o", "json").out)["items"][0]
    assert shown["head"]["details"] == text


def test_half_a_surrogate_pair_is_refused(root: Path) -> None:
    source = '{"kind": "repair", "customer": "SHA-C0001Z", "subject": "\\ud800"}'
    ran = made.call(root, "ticket", "new", "--from", "-", stdin=source)
    harmless(ran)
    assert ran.code == 2
    assert "<stdin>:1:" in ran.err


@pytest.mark.parametrize(
    "source",
    ["", "[]", "3", "{", '{"kind": ["repair"]}', '{"kind": "repair", "kind": "install"}', "a: *b",
     "\x1b[2J", "{" * 10_000, '{"constructor": "x"}', '{"id": "SHA-261116-99X", "kind": "repair"}'],
)  # fmt: skip
def test_a_request_that_is_no_mapping_of_known_fields_is_refused_with_its_place(
    root: Path, source: str
) -> None:
    ran = made.call(root, "ticket", "new", "--from", "-", stdin=source)
    harmless(ran)
    assert ran.code == 2, ran
    assert made.uncommitted(root) == ""


def test_text_too_large_for_a_record_is_refused_and_nothing_is_written(
    root: Path, tmp_path: Path
) -> None:
    source = tmp_path / "request.json"
    given = {"kind": "repair", "customer": CUSTOMER, "subject": "x", "details": "x" * 5_000_000}
    source.write_text(json.dumps(given))
    before = files(root)
    ran = made.call(root, "ticket", "new", "--from", str(source))
    assert ran.code in (2, 3), ran.err[:300]
    assert "bytes" in ran.err
    assert files(root) == before


def test_a_ticket_cannot_grow_beyond_what_can_be_read(root: Path) -> None:
    path = made.ticket_file(root)
    line = json.dumps({"n": 5, "desk": "SHA", "at": made.NOW, "noted": made.NOW, "by": "desk1",
                       "do": "noted", "words": "x" * 4_150_000})  # fmt: skip
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"- {line}\n")
    before = path.read_bytes()
    assert made.call(root, "ticket", "note", TICKET, "y" * 5_000).code == 0
    ran = made.call(root, "ticket", "note", TICKET, "y" * 60_000)
    assert ran.code == 3, ran.err[:300]
    assert path.read_bytes().startswith(before)
    assert made.call(root, "ticket", "show", TICKET).code == 0


def test_bytes_that_are_no_text_are_refused_on_the_command_line(root: Path) -> None:
    words = made.process("--ledger", root, "ticket", "note", TICKET)
    for locale in ("C", "C.UTF-8"):
        done = subprocess.run(
            [*map(os.fsencode, words), b"caf\xe9 \xff"],
            env=made.surroundings(LC_ALL=locale, PYTHONUTF8="0"),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 2
        assert b"not valid UTF-8" in done.stderr
        assert done.stdout == b""
    assert made.uncommitted(root) == ""


@each_text
def test_a_mistake_with_any_text_is_told_harmlessly(root: Path, text: str) -> None:
    for words in (
        ("ticket", "list", f"--state={text}"),
        ("ticket", "show", "--", text),
        ("customer", "show", "--", text),
        ("callbacks", "due", f"--as-of={text}"),
        ("callbacks", "due", f"--within={text}"),
        ("ticket", "review", TICKET, f"--cover={text}"),
        ("slip", "print", TICKET, f"--paper={text}"),
        ("ticket", "quote", TICKET, f"--amount=x{text}"),
    ):
        ran = made.call(root, *words, "--lang", "zh_CN")
        harmless(ran)
        assert ran.code in (2, 3, 8), (words, ran)
