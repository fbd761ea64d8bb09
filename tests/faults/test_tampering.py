"""Whoever takes something out of the book is found out, and nobody else is accused.

A history of 300 commits, in which two desks wrote and merged, is spoilt in one way at a time by git's
own plumbing. Some ways are tried in the suite, 500 when thorough.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from thorough import often

from svcctl.desk import playing
from svcctl.desk.desk import Desk
from svcctl.desk.keeping import HistoryAudit, audit_history
from svcctl.domain.checks.examples import sound
from svcctl.domain.identity import check_character
from svcctl.domain.problems import Problem
from svcctl.ledger import git
from svcctl.ledger.folder import Ledger
from svcctl.ledger.vouching import AUDITED

HOW_MANY = often(60, 500)
COMMITS = 300
START = 1_794_787_200  # 2026-11-16T00:00:00Z, in seconds
NOW = "2026-12-20T12:00:00+08:00"
SECOND_POLICY = "records/policy/2026-11-10.yaml"
MALLORY = {
    "GIT_AUTHOR_NAME": "Mallory",
    "GIT_AUTHOR_EMAIL": "m@desk.invalid",
    "GIT_COMMITTER_NAME": "Mallory",
    "GIT_COMMITTER_EMAIL": "m@desk.invalid",
}

Files = dict[str, bytes]


class Book:
    """The repository, and what is known of each of its commits."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.head = ""
        self.commits: list[tuple[str, list[str], Files]] = []

    def git(self, *words: str, given: bytes | None = None, **env: str) -> str:
        ran = subprocess.run(
            ["git", *words],
            cwd=self.root,
            input=given,
            env={**os.environ, **MALLORY, **env},
            capture_output=True,
            check=True,
        )
        return ran.stdout.decode().strip()

    def audit(self, since: str | None = None) -> HistoryAudit:
        from datetime import datetime

        desk = Desk(Ledger(self.root), lambda: datetime.fromisoformat(NOW))
        return audit_history(desk, since, note=False)


def ticket_id(number: int) -> str:
    body = f"SHA-261116-{number:02d}"
    return body + check_character(body)


def path_of(identifier: str) -> str:
    return f"records/tickets/2026/11/{identifier}.yaml"


def entry(n: int, minute: int) -> sound.Told:
    return {**event(n, "SHA", minute, f"日志 {n}"), "do": "logged"}


