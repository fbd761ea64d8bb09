"""What strict YAML refuses, with code and place; what it reads, as text with places."""

from __future__ import annotations

import os
import string
from pathlib import Path

import pytest

from svcctl.domain.checks.bytes_and_yaml import MESSAGES
from svcctl.ledger import posix, source, yamltext
from svcctl.ledger.source import Mapping, Scalar, Sequence
from svcctl.ledger.yamltext import parse

# code, content, line, column: one executable example per code that reading a text can give
EXAMPLES = [
    ("E101", "id: A\nname: 不".encode() + "制".encode("gbk") + b"\n", 2, 8),
    ("E101", "id: A\n".encode("utf-16"), 1, 1),
    ("E102", b"\xef\xbb\xbfid: A\n", 1, 1),
    ("E103", b"id: A\r\nname: B\r\n", 1, 6),
    ("E104", b"id:\n\tname: B\n", 2, 1),
    ("E104", b"id:\n  - a\n \t- b\n", 3, 2),
    ("E104", b"id: [a,\n\tb]\n", 2, 1),
    ("E105", b"id: A\n<<<<<<< ours\nname: B\n=======\nname: C\n>>>>>>> theirs\n", 2, 1),
    ("E106", b"id: A\nname: a: b\n", 2, 8),
    ("E106", b'id: A\nname: "cut o', 2, 13),
    ("E106", b"id: A\nname: [a, b\nkind: c\n", 3, 5),
    ("E106", b'id: "\\ud800"\n', 1, 8),
    ("E107", b"id: A\nname: B\nid: C\n", 3, 1),
    ("E107", b'events:\n- {"n": 1, "n": 2}\n', 2, 12),
    ("E108", b"id: &a A\n", 1, 5),
    ("E108", b"id: A\nname: *a\n", 2, 7),
    ("E109", b"id: !!python/object/apply:os.system [x]\n", 1, 5),
    ("E110", b"id: A\nname: \x07B\n", 2, 7),
    ("E110", b"id: A\x00\n", 1, 6),
    ("E110", b"id: A\rname: B\n", 1, 6),
    ("E110", "id: a\u2028b\n".encode(), 1, 6),
    ("E111", b"id: A\nname: B", 2, 8),
    ("E112", b"a: " + b"[" * 30_000, 1, 23),
    ("E113", b"#" * (source.MAX_BYTES + 1), 0, 0),
    ("E114", b"id: A\n---\nid: B\n", 2, 1),
    ("E115", b"? [a, b]\n: c\n", 1, 3),
]


@pytest.mark.parametrize(("code", "content", "line", "column"), EXAMPLES)
def test_each_refusal_has_its_code_and_its_place(
    code: str, content: bytes, line: int, column: int
) -> None:
    node, problems = parse(content, "records/x.yaml")
    found = [(p.code, p.line, p.column) for p in problems if p.code != "E111" or code == "E111"]
    assert (code, line, column) in found
    assert all(p.path == "records/x.yaml" for p in problems)
    assert (node is None) == any(MESSAGES[p.code][0] == "error" for p in problems)


def test_every_code_that_reading_gives_has_an_example_and_every_example_fills_its_texts() -> None:
    seen = {code for code, *_ in EXAMPLES}
    assert seen | {"E116"} == set(MESSAGES)
    for _, content, _, _ in EXAMPLES:
        for problem in parse(content, "p")[1]:
            _, title, message, remedy = MESSAGES[problem.code]
            places = {name for _, name, _, _ in string.Formatter().parse(message) if name}
            assert places == set(problem.args)
            assert message.format_map(dict(problem.args))
            assert title
            assert remedy


def test_a_problem_shows_the_users_own_line() -> None:
    problem = parse("id: A\nid: 不制冷\n".encode(), "p")[1][0]
    assert problem.excerpt == "id: 不制冷"
    assert dict(problem.args) == {"key": "id", "first": "1", "second": "2"}


def test_a_truncated_file_names_the_line_where_the_open_value_began() -> None:
    problem = parse(b'id: A\nname: "B\nkind: c\n', "p")[1][0]
    assert problem.code == "E106"
    assert problem.args["since"] == "2"


def test_all_findings_of_a_file_are_told_not_only_the_first() -> None:
    content = b"\xef\xbb\xbfid: &x A\r\nid: !t \x07\r\n"
    assert {p.code for p in parse(content, "p")[1]} == {
        "E102", "E103", "E107", "E108", "E109", "E110",
    }  # fmt: skip


