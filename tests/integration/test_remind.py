"""Reminders: whose list says what, and that a message is sent once, whatever fails, and gives nothing away."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import ssl
import subprocess
import threading
from asyncio import AbstractServer
from collections.abc import Awaitable, Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import made_ledgers as made
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from svcctl.exchange.letters import Letter, Undelivered
from svcctl.exchange.mail import Mail, composed
from svcctl.exchange.targets import read_target
from svcctl.exchange.webhook import payload, refused
from svcctl.ledger.folder import Ledger
from svcctl.ledger.outbox import Outbox

NOON = "2026-11-16T12:00:00+08:00"
LONG = 300
"""Seconds that no answer on loopback takes, however busy the machine is."""
PEOPLE = {"mgr1": "经理甲", "desk1": "协调员甲", "eng1": "工程师甲"}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """The small ledger at noon of Monday, where everybody has an address."""
    root = made.few_rules(made.copy(tmp_path / "ledger"))
    made.commit_all(root)
    for person in PEOPLE:
        made.sure(root, "staff", "set", person, "--email", f"{person}@example.com", now=NOON)
    return root


def closed_door() -> socket.socket:
    """A port that is ours: nobody else can have it, and nobody listens on it."""
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    return door


@pytest.fixture
def nowhere() -> Iterator[str]:
    """A target where nobody listens."""
    with closed_door() as door:
        yield f"smtp://127.0.0.1:{door.getsockname()[1]}/?from=desk@example.com&timeout=2"


class Post(Controller):
    """A mail server on loopback. ``mails`` is what it took; ``say`` answers a recipient or a text."""

    def __init__(self, **settings: Any) -> None:
        self.door = closed_door()
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.refuse: dict[str, str] = {}
        self.refuse_text = ""
        self.taken: Callable[[], None] = lambda: None
        port = self.door.getsockname()[1]
        super().__init__(self, "127.0.0.1", port, ready_timeout=LONG, **settings)

    def _create_server(self) -> Awaitable[AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self.door)

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.refuse_text:
            return self.refuse_text
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append((list(envelope.rcpt_tos), mail))
        self.taken()
        return "250 taken"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}/?from=desk@example.com&timeout={LONG}"

    def texts(self) -> list[str]:
        return [mail.get_content() for _, mail in self.mails]


@pytest.fixture
def post() -> Iterator[Post]:
    server = Post()
    server.start()
    yield server
    server.stop()


class Hook(NamedTuple):
    """A webhook on loopback: what was posted, and what it answers."""

    url: str
    posted: list[tuple[dict[str, str], Any]]
    answer: list[tuple[int, bytes, dict[str, str]]]


@pytest.fixture
def hook() -> Iterator[Hook]:
    posted: list[tuple[dict[str, str], Any]] = []
    answer: list[tuple[int, bytes, dict[str, str]]] = [(200, b"", {})]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_json = self.headers["Content-Type"].startswith("application/json")
            said = json.loads(body) if is_json else body.decode()
            posted.append(({**self.headers, "path": self.path}, said))
            code, reply, more = answer[0]
            self.send_response(code)
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield Hook(f"http://127.0.0.1:{server.server_port}/hook/0123456789abcdef", posted, answer)
    server.shutdown()
    thread.join()
    server.server_close()


def remind(root: Path, *words: str, now: str = NOON, lang: str = "en") -> made.Ran:
    return made.call(root, "remind", *words, now=now, lang=lang)


def items(root: Path, *words: str, now: str = NOON) -> list[dict[str, Any]]:
    ran = remind(root, *words, "-o", "json", now=now)
    assert ran.out, ran.err
    found = json.loads(ran.out)["items"]
    assert isinstance(found, list)
    return found


def outbox(root: Path) -> Outbox:
    return Outbox(Ledger(root))


def files(root: Path) -> str:
    """Everything that lies in the clone's private folder and in its records, as one text."""
    places = [*(root / ".git/svcctl").rglob("*"), *(root / "records").rglob("*")]
    return "".join(p.read_bytes().decode("utf-8", "replace") for p in places if p.is_file())


