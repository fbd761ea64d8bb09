"""A broken file of every sort: every command names it with its place and goes on with the rest."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import made_ledgers as made
import pytest
from made_ledgers import CLOSED, CUSTOMER, OTHER, SECOND, TICKET, UNIT, Ran

from svcctl.ledger.database import SCHEMA

Break = Callable[[Path], None]

READING: tuple[tuple[str, ...], ...] = (
    ("ticket", "list"),
    ("callbacks", "due"),
    ("today",),
    ("find", "不制冷"),
    ("slip", "list"),
    ("index", "status"),
    ("customer", "list"),
    ("callbacks", "list"),
    ("unit", "list"),
    ("staff", "list"),
    ("ticket", "show", TICKET),
    ("customer", "show", SECOND),
)


def put(data: bytes) -> Break:
    def broken(path: Path) -> None:
        path.write_bytes(data)

    return broken


def changed(old: bytes, new: bytes) -> Break:
    def broken(path: Path) -> None:
        data = path.read_bytes()
        assert old in data
        path.write_bytes(data.replace(old, new, 1))

    return broken


def as_utf_16(path: Path) -> None:
    path.write_text(path.read_text("utf-8"), "utf-16")


def after_a_byte_order_mark(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())


def twice(path: Path) -> None:
    path.write_bytes(path.read_bytes() * 2)


def as_link(path: Path) -> None:
    target = path.with_name("elsewhere")
    path.rename(target)
    path.symlink_to(target.name)


def as_dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/nonexistent/place")


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def as_huge(path: Path) -> None:
    with open(path, "ab") as file:
        file.truncate(10_000_000)


def with_bomb(path: Path) -> None:
    lines = ['a0: &a0 ["lol", "lol"]']
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
    path.write_text("\n".join(lines) + "\n")


def between_markers(path: Path) -> None:
    text = path.read_text("utf-8")
    path.write_text(f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n", "utf-8")


DEEP = b"a: " + b"[" * 40_000 + b"\n"

# What is done to a ticket's file, and how the place of the finding begins: line and column, or
# nothing where the whole file is meant.
TICKETS: dict[str, tuple[Break, str]] = {
    "not UTF-8": (changed("漏水".encode(), "维修".encode("gbk")), r":\d+:\d+: E101"),
    "UTF-16": (as_utf_16, r":1:1: E1"),
    "byte order mark": (after_a_byte_order_mark, ":1:1"),
    "NUL bytes": (put(b"\0" * 300), r":1:1: E1"),
    "empty": (put(b""), r":1:1: E115"),
    "only a line feed": (put(b"\n"), r":\d+:\d+: E115"),
    "a list": (put(b"- a\n- b\n"), r":1:1: E115"),
    "one word": (put(b"hello\n"), r":1:1: E115"),
    "binary": (put(bytes(range(256)) * 8), r":\d+:\d+: E1"),
    "duplicate key": (changed(b"kind: repair", b"kind: repair\nkind: install"), r":4:1: E107"),
    "duplicate key in an event": (
        changed(b'"do": "opened"', b'"do": "opened", "do": "opened"'),
        "E107",
    ),
    "tab": (changed(b"kind:", b"\tkind:"), r":3:1: E104"),
    "merge conflict": (between_markers, r":1:1: E105"),
    "alias bomb": (with_bomb, r":1:\d+: E108"),
    "nested deep": (put(DEEP), r":1:\d+: E112"),
    "tag": (changed(b"repair", b"!!python/object:os.system repair"), r":3:\d+: E109"),
    "unknown key": (changed(b"kind:", b"colour: red\nkind:"), r":3:\d+: E201"),
    "unknown event": (changed(b'"do": "opened"', b'"do": "exploded"'), r":\d+:\d+: E2"),
    "wrong value": (changed(b"kind: repair", b"kind: repare"), r":3:7: E203"),
    "missing key": (changed(b"kind: repair\n", b""), r": E202"),
    "future format": (changed(b"format: 1", b"format: 2"), r":1:9: E204"),
    "no events": (changed(b"events:", b"event:"), r":\d+:\d+: E"),
    "another one's id": (changed(OTHER.encode(), CLOSED.encode()), r":2:\d+: E301"),
    "second document": (twice, r":\d+:\d+: E1"),
    "symbolic link": (as_link, ": E116"),
    "dangling link": (as_dangling_link, ": E116"),
    "folder": (as_folder, ": E116"),
    "pipe": (as_pipe, ": E116"),
    "10 MB": (as_huge, ": E113"),
}


def sane(ran: Ran) -> None:
    """No bug, no traceback, nothing a terminal would obey."""
    assert ran.code != 70, ran
    assert "Traceback" not in ran.err
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", ran.out.replace("\r\n", "\n") + ran.err)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], str]:
    """What the reading commands say while nothing is broken."""
    root = made.copy(tmp_path_factory.mktemp("whole") / "ledger")
    return {words: made.sure(root, *words).out for words in READING}


@pytest.mark.parametrize(("breaks", "place"), TICKETS.values(), ids=TICKETS.keys())
def test_a_broken_ticket_is_named_by_every_command_and_hides_nothing_else(
    tmp_path: Path, whole: dict[tuple[str, ...], str], breaks: Break, place: str
) -> None:
    root = made.copy(tmp_path / "ledger")
    path = made.ticket_file(root, OTHER)
    breaks(path)
    name = str(path.relative_to(root))
    for words in READING:
        ran = made.call(root, *words)
        sane(ran)
        assert ran.code == 0, (words, ran)
        assert re.search(rf"^{re.escape(name)}.*{place}", ran.err, re.M), (words, ran.err)
        assert "Remedy: " in ran.err
        for line in whole[words].splitlines():
            if OTHER not in line and words[0] not in ("index", "today"):
                assert line.split()[:1] == [] or line.split()[0] in ran.out
    for words in READING if place.endswith("E101") else READING[:2]:
        strict = made.call(root, *words, "--strict")
        assert strict.code == 4, (words, strict)
        assert re.search(rf"^{re.escape(name)}.*{place}", strict.err, re.M)
    for words in (
        ("ticket", "show", OTHER),
        ("ticket", "close", OTHER),
        ("ticket", "note", OTHER, "x"),
        ("ticket", "show", OTHER[-5:]),
    ):
        ran = made.call(root, *words)
        sane(ran)
        assert ran.code == 4, (words, ran)
        assert name in ran.err
        assert ran.out == ""
    before = _content(path)
    for words in (
        ("ticket", "note", TICKET, "goes on"),
        ("ticket", "new", "--kind", "repair", "--customer", CUSTOMER, "--subject", "new"),
        ("customer", "set", CUSTOMER, "--marks", "x"),
        ("undo",),
    ):
        ran = made.call(root, *words)
        sane(ran)
        assert ran.code == 0 or words == ("undo",), (words, ran)
    assert _content(path) == before
    verified = made.call(root, "index", "verify")
    assert (verified.code, verified.out) == (0, ""), verified


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def test_a_ticket_truncated_anywhere_is_named_or_still_whole(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    path = made.ticket_file(root)
    data = path.read_bytes()
    name = str(path.relative_to(root))
    named = 0
    for length in [*range(0, len(data), 31), *range(len(data) - 12, len(data))]:
        path.write_bytes(data[:length])
        ran = made.call(root, "ticket", "list", "--all", "-o", "ids")
        sane(ran)
        assert ran.code == 0
        shown = made.call(root, "ticket", "show", TICKET)
        sane(shown)
        assert shown.code in (0, 4)
        assert (TICKET in ran.out.split()) == (shown.code == 0)
        if shown.code == 4:
            assert ran.err.startswith(f"{name}:")
            assert shown.err.startswith(f"{name}:")
            named += 1
        assert {OTHER, CLOSED} <= set(ran.out.split())
    assert named > len(data) // 31 - 8, (
        "a cut between two events leaves a whole ticket, no other does"
    )


@pytest.mark.parametrize(
    ("record", "data", "code"),
    [
        ("customers/SHA-C0001Z.yaml", b"name: \xff\n", "E101"),
        ("customers/SHA-C0001Z.yaml", b"", "E115"),
        ("customers/SHA-C0001Z.yaml", b"format: 1\nid: SHA-C0002X\nname: x\n", "E301"),
        ("customers/SHA-C0001Z.yaml", b"format: 9\nid: SHA-C0001Z\nname: x\n", "E204"),
        ("customers/SHA-C0001Z.yaml", None, ""),
        ("customers/notes.yaml", b"hello: there\n", "E20"),
        ("units/SN00012345.yaml", b"a: [\n", "E106"),
        ("staff/eng1.yaml", b"format: 1\nid: eng1\nname: x\nrole: pirate\n", "E203"),
        ("staff/mgr1.yaml", b"<<<<<<< HEAD\n", "E105"),
        ("desks/SHA.yaml", b"&a b: *a\n", "E108"),
    ],
)
def test_a_broken_card_is_named_by_every_command(
    tmp_path: Path, record: str, data: bytes | None, code: str
) -> None:
    root = made.copy(tmp_path / "ledger")
    path = root / "records" / record
    if data is None:
        path.unlink()
        as_dangling_link_of = path
        as_dangling_link_of.symlink_to("nowhere")
        code = "E116"
    else:
        path.write_bytes(data)
    for words in READING:
        ran = made.call(root, *words)
        sane(ran)
        assert ran.code == 0, (words, ran)
        assert re.search(rf"^records/{record}(:\d+:\d+)?: {code}", ran.err, re.M), (words, ran.err)
    noted = made.call(root, "ticket", "note", TICKET, "goes on")
    sane(noted)
    assert noted.code == 0
    slip = made.call(root, "slip", "print", TICKET)
    sane(slip)
    assert slip.code == 0
    printed = made.call(root, *_show(record))
    sane(printed)
    assert printed.code in (4, 8)


def _show(record: str) -> tuple[str, ...]:
    folder, name = record.removesuffix(".yaml").split("/")
    noun = {"customers": "customer", "units": "unit", "staff": "staff", "desks": "customer"}[folder]
    return (noun, "show", name)


RULES: dict[str, bytes] = {
    "policy/2026-01-01.yaml": b"obligations: [\n",
    "policy/2026-02-30.yaml": b"format: 1\n",
    "policy/2026-03-01.yaml": b"\xff\n",
    "calendar/CN.yaml": b"zone: Mars/Olympus\n",
}


each_broken_rule = pytest.mark.parametrize(("record", "data"), RULES.items(), ids=RULES.keys())


@each_broken_rule
def test_in_the_place_of_broken_rules_stands_what_git_has_and_every_command_says_so(
    tmp_path: Path, record: str, data: bytes
) -> None:
    root = made.copy(tmp_path / "ledger")
    asked = [words for words in READING if words != ("index", "status")]  # it counts problems
    words_of = (*asked, ("ticket", "note", TICKET, "x", "--dry-run"))
    before = {words: made.call(root, *words) for words in words_of}
    (root / "records" / record).write_bytes(data)
    for words in words_of:
        ran = made.call(root, *words)
        sane(ran)
        assert (ran.code, ran.out) == (0, before[words].out), (words, ran)
        assert ran.err.count(f"records/{record}") == 1, (words, ran.err)
        assert "the last version" in ran.err
    assert made.call(root, "audit").code == 1
    made.git(root, "checkout", "--", "records")
    made.git(root, "clean", "-fdq", "--", "records")
    assert made.sure(root, "ticket", "list").err == ""


@each_broken_rule
def test_broken_rules_without_git_are_named_and_nothing_is_said_of_deadlines(
    tmp_path: Path, record: str, data: bytes
) -> None:
    root = made.copy(tmp_path / "ledger", git=False)
    before = made.ticket_file(root).read_bytes()
    (root / "records" / record).write_bytes(data)
    for words in (*READING, ("ticket", "note", TICKET, "x"), ("ticket", "close", TICKET)):
        ran = made.call(root, *words)
        sane(ran)
        assert ran.code == 4, (words, ran)
        assert f"records/{record}" in ran.err, (words, ran.err)
        assert ran.out == ""
    assert made.ticket_file(root).read_bytes() == before


def test_a_version_that_was_broken_when_it_was_committed_is_passed_over(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    before = made.sure(root, "callbacks", "due", "-o", "json", "--as-of", made.NOW).out
    path = root / "records/policy/2026-01-01.yaml"
    for slip in (b"obligations: [\n", b"\xff\n"):
        path.write_bytes(slip)
        made.git(root, "commit", "-qam", "a slip")
    ran = made.sure(root, "callbacks", "due", "-o", "json", "--as-of", made.NOW)
    told = json.loads(ran.out)
    assert told["items"] == json.loads(before)["items"]
    assert [problem["code"] for problem in told["problems"]] == ["E101"]


@pytest.mark.parametrize("how", [as_link, as_dangling_link, as_folder, as_pipe, Path.unlink])
def test_rules_that_are_no_file_are_named(tmp_path: Path, how: Break) -> None:
    root = made.copy(tmp_path / "ledger")
    path = root / "records/policy/2026-01-01.yaml"
    how(path)
    ran = made.call(root, "callbacks", "due")
    sane(ran)
    assert ran.code == 0, ran
    assert "records/policy/2026-01-01.yaml: E" in ran.err


# The clone's own notes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\0",
        b"desk=../../x\nme=\n",
        b"no equals sign\n",
        b"desk=SHA\nme=../../etc\n",
        None,
    ],
)
def test_a_damaged_note_of_the_desk_is_told_and_made_anew_by_init(
    tmp_path: Path, content: bytes | None
) -> None:
    root = made.copy(tmp_path / "ledger")
    note = root / ".git/svcctl/station"
    if content is None:
        note.unlink()
        note.mkdir()
    else:
        note.write_bytes(content)
    assert made.call(root, "ticket", "list").code == 0
    refused = made.call(root, "ticket", "note", TICKET, "x", "--by", "desk1")
    sane(refused)
    assert refused.code == 3
    assert "svcctl init" in refused.err
    if content is None:
        note.rmdir()
    assert made.call(root, "init", str(root), "--desk", "SHA").code == 0
    assert made.call(root, "ticket", "note", TICKET, "x", "--by", "desk1").code == 0


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\0\n",
        b'{"paths": ["records/x"]}\n',
        b"[]\nnull\n3\n",
        b'{"paths": [], "message": "',
        b"{" * 5000 + b"\n",
        b'{"paths": ["../x"], "message": "m", "author": ["a", "b"], "committer": ["a", "b"],'
        b' "when": "2026-11-16T09:00:00+08:00"}\n',
        b'{"paths": ["/etc/passwd", 1], "message": "m", "author": ["a", "b"], "committer": ["a", "b"],'
        b' "when": "2026-11-16T09:00:00+08:00"}\n',
        b'{"paths": ["records/x"], "message": 3, "author": [1, 2], "committer": ["a", "b"],'
        b' "when": "2026-11-16T09:00:00"}\n',
    ],
)
def test_a_damaged_list_of_pending_commits_hinders_nobody(tmp_path: Path, content: bytes) -> None:
    root = made.copy(tmp_path / "ledger")
    pending = root / ".git/svcctl/pending"
    pending.write_bytes(content)
    for words in (("ticket", "list"), ("doctor",), ("ticket", "note", TICKET, "x")):
        ran = made.call(root, *words)
        sane(ran)
        assert ran.code in (0, 1), (words, ran)
    assert made.uncommitted(root) == ""
    assert pending.read_bytes() == b""


def test_a_lock_file_left_behind_holds_nobody_up(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    (root / ".git/svcctl/lock").write_text("99999999           \n")
    (root / f".git/svcctl/index-{SCHEMA}.lock").write_text("garbage")
    (root / ".git/svcctl/under-way").write_bytes(b"\xff../../..\n/etc\nrecords/tickets\n")
    assert made.call(root, "ticket", "list").code == 0
    assert made.call(root, "ticket", "note", TICKET, "x").code == 0


def test_a_temporary_file_of_a_killed_command_is_no_record(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    folder = made.ticket_file(root).parent
    (folder / ".svcctl-1-00ff.tmp").write_bytes(b"half a rec")
    (folder / f".{TICKET}.yaml").write_bytes(b"an editor's own")
    (folder / f".#{OTHER}.yaml").symlink_to("somebody@somewhere.1234:1")
    (folder / "README.txt").write_bytes(b"\xff")
    ran = made.call(root, "ticket", "list", "--all", "-o", "ids")
    assert (ran.code, ran.err) == (0, "")
    assert set(ran.out.split()) == {TICKET, OTHER, CLOSED}
    assert made.call(root, "index", "verify").code == 0


@pytest.mark.parametrize(
    "text",
    ["{{ nonsense(", "{% include '/etc/passwd' %}", "{{ ''.__class__.__mro__ }}", "{{ 1/0 }}"],
)
def test_a_broken_template_is_told_with_its_name(tmp_path: Path, text: str) -> None:
    root = made.copy(tmp_path / "ledger")
    templates = root / "templates"
    templates.mkdir()
    shipped = Path(made.__file__).parents[1] / "templates"
    for path in shipped.iterdir():
        (templates / path.name).write_text(text, "utf-8")
    ran = made.call(root, "slip", "print", TICKET)
    sane(ran)
    assert ran.code in (2, 3, 4), ran
    assert "templates" in ran.err or "slip" in ran.err
    assert "root:" not in ran.out


def test_a_template_that_is_not_utf_8_is_told_with_its_name(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    (root / "templates").mkdir()
    for path in (Path(made.__file__).parents[1] / "templates").iterdir():
        (root / "templates" / path.name).write_bytes(b"\xff\xfe")
    ran = made.call(root, "slip", "print", TICKET)
    sane(ran)
    assert ran.code == 4
    assert "templates" in ran.err


def test_everything_broken_at_once_is_all_reported(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    made.ticket_file(root, OTHER).write_bytes(b"\xff\n")
    made.ticket_file(root, CLOSED).write_bytes(b"a: [\n")
    (root / f"records/customers/{SECOND}.yaml").write_bytes(b"")
    (root / f"records/units/{UNIT}.yaml").write_bytes(b"\t\n")
    ran = made.call(root, "ticket", "list", "--all")
    sane(ran)
    assert ran.code == 0
    assert TICKET in ran.out
    for name in (OTHER, CLOSED, SECOND, UNIT):
        assert f"/{name}.yaml:" in ran.err