def event(n: int, desk: str, minute: int, words: str) -> sound.Told:
    at = f"2026-11-{16 + minute // 1440:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}:00+08:00"
    return {
        "n": n,
        "desk": desk,
        "at": at,
        "noted": at,
        "by": "desk1",
        "do": "noted",
        "words": words,
    }


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A sound history: one desk on the main line, another on branches that are merged, one late
    policy, one policy changed before it was in force, one hand-written line normalised, one ticket
    moved to where it belongs."""
    root = tmp_path_factory.mktemp("book")
    book = Book(root)
    git.init(root)
    rng = random.Random(4)
    files = playing.sound_files()
    files["records/desks/BJA.yaml"] = (
        b'format: 1\nid: BJA\nregistered: "2026-11-01T08:00:00+08:00"\n'
    )
    tickets: dict[str, list[sound.Told]] = {}
    logged: list[sound.Told] = []
    stream = bytearray(b"feature done\n")
    trunk: tuple[int, Files] = (1, files)
    states: list[tuple[int, list[int], Files]] = []

    def commit(before: list[int], old: Files, new: Files, who: str, merged: bool = False) -> int:
        mark = len(states) + 1
        when = START + mark * 600
        stream.extend(
            f"commit refs/heads/main\nmark :{mark}\nauthor {who} <{who}@desk.invalid> {when} +0800\n"
            f"committer {who} <{who}@desk.invalid> {when} +0800\ndata 1\nx\n".encode()
        )
        for word, parent in zip(("from", "merge", "merge"), before, strict=False):
            stream.extend(f"{word} :{parent}\n".encode())
        for path in {**old, **new}:
            if path not in new:
                stream.extend(f"D {path}\n".encode())
            elif old.get(path) != new[path]:
                stream.extend(
                    f"M 100644 inline {path}\ndata {len(new[path])}\n".encode() + new[path] + b"\n"
                )
        states.append((mark, before, dict(new)))
        return mark

    def written(lines: list[sound.Told], identifier: str) -> bytes:
        ordered = sorted(lines, key=lambda one: (one["n"], one["desk"]))
        return sound.ticket(*ordered, id=identifier)

    mark = commit([], {}, files, "li.na")
    number = 10
    while len(states) < COMMITS - 1:
        now = dict(trunk[1])
        step = len(states)
        if step in (40, 41):  # a policy is begun, and changed while it is not in force yet
            text = playing.sound_files()[sound.POLICY].replace(
                b"back-dating: 24h", b"back-dating: 2%dh" % step
            )
            now["records/policy/2027-01-01.yaml"] = text
        elif step % 7 == 0:
            logged.append(entry(len(logged) + 1, step))
            now[sound.LOG] = sound.log(*logged)
        elif rng.random() < 0.3 or not tickets:
            identifier = ""
            while not identifier or identifier[-1] in "IO":
                number += 1
                identifier = ticket_id(number)
            tickets[identifier] = [{**sound.OPENED, "n": 1}]
            now[path_of(identifier)] = written(tickets[identifier], identifier)
        else:
            identifier = rng.choice(list(tickets))
            lines = tickets[identifier]
            lines.append(
                event(1 + max(int(one["n"]) for one in lines), "SHA", step, f"第 {step} 次")
            )
            now[path_of(identifier)] = written(lines, identifier)
        mark = commit([trunk[0]], trunk[1], now, "li.na")
        trunk = (mark, now)
        if rng.random() < 0.1 and tickets:  # another desk wrote without seeing this; merged
            base_mark, base = trunk
            identifier = rng.choice(list(tickets))
            lines = tickets[identifier]
            n = 1 + max(int(one["n"]) for one in lines)
            theirs, ours = event(n, "BJA", step, "北京"), event(n, "SHA", step, "上海")
            left, right, both = dict(base), dict(base), dict(base)
            left[path_of(identifier)] = written([*lines, ours], identifier)
            right[path_of(identifier)] = written([*lines, theirs], identifier)
            lines += [ours, theirs]
            both[path_of(identifier)] = written(lines, identifier)
            one = commit([base_mark], base, left, "li.na")
            two = commit([base_mark], base, right, "zhao.min")
            mark = commit([one, two], left, both, "li.na")
            trunk = (mark, both)
    # What is no tampering: other words for the same line, and a file moved to another folder.
    now = dict(trunk[1])
    path = path_of(next(iter(tickets)))
    now[path] = now[path].replace(b"priority: normal", b'priority: "normal"   # as usual')
    moved = path_of(list(tickets)[1])
    now[moved.replace("/11/", "/12/")] = now.pop(moved)
    mark = commit([trunk[0]], trunk[1], now, "li.na")
    stream.extend(b"done\n")
    book.git("fast-import", "--quiet", "--export-marks=.git/marks", given=bytes(stream))
    marks = dict(line.split() for line in (root / ".git" / "marks").read_text().splitlines())
    names = {mark: marks[f":{mark}"] for mark, _, _ in states}
    book.commits = [(names[m], [names[p] for p in before], held) for m, before, held in states]
    book.head = book.commits[-1][0]
    book.git("update-ref", AUDITED, book.head)
    book.git("reset", "--quiet", "--hard", "main")
    return book


class Tampering:
    """One way of spoiling the book, by chance: which commits are made, where main then stands."""

    def __init__(self, book: Book, rng: random.Random) -> None:
        self.book = book
        self.rng = rng

    # What is done to the files ------------------------------------------------------------------

    def spoil(self, files: Files, way: str) -> tuple[str, bytes | None]:
        """The path and its new bytes (None: gone)."""
        rng = self.rng
        tickets = [path for path in files if path.startswith("records/tickets/")]
        if way == "policy":
            return sound.POLICY, files[sound.POLICY].replace(b"within: 2d", b"within: 9d", 1)
        path = sound.LOG if rng.random() < 0.2 and way != "head" else rng.choice(tickets)
        head, _, rest = files[path].partition(b"\nevents:\n")
        lines = rest.splitlines(keepends=True)
        at = rng.randrange(len(lines))
        if way == "remove":
            return path, None
        if way == "head":
            key, old, new = rng.choice(
                [
                    (b"subject", "不制冷".encode(), "制冷".encode()),
                    (b"opened", b"T09:00", b"T11:00"),
                    (b"channel", b"phone", b"mail"),
                    (b"unit", b"SN00012345", b"SN00012346"),
                ]
            )
            assert key + b":" in head
            return path, head.replace(old, new, 1) + b"\nevents:\n" + rest
        if way == "add to the head":
            return path, files[path] + b"marks: VIP\n"
        if way == "delete" and len(lines) > 1:
            del lines[at]
        elif way == "re-date":
            told = json.loads(lines[at][2:])
            told[rng.choice(["at", "noted"])] = "2026-11-15T08:00:00+08:00"
            lines[at] = b"- " + json.dumps(told, ensure_ascii=False).encode() + b"\n"
        elif way == "scramble":
            lines[at] = lines[at].replace(b'"}', b"}", 1)
        else:
            told = json.loads(lines[at][2:])
            told["by"] = "eng1"
            lines[at] = b"- " + json.dumps(told, ensure_ascii=False).encode() + b"\n"
        return path, head + b"\nevents:\n" + b"".join(lines)

    # How it gets into the history ---------------------------------------------------------------

    def commit(
        self, parents: list[str], base: str, changes: dict[str, bytes | None], day: str = ""
    ) -> str:
        """The commit with these parents and the files of ``base``, changed; dated ``day``, or now."""
        book = self.book
        index = str(book.root / ".git" / "mallory")
        book.git("read-tree", base, GIT_INDEX_FILE=index)
        for path, data in changes.items():
            if data is None:
                book.git("update-index", "--force-remove", path, GIT_INDEX_FILE=index)
            else:
                blob = book.git("hash-object", "-w", "--stdin", given=data)
                place = f"100644,{blob},{path}"
                book.git("update-index", "--add", "--cacheinfo", place, GIT_INDEX_FILE=index)
        tree = book.git("write-tree", GIT_INDEX_FILE=index)
        above = [word for parent in parents for word in ("-p", parent)]
        words = ("commit-tree", tree, *above, "-m", "x")
        return book.git(*words, GIT_COMMITTER_DATE=day) if day else book.git(*words)

    def play(self) -> tuple[str, str, bool]:
        """Spoil it; how, where, and whether the anchor alone can tell."""
        rng, book = self.rng, self.book
        kinds = (
            "on top",
            "on top, then honest work",
            "drop in a merge",
            "amend",
            "force",
            "uncommitted",
        )
        kind = rng.choice(kinds)
        ways = (
            "edit",
            "delete",
            "re-date",
            "head",
            "policy",
            "remove",
            "scramble",
            "add to the head",
        )
        way = rng.choice(ways)
        name, parents, files = book.commits[-1]
        path, data = self.spoil(files, way)
        if data == files.get(path):
            path, data = self.spoil(files, "edit")
        if kind == "force":  # the last commits are done again without one of them
            back = rng.randrange(1, 20)
            book.git("reset", "--quiet", "--hard", book.commits[-1 - back][0])
            return kind, "", True
        if kind == "amend":
            spoilt = self.commit(parents, name, {path: data})
            book.git("reset", "--quiet", "--hard", spoilt)
            return kind, path, True
        if kind == "uncommitted":
            book.git("reset", "--quiet", "--hard", name)
            if data is None:
                (book.root / path).unlink()
            else:
                (book.root / path).write_bytes(data)
            return kind, path, False
        if kind == "drop in a merge":
            # A branch adds a line or a ticket; the merge names it as a parent and takes nothing.
            target = rng.choice([p for p in files if p.startswith("records/tickets/2026/11/")])
            more = files[target] + (b"- " + json.dumps(event(900, "BJA", 5, "x")).encode() + b"\n")
            other = self.commit([name], name, {target: more})
            merge = self.commit(rng.choice([[name, other], [other, name]]), name, {})
            book.git("reset", "--quiet", "--hard", merge)
            return kind, target, False
        day = "2026-11-01T08:00:00+08:00" if rng.random() < 0.3 else ""
        spoilt = self.commit([name], name, {path: data}, day)
        if kind == "on top, then honest work":
            others = [p for p in files if p.startswith("records/tickets/2026/11/") and p != path]
            target = rng.choice(others)
            more = files[target] + (b"- " + json.dumps(event(901, "BJA", 5, "x")).encode() + b"\n")
            spoilt = self.commit([spoilt], spoilt, {target: more})
        book.git("reset", "--quiet", "--hard", spoilt)
        return kind, path, False


@pytest.fixture
def untouched(book: Book) -> Iterator[Book]:
    yield book
    book.git("reset", "--quiet", "--hard", book.head)


def test_nothing_is_reported_on_the_untouched_history(untouched: Book) -> None:
    assert int(untouched.git("rev-list", "--count", "HEAD")) >= COMMITS
    done = untouched.audit()
    assert (done.findings, done.notices) == ([], ())


@pytest.mark.parametrize("seed", range(HOW_MANY))
def test_every_tampering_is_found(untouched: Book, seed: int) -> None:
    kind, path, anchored = Tampering(untouched, random.Random(seed)).play()
    found = untouched.audit().findings
    codes = {problem.code for problem in found}
    assert found, kind
    assert ("E506" in codes) == anchored, (kind, codes)
    assert not path or path in {problem.path for problem in found}, (kind, found)
    assert {problem.path for problem in found} <= {path, AUDITED} or kind == "force"
    if kind.startswith(("on top", "drop")):
        assert all("Mallory" in deed_of(problem) for problem in found)


def deed_of(problem: Problem) -> str:
    return str(problem.args["deed"])