# The lists ----------------------------------------------------------------------------------------


def lines(root: Path, *words: str, now: str = NOON) -> set[tuple[str, str, str, str]]:
    return {
        (one["person"], one["section"], one["ticket"][-3:], one["what"])
        for one in items(root, *words, now=now)
    }


def test_each_person_is_told_what_is_theirs(ledger: Path) -> None:
    assert lines(ledger, "--role", "engineer") == {
        ("eng1", "visits", "02G", "visit"),
        ("eng1", "later", "02G", "slip"),
    }
    assert lines(ledger, "--role", "manager") == {("mgr1", "review", "03E", "new")}
    assert lines(ledger, "--role", "coordinator") == {
        ("desk1", "overdue", "03E", "first-call"),  # nobody has it in hand yet
        ("desk1", "review", "03E", "new"),
    }
    everybody = lines(ledger)
    assert {person for person, *_ in everybody} == set(PEOPLE)


def test_a_list_looks_further_when_asked(ledger: Path) -> None:
    more = lines(ledger, "--role", "coordinator", "--within", "1d")
    assert ("desk1", "later", "03E", "reply") in more


def test_a_visit_that_was_missed_stays_on_the_engineers_list(ledger: Path) -> None:
    found = lines(ledger, "--role", "engineer", now="2026-11-18T09:00:00+08:00")
    assert ("eng1", "visits", "02G", "visit") in found


def test_what_somebody_holds_who_has_left_falls_to_the_coordinator(ledger: Path) -> None:
    made.sure(ledger, "staff", "set", "eng1", "--left", "2026-11-16", now=NOON)
    later = "2026-11-19T09:00:00+08:00"
    assert lines(ledger, "--role", "engineer", now=later) == set()
    found = lines(ledger, "--role", "coordinator", now=later)
    assert {("desk1", "visits", "02G", "visit"), ("desk1", "overdue", "02G", "slip")} <= found


def test_what_has_gone_up_stands_first_on_the_managers_list(ledger: Path) -> None:
    words = ("--kind", "complaint", "--customer", "客户乙", "--subject", "说话冲")
    made.sure(ledger, "ticket", "new", *words, "--category", "态度", now=NOON)
    found = items(ledger, "--role", "manager")
    assert (found[0]["section"], found[0]["what"], found[0]["level"]) == ("up", "reply", 1)


def test_a_role_that_nobody_has_is_said_and_not_passed_over(ledger: Path) -> None:
    made.sure(ledger, "staff", "set", "mgr1", "--left", "2026-11-15", now=NOON)
    found = items(ledger, "--role", "manager")
    assert [one["person"] for one in found] == [None]
    assert "nobody has this role" in remind(ledger, "--role", "manager").out


def test_the_printed_list_has_its_sections_and_phones(ledger: Path) -> None:
    ran = remind(ledger, "--role", "engineer")
    assert ran.code == 0
    assert ran.out.startswith("service engineer: eng1 工程师甲\nVisits (1)\n")
    assert "13800138000" in ran.out
    assert not (ledger / ".git/svcctl/outbox").exists()


# Mail ---------------------------------------------------------------------------------------------


def test_each_person_gets_their_list_by_mail_at_their_own_address(ledger: Path, post: Post) -> None:
    before = made.git(ledger, "rev-parse", "HEAD")
    ran = remind(ledger, "--to", post.url, lang="zh_CN")
    assert (ran.code, ran.err) == (0, "")
    assert sorted(to for to, _ in post.mails) == [
        ["desk1@example.com"],
        ["eng1@example.com"],
        ["mgr1@example.com"],
    ]
    mail = next(mail for to, mail in post.mails if to == ["eng1@example.com"])
    assert mail["Subject"] == "工程师甲：2026-11-16 待办 2 项，逾期 0 项"
    assert mail["To"] == "工程师甲 <eng1@example.com>"
    assert mail["From"] == "desk@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "不制冷" in mail.get_content()
    assert "138****8000" in mail.get_content()
    assert "13800138000" not in mail.get_content()
    assert made.git(ledger, "status", "--porcelain") == ""
    assert made.git(ledger, "rev-parse", "HEAD") == before