def test_a_file_full_of_faults_is_told_of_once_and_for_all() -> None:
    assert len(parse(b"a: 1\n" * 5000, "p")[1]) == source.MAX_PROBLEMS


def test_scalars_are_the_text_that_stands_there_whatever_a_reader_would_guess() -> None:
    node, problems = parse(b"a: no\nb: 00123\nc: 12:30\nd: ~\ne:\nf: 0x1F\ng: 'it''s'\n", "p")
    assert problems == []
    assert isinstance(node, Mapping)
    assert [(k.text, v.text) for k, v in node.pairs if isinstance(v, Scalar)] == [
        ("a", "no"), ("b", "00123"), ("c", "12:30"), ("d", "~"), ("e", ""), ("f", "0x1F"), ("g", "it's"),
    ]  # fmt: skip


def test_lists_and_mappings_nest_and_know_their_places() -> None:
    node, problems = parse(b"a:\n  - b\n  - {c: d}\n", "p")
    assert problems == []
    assert isinstance(node, Mapping)
    listed = node.pairs[0][1]
    assert isinstance(listed, Sequence)
    assert [(item.line, item.column) for item in listed.items] == [(2, 5), (3, 5)]


def test_tabs_within_a_block_of_text_are_content() -> None:
    node, problems = parse(b'a: |\n  one\n  \ttwo\nb: "x\n\ty"\nc: d\te\n', "p")
    assert problems == []
    assert isinstance(node, Mapping)
    assert [v.text for _, v in node.pairs if isinstance(v, Scalar)] == [
        "one\n\ttwo\n",
        "x y",
        "d\te",
    ]


def test_line_ends_of_windows_are_a_warning_and_read_alike() -> None:
    node, problems = parse(b"a: b\r\nc: |\r\n  d\r\n  e\r\n", "p")
    assert [(p.code, dict(p.args)) for p in problems] == [("E103", {"count": "4"})]
    assert isinstance(node, Mapping)
    assert [v.text for _, v in node.pairs if isinstance(v, Scalar)] == ["b", "d\ne\n"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# only a comment\n"])
def test_a_file_without_content_is_no_node_and_no_problem(content: bytes) -> None:
    assert parse(content, "p") == (None, [])


@pytest.mark.parametrize(
    "content",
    [
        b"a: &a [x]\n"
        + b"".join(b"%c: &%c [*%c, *%c]\n" % (c + 1, c + 1, c, c) for c in range(97, 121)),
        b"{" * 30_000,
        b"- " * 30_000,
        b"? " * 30_000,
        b"[" * 200_000 + b"]" * 200_000,
        b"a: " * 30_000,
        b"\x00" * 100_000,
        b"9" * 100_000,
        b'"\\UFFFFFFFF"',
        b"%YAML " + b"9" * 5000 + b".1\n---\na: b\n",
        b"%TAG ! tag:x,2000:\n---\n!y%FF z\n",
        b"a: |" + b"9" * 50,
        b"!<%FF> a",
    ],
)
@pytest.mark.parametrize("pure", [False, True])
def test_hostile_bytes_are_problems_and_nothing_worse(
    content: bytes, pure: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if pure:
        monkeypatch.setattr(yamltext, "_parser", yamltext._pure_parser)
    node, problems = parse(content, "p")
    assert node is None or isinstance(node, Scalar)
    assert problems


@pytest.mark.parametrize(("code", "content"), [(e[0], e[1]) for e in EXAMPLES if len(e[1]) < 1000])
def test_the_python_parser_finds_the_same_codes(
    code: str, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_c = [p.code for p in parse(content, "p")[1]]
    monkeypatch.setattr(yamltext, "_parser", yamltext._pure_parser)
    assert [p.code for p in parse(content, "p")[1]] == with_c
    assert code in with_c


def test_a_record_that_is_no_plain_file_is_a_problem_not_a_hang(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"a: b\n")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"#" * (source.MAX_BYTES + 1))
    assert posix.read_record(tmp_path / "real", "p") == (b"a: b\n", None)
    codes = {}
    for name in ("link", "folder", "pipe", "large"):
        content, problem = posix.read_record(tmp_path / name, "p")
        assert content is None
        assert problem is not None
        assert MESSAGES[problem.code][2].format_map(dict(problem.args))
        codes[name] = problem.code
    assert codes == {"link": "E116", "folder": "E116", "pipe": "E116", "large": "E113"}
    with pytest.raises(FileNotFoundError):
        posix.read_record(tmp_path / "missing", "p")