def test_phones_go_in_full_where_that_is_asked_for(ledger: Path, post: Post) -> None:
    remind(ledger, "--role", "engineer", "--to", post.url, "--show-personal")
    assert "13800138000" in post.texts()[0]


def test_a_second_run_of_the_same_day_sends_only_what_is_new(ledger: Path, post: Post) -> None:
    remind(ledger, "--role", "coordinator", "--to", post.url)
    ran = remind(ledger, "--role", "coordinator", "--to", post.url, "-o", "json")
    assert [one["state"] for one in json.loads(ran.out)["items"]] == ["nothing-new"]
    assert len(post.mails) == 1
    words = ("--kind", "repair", "--customer", "客户乙", "--subject", "有异响")
    made.sure(ledger, "ticket", "new", *words, now=NOON)
    remind(ledger, "--role", "coordinator", "--to", post.url)
    assert len(post.mails) == 2
    assert "有异响" in post.texts()[1]
    assert "漏水" not in post.texts()[1]


def test_the_next_day_everything_still_owed_is_said_again(ledger: Path, post: Post) -> None:
    remind(ledger, "--role", "coordinator", "--to", post.url)
    remind(ledger, "--role", "coordinator", "--to", post.url, now="2026-11-17T08:00:00+08:00")
    assert len(post.mails) == 2
    assert post.mails[0][1]["Message-ID"] != post.mails[1][1]["Message-ID"]


def test_what_has_gone_up_is_told_once_per_cycle_and_level_not_every_day(
    ledger: Path, post: Post
) -> None:
    words = ("--kind", "complaint", "--customer", "客户乙", "--subject", "说话冲")
    made.sure(ledger, "ticket", "new", *words, "--category", "态度", now=NOON)
    for day in ("16", "17", "18"):
        remind(ledger, "--role", "manager", "--to", post.url, now=f"2026-11-{day}T18:00:00+08:00")
    assert [("说话冲" in text, "Gone up" in text) for text in post.texts()] == [
        (True, True),
        (True, False),  # it still waits for review
        (True, False),
    ]


def test_a_fixed_address_gets_everybodys_list(ledger: Path, post: Post) -> None:
    ran = remind(ledger, "--to", f"{post.url}&to=board@example.com,second@example.com")
    assert ran.code == 0
    assert (
        sorted(to[0] for to, _ in post.mails)
        == ["board@example.com"] * 3 + ["second@example.com"] * 3
    )


def test_a_person_without_an_address_is_named_and_the_others_are_served(
    ledger: Path, post: Post
) -> None:
    made.sure(ledger, "staff", "set", "eng1", "--email", "nowhere", now=NOON)
    ran = remind(ledger, "--to", post.url)
    assert ran.code == 9
    assert "eng1 工程师甲: no usable e-mail address on the card of eng1" in ran.err
    assert len(post.mails) == 2


def test_killed_by_the_system_between_sending_and_mark_it_comes_twice_under_one_id(
    ledger: Path, post: Post
) -> None:
    client: list[subprocess.Popen[bytes]] = []
    post.taken = lambda: client[0].kill()
    words = ["--ledger", str(ledger), "remind", "--role", "coordinator", "--to", post.url]
    program = made.process(*words, now=NOON)
    client.append(subprocess.Popen(program, env=made.surroundings()))
    assert client[0].wait() == -signal.SIGKILL
    post.taken = lambda: None
    assert remind(ledger, "--role", "coordinator", "--to", post.url).code == 0
    assert remind(ledger, "--role", "coordinator", "--to", post.url).code == 0
    first, second = (mail["Message-ID"] for _, mail in post.mails)
    assert first == second


# Failures -----------------------------------------------------------------------------------------


def test_a_server_that_is_away_loses_nothing_and_the_next_run_sends_it_once(
    ledger: Path,
) -> None:
    post = Post()
    url = post.url
    ran = remind(ledger, "--to", url)
    assert ran.code == 9
    assert "no connection" in ran.err
    assert "What waits is sent by the next `svcctl remind`" in ran.err
    waiting, _ = outbox(ledger).waiting()
    assert [one.attempts for one in waiting] == [1, 1, 1]
    assert remind(ledger, "--to", url).code == 9  # not written down twice
    assert len(outbox(ledger).waiting()[0]) == 3
    post.start()
    try:
        assert remind(ledger, "--retry", "--to", url).code == 0
        assert len(post.mails) == 3
        assert outbox(ledger).waiting() == ([], [])
        assert remind(ledger, "--to", url).code == 0
        assert len(post.mails) == 3
    finally:
        post.stop()


def test_the_first_failure_spares_the_others_the_waiting(ledger: Path) -> None:
    tried = []

    class Away:
        def deliver(self, letter: Letter) -> None:
            from svcctl.domain.problems import Message

            tried.append(letter.id)
            raise Undelivered(Message("away"), down=True)

        def close(self) -> None:
            tried.append("closed")

    done = sent_by(ledger, Away())
    assert [one["state"] for one in done] == ["unsent"] * 3
    assert len(tried) == 2
    assert tried[-1] == "closed"


def sent_by(root: Path, carrier: Any) -> list[dict[str, Any]]:
    """Send everybody's list by a carrier of the test's."""
    from datetime import datetime

    from svcctl.desk.desk import open_desk
    from svcctl.desk.listing import view_of
    from svcctl.desk.reminding import reminders
    from svcctl.desk.sending import send

    desk = open_desk(str(root), lambda: datetime.fromisoformat(NOON))
    target = read_target("smtp://localhost/?from=desk@example.com")
    found = reminders(view_of(desk, None, None))
    return [one.item() for one in send(desk, found, [target], carriers=lambda _: carrier)]


def test_killed_after_sending_it_is_sent_again_under_the_same_id_and_then_never(
    ledger: Path,
) -> None:
    sent: list[str] = []

    class Killed(BaseException):
        pass

    class Carrier:
        def __init__(self, dies: bool) -> None:
            self.dies = dies

        def deliver(self, letter: Letter) -> None:
            sent.append(letter.id)
            if self.dies:
                raise Killed

        def close(self) -> None:
            """Nothing to close."""

    with pytest.raises(Killed):
        sent_by(ledger, Carrier(True))
    assert len(outbox(ledger).waiting()[0]) == 1
    sent_by(ledger, Carrier(False))
    assert len(sent) == 4
    assert sent[0] == sent[1]
    assert {one["state"] for one in sent_by(ledger, Carrier(False))} == {"nothing-new"}
    assert len(sent) == 4


def test_killed_after_the_mark_it_is_not_sent_again(ledger: Path) -> None:
    sent: list[str] = []

    class Carrier:
        def deliver(self, letter: Letter) -> None:
            sent.append(letter.id)

        def close(self) -> None:
            """Nothing to close."""

    kept = {}

    class Keeping(Carrier):
        def deliver(self, letter: Letter) -> None:
            path = ledger / f".git/svcctl/outbox/waiting/{letter.id}.json"
            kept[path] = path.read_bytes()
            super().deliver(letter)

    sent_by(ledger, Keeping())
    for path, data in kept.items():
        path.write_bytes(data)  # as if the kill had come between the mark and the removal
    sent_by(ledger, Carrier())
    assert len(sent) == 3
    assert outbox(ledger).waiting()[0] == []


def test_a_refused_recipient_waits_with_the_reason_and_the_others_are_served(
    ledger: Path, post: Post
) -> None:
    post.refuse["eng1@example.com"] = "550 no such user \x1b[31mhere"
    ran = remind(ledger, "--to", post.url)
    assert ran.code == 9
    assert len(post.mails) == 2
    assert "eng1 工程师甲: the server refused: 550 no such user" in ran.err
    assert "\x1b" not in ran.err
    made.sure(ledger, "staff", "set", "eng1", "--email", "new@example.com", now=NOON)
    assert remind(ledger, "--to", post.url).code == 0
    assert post.mails[2][0] == ["new@example.com"]  # the address on the card now


def test_a_text_that_the_server_refuses_waits(ledger: Path, post: Post) -> None:
    post.refuse_text = "554 looks like spam"
    ran = remind(ledger, "--role", "engineer", "--to", post.url)
    assert ran.code == 9
    assert "554 looks like spam" in ran.err
    post.refuse_text = ""
    assert remind(ledger, "--role", "engineer", "--to", post.url).code == 0
    assert len(post.mails) == 1


def test_a_server_that_never_answers_is_given_up_after_the_timeout(ledger: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        for url in (
            f"smtp://127.0.0.1:{port}/?from=desk@example.com&timeout=1",
            f"http://127.0.0.1:{port}/hook",
        ):
            target = read_target(url)._replace(timeout=0.1)
            from svcctl.desk.sending import carrier_of

            with pytest.raises(Undelivered) as stopped:
                carrier_of(target).deliver(LETTER)
            assert str(stopped.value) == "the server did not answer in time"
            assert stopped.value.down


LETTER = Letter(
    "ab12",
    NOON,
    "eng1@example.com",
    "工程师甲",
    "待办",
    "正文\n",
    "申禾",
    {"person": "eng1", "items": []},
)


def test_a_message_can_be_dropped_and_the_ids_are_named(ledger: Path, nowhere: str) -> None:
    remind(ledger, "--role", "engineer", "--to", nowhere)
    (waiting,), _ = outbox(ledger).waiting()
    ran = remind(ledger, "--drop", "no")
    assert (ran.code, waiting.id in ran.err) == (8, True)
    assert remind(ledger, "--drop", "../sent/x").code == 8
    assert remind(ledger, "--drop", waiting.id).code == 0
    assert outbox(ledger).waiting() == ([], [])


def test_retrying_without_a_target_names_those_that_wait(ledger: Path, nowhere: str) -> None:
    url = nowhere.replace("smtp://", "smtp://desk:geheim@")
    remind(ledger, "--role", "engineer", "--to", url)
    assert (
        "outbox: messages that wait to be sent (1): no connection"
        in made.call(ledger, "doctor").out
    )
    ran = remind(ledger, "--retry")
    assert ran.code == 2
    assert "smtp://desk@127.0.0.1" in ran.err
    assert "geheim" not in ran.err


def test_a_damaged_file_of_the_outbox_is_told_and_left(
    ledger: Path, post: Post, nowhere: str
) -> None:
    remind(ledger, "--role", "engineer", "--to", nowhere)
    (waiting,), _ = outbox(ledger).waiting()
    path = ledger / f".git/svcctl/outbox/waiting/{waiting.id}.json"
    path.write_bytes(path.read_bytes()[:40])
    ran = remind(ledger, "--role", "engineer", "--to", post.url)
    assert ran.code == 9
    assert waiting.id in ran.err
    assert path.exists()
    assert len(post.mails) == 1


def test_two_commands_do_not_send_at_once(
    ledger: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    from svcctl.ledger import outbox as module

    monkeypatch.setattr(module, "lock", lambda path: real_lock(path, 0.05))
    with outbox(ledger).at_work():
        assert remind(ledger, "--to", post.url).code == 7
    assert post.mails == []


def real_lock(path: Path, timeout: float) -> Any:
    from svcctl.ledger.posix import lock

    return lock(path, timeout)


# What may not get out ------------------------------------------------------------------------------


def test_secrets_are_neither_printed_nor_stored(ledger: Path, hook: Hook, nowhere: str) -> None:
    secret = "s3cr3t-w0rd"
    urls = (
        nowhere.replace("smtp://", f"smtp://desk:{secret}@"),
        f"{hook.url}{secret}?key={secret}",
    )
    hook.answer[0] = (500, b"no", {})
    for url in urls:
        for form in ("table", "json", "csv"):
            ran = remind(ledger, "--role", "engineer", "--to", url, "-o", form)
            assert ran.code == 9
            assert secret not in ran.out + ran.err
            assert "0123456789abcdef" not in ran.out + ran.err
    assert secret not in files(ledger)
    assert "0123456789abcdef" not in files(ledger)


def test_the_outbox_is_its_owners_alone_and_never_gits(tmp_path: Path, nowhere: str) -> None:
    root = made.few_rules(made.story(tmp_path / "plain", git=False))
    url = nowhere + "&to=board@example.com"
    ran = remind(root, "--role", "engineer", "--to", url)
    assert ran.code == 9
    folder = outbox(root).folder
    assert folder == root / ".svcctl/outbox"
    assert folder.stat().st_mode & 0o077 == 0
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    assert "outbox" not in made.git(root, "status", "--porcelain", "--untracked-files=all")


def test_a_mark_keeps_no_customer(ledger: Path, post: Post) -> None:
    remind(ledger, "--to", post.url)
    marks = "".join(p.read_text("utf-8") for p in outbox(ledger).folder.rglob("*.json"))
    assert "eng1" in marks
    for word in ("客户甲", "13800138000", "不制冷"):
        assert word not in marks


def test_a_password_is_not_sent_in_the_clear(ledger: Path, post: Post) -> None:
    url = post.url.replace("smtp://", "smtp://desk:geheim@")
    ran = remind(ledger, "--role", "engineer", "--to", url)
    assert ran.code == 9
    assert "the server offers no encryption" in ran.err
    assert post.mails == []


def test_hostile_names_add_no_header(ledger: Path, post: Post) -> None:
    letter = LETTER._replace(
        name="甲\r\nBcc: all@example.com",
        subject="待办\r\nBcc: all@example.com\r\n\r\nhello\x00\u202e",
        company="申禾\nX-Evil: 1",
    )
    mail = message_from_bytes(
        composed(letter, "desk@example.com").as_bytes(), policy=policy.default
    )
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None
    assert mail["Subject"] == "待办 Bcc: all@example.com hello"
    target = read_target(post.url)
    carrier = Mail(target)
    carrier.deliver(letter)
    carrier.close()
    assert post.mails[0][0] == ["eng1@example.com"]
    assert post.mails[0][1]["Bcc"] is None


def test_chinese_goes_through_servers_that_take_seven_bits_only() -> None:
    letter = LETTER._replace(subject="申禾制冷：" + "很长的标题" * 20, body="不制冷，" * 300 + "\n")
    raw = composed(letter, "desk@example.com").as_bytes()
    assert raw.isascii()
    assert max(len(part) for part in raw.split(b"\r\n")) <= 998
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["Subject"] == letter.subject
    assert mail.get_content().replace("\r\n", "\n") == letter.body
    assert mail["Message-ID"] == "<ab12@example.com>"
    assert mail["Date"].datetime.isoformat() == NOON


# TLS and passwords ---------------------------------------------------------------------------------


class Gate(NamedTuple):
    """A key and certificate for loopback, and a context that trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    if shutil.which("openssl") is None:
        pytest.skip("makes its certificate with openssl")
    folder = tmp_path_factory.mktemp("gate")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=localhost",
            "-keyout",
            str(key),
            "-out",
            str(certificate),
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ],
        check=True,
        capture_output=True,
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return Gate(server, ssl.create_default_context(cafile=str(certificate)))


def guarded(gate: Gate, **more: Any) -> Post:
    """A mail server that offers STARTTLS and asks for a password behind it."""

    def known(_s: object, _e: object, _v: object, _m: str, given: Any) -> AuthResult:
        good = isinstance(given, LoginPassword) and given.password == b"geheim"
        return AuthResult(success=good, handled=False)

    return Post(tls_context=gate.server, authenticator=known, auth_required=True, **more)


def test_a_password_goes_over_starttls_and_a_wrong_one_is_told(gate: Gate) -> None:
    post = guarded(gate)
    post.start()
    try:
        url = post.url.replace("smtp://", "smtp://desk:geheim@")
        carrier = Mail(read_target(url), gate.client)
        carrier.deliver(LETTER)
        carrier.deliver(LETTER._replace(id="cd34"))
        carrier.close()
        assert len(post.mails) == 2
        wrong = Mail(read_target(url.replace("geheim", "falsch")), gate.client)
        with pytest.raises(Undelivered, match="the server refused: 535") as stopped:
            wrong.deliver(LETTER)
        assert stopped.value.down
        stranger = Mail(read_target(url))
        with pytest.raises(Undelivered, match="certificate is not to be trusted"):
            stranger.deliver(LETTER)
        assert len(post.mails) == 2
    finally:
        post.stop()


# Webhooks ------------------------------------------------------------------------------------------


def test_a_webhook_gets_the_list_as_json_once(ledger: Path, hook: Hook) -> None:
    assert remind(ledger, "--role", "engineer", "--to", hook.url).code == 0
    assert remind(ledger, "--role", "engineer", "--to", hook.url).code == 0
    ((headers, said),) = hook.posted
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["Idempotency-Key"] == said["id"]
    assert (said["svcctl"], said["kind"], said["person"]) == (1, "reminder", "eng1")
    assert said["name"] == "工程师甲"
    assert {one["what"] for one in said["items"]} == {"visit", "slip"}
    assert {one["phone"] for one in said["items"]} == {"138****8000"}
    assert "不制冷" in said["text"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((500, b"", {}), "the server refused: 500"),
        ((404, b"", {}), "the server refused: 404"),
        ((302, b"", {"Location": "http://127.0.0.1:1/elsewhere"}), "the server refused: 302"),
        ((200, '{"errcode": 310000, "errmsg": "关键词不匹配"}'.encode(), {}), "errcode 310000"),
        ((200, b'{"code": 19001, "msg": "param invalid"}', {}), "code 19001 param invalid"),
        ((200, b'{"ok": false}', {}), "ok false"),
    ],
)
def test_an_answer_that_refuses_is_no_success(
    ledger: Path, hook: Hook, answer: tuple[int, bytes, dict[str, str]], why: str
) -> None:
    hook.answer[0] = answer
    ran = remind(ledger, "--role", "engineer", "--to", hook.url)
    assert ran.code == 9
    assert why in ran.err
    hook.answer[0] = (200, b'{"errcode": 0, "errmsg": "ok"}', {})
    assert remind(ledger, "--retry", "--to", hook.url).code == 0
    assert len(hook.posted) == 2
    assert hook.posted[0][0]["Idempotency-Key"] == hook.posted[1][0]["Idempotency-Key"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"", ""),
        (b"ok", ""),
        (b"[1]", ""),
        (b'{"errcode": 0}', ""),
        (b'{"code": 200}', ""),
        (b'{"code": "A1"}', ""),
        (b'{"StatusCode": 1, "StatusMessage": "bad"}', "StatusCode 1 bad"),
    ],
)
def test_what_a_body_says(said: bytes, code: str) -> None:
    assert refused(said) == code


def test_the_robots_of_groups_get_the_form_they_take(hook: Hook) -> None:
    text = "待办\n\n正文\n"
    assert payload("dingtalk", LETTER) == {"msgtype": "text", "text": {"content": text}}
    assert payload("wecom", LETTER) == payload("dingtalk", LETTER)
    assert payload("feishu", LETTER) == {"msg_type": "text", "content": {"text": text}}
    for url, how in {
        "https://oapi.dingtalk.com/robot/send?access_token=x": "dingtalk",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x": "wecom",
        "https://open.feishu.cn/open-apis/bot/v2/hook/x": "feishu",
        "wecom+http://127.0.0.1:1/x": "wecom",
        "jsons://host/x": "json",
    }.items():
        assert read_target(url).how == how


def test_a_user_and_password_of_a_webhook_go_into_its_header(ledger: Path, hook: Hook) -> None:
    url = hook.url.replace("http://", "http://desk:geheim%40@")
    assert remind(ledger, "--role", "engineer", "--to", url).code == 0
    assert hook.posted[0][0]["Authorization"] == "Basic ZGVzazpnZWhlaW1A"


@pytest.mark.filterwarnings("ignore::DeprecationWarning:apprise")
def test_other_services_go_through_apprise(ledger: Path, hook: Hook) -> None:
    pytest.importorskip("apprise")
    url = hook.url.replace("http://", "form://")
    target = read_target(url)
    assert target.how == "apprise"
    assert "0123456789abcdef" not in target.shown + target.identity
    hook.answer[0] = (500, b"", {})
    ran = remind(ledger, "--role", "engineer", "--to", url)
    assert (ran.code, "the service did not take it" in ran.err) == (9, True)
    assert "0123456789abcdef" not in ran.out + ran.err
    hook.answer[0] = (200, b"", {})
    assert remind(ledger, "--role", "engineer", "--to", url).code == 0
    assert "不制冷" in unquote_plus(hook.posted[1][1])


# Targets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("desk@nowhere.com", "it does not begin like smtp://"),
        ("smtp:///?from=a@b.c", "it names no host"),
        ("smtp://host", "it does not say from whom"),
        ("smtp://host/?from=a@b.c&to=x", "what stands behind to= is no e-mail address"),
        ("smtp://host/?from=a@b.c&to=x@y.z%0d%0aBcc:all@y.z", "what stands behind to="),
        ("smtp://host/?from=a@b.c&cc=x@y.z", "it may have from, to, tls and timeout"),
        ("smtp://host:99999/?from=a@b.c", "its host or port cannot be read"),
        ("smtp://host/?from=a@b.c&tls=maybe", "tls is auto, yes or no"),
        ("smtp://host/?from=a@b.c&timeout=0", "timeout is a number of seconds"),
        ("smtp://u:密码@host/?from=a@b.c", "user and password must be ASCII"),
        ("https:///hook", "it names no host"),
        ("https://host/钩", "must be written as %XX"),
        ("dingtalk://token", "write the robot's whole address"),
    ],
)
def test_a_target_that_cannot_be_used_is_refused_without_showing_it(
    svcctl: Callable[..., Any], tmp_path: Path, url: str, why: str
) -> None:
    made.copy(tmp_path / "ledger")
    ran = svcctl("remind", "--to", url, cwd=tmp_path / "ledger")
    assert ran.code == 2
    assert why in ran.err
    assert url not in ran.err


def test_targets_can_stand_in_a_file_that_others_cannot_read(
    ledger: Path, post: Post, hook: Hook, tmp_path: Path
) -> None:
    (tmp_path / "to").write_text(f"# whom to tell\n{post.url}\n\n{hook.url}\n", "utf-8")
    assert remind(ledger, "--role", "engineer", "--to", f"@{tmp_path}/to").code == 0
    assert (len(post.mails), len(hook.posted)) == (1, 1)
    ran = remind(ledger, "--to", f"@{tmp_path}/none")
    assert (ran.code, "cannot be read" in ran.err) == (2, True)


def test_a_message_speaks_of_today_only(ledger: Path, post: Post) -> None:
    ran = remind(ledger, "--to", post.url, "--as-of", "2026-11-01")
    assert ran.code == 2
    assert post.mails == []
