"""Where messages go: URLs of mail servers, webhooks and other services. Reads and hides them; sends nothing.

    smtp://USER:PASSWORD@HOST:PORT/?from=ADDRESS&to=ADDRESS,ADDRESS     mail; STARTTLS where offered
    smtps://…                                                           mail over TLS from the start
    https://… http://… json://… jsons://…                               a webhook that takes JSON
    dingtalk+https://… feishu+https://… wecom+https://…                 a group's robot
    anything else                                                       what the package apprise knows

A URL holds secrets. ``shown`` is what may be printed and ``identity`` what may be stored.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from svcctl.domain.problems import N_, Message, Said, Usage

MAIL = ("smtp", "smtps")
WEB = {"http": "http", "https": "https", "json": "http", "jsons": "https"}
ROBOTS = ("dingtalk", "feishu", "wecom")
HOSTS = {
    "oapi.dingtalk.com": "dingtalk",
    "open.feishu.cn": "feishu",
    "qyapi.weixin.qq.com": "wecom",
}
PORTS = {"smtp": 587, "smtps": 465}
TIMEOUT = 20.0
"""Seconds of silence after which a server is taken to be away."""

# An address as it may stand in a header and in the envelope: nothing that could end either.
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250})")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
_SWALLOWED = ("dingtalk", "feishu", "lark", "wxwork", "wecombot", "wxteams")


class Target(NamedTuple):
    """One place to send to. ``to`` is empty where each person's own address is meant.

    ``how``: ``mail``, ``json``, one of ``ROBOTS``, or ``apprise``. ``identity`` names it without
    its secrets, the same for every run; ``secrets`` are the words that must not be shown.
    """

    how: str
    url: str
    shown: str
    identity: str
    secrets: tuple[str, ...] = ()
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    tls: str = "auto"
    sender: str = ""
    to: tuple[str, ...] = ()
    timeout: float = TIMEOUT

    def hide(self, text: str) -> str:
        """``text`` without what must not be shown."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def read_target(url: str) -> Target:
    """Return the target that ``url`` names. Raises ``Usage``, which shows nothing secret."""
    text = url.strip()
    scheme, colon, _ = text.partition(":")
    if not colon or _SCHEME.fullmatch(scheme) is None or not text.isprintable():
        raise _unread(N_("it does not begin like smtp:// or https://"))
    scheme = scheme.lower()
    robot, plus, web = scheme.partition("+")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _unread(N_("its host or port cannot be read")) from None
    if scheme in MAIL:
        return _mail(scheme, parts, port)
    if scheme in WEB:
        return _web(WEB[scheme], HOSTS.get(parts.hostname or "", "json"), parts)
    if plus and robot in ROBOTS and web in ("http", "https"):
        return _web(web, robot, parts)
    if scheme in _SWALLOWED:
        raise _unread(
            N_(
                "write the robot's whole address: dingtalk+https://, feishu+https://, wecom+https://"
            )
        )
    return _other(scheme, text)


def is_address(text: str) -> bool:
    """Whether ``text`` is an e-mail address that mail can be sent to as it stands."""
    return _ADDRESS.fullmatch(text) is not None


def _mail(scheme: str, parts: SplitResult, port: int | None) -> Target:
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(set(given) - {"from", "to", "tls", "timeout"})
    if unknown:
        raise _unread(N_("after the ? it may have from, to, tls and timeout"))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    host = parts.hostname or ""
    sender = given.get("from") or (user if is_address(user) else "")
    to = tuple(one.strip() for one in given.get("to", "").split(",") if one.strip())
    if not host:
        raise _unread(N_("it names no host"))
    if not is_address(sender):
        raise _unread(N_("it does not say from whom: ?from=ADDRESS"))
    if not all(is_address(one) for one in to):
        raise _unread(N_("what stands behind to= is no e-mail address"))
    if given.get("tls", "auto") not in ("auto", "no", "yes"):
        raise _unread(N_("tls is auto, yes or no"))
    if not (user + password).isascii():
        raise _unread(N_("user and password must be ASCII"))
    port = port or PORTS[scheme]
    who, hidden = f"{user}@" if user else "", f"{user}:***@" if user and password else ""
    rest = f"{host}:{port}/?from={sender}"
    return Target(
        "mail",
        "",
        f"{scheme}://{hidden or who}{rest}{'&to=' if to else ''}{','.join(to)}",
        f"{scheme}://{who}{rest}",
        (password,) if password else (),
        host,
        port,
        user,
        password,
        "tls" if scheme == "smtps" else given.get("tls", "auto"),
        sender,
        to,
        _timeout(given.get("timeout", "")),
    )


def _timeout(text: str) -> float:
    if not text:
        return TIMEOUT
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 600):
        raise _unread(N_("timeout is a number of seconds up to 600"))
    return float(text)


def _web(web: str, how: str, parts: SplitResult) -> Target:
    if not parts.hostname:
        raise _unread(N_("it names no host"))
    bare = parts._replace(scheme=web, netloc=parts.netloc.rpartition("@")[2], fragment="")
    url = bare.geturl()
    if not url.isascii() or " " in url:
        raise _unread(N_("it holds characters that must be written as %XX"))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    # Path and query hold the key of most hooks.
    secrets = {password, parts.path.strip("/"), parts.query, *dict(parse_qsl(parts.query)).values()}
    secrets |= {part for part in parts.path.split("/") if len(part) >= 8}
    place = f"{how + '+' if how in ROBOTS else ''}{web}://{bare.netloc}"
    return Target(
        how,
        url,
        f"{place}/…",
        f"{place}/#{_mark(url)}",
        tuple(sorted((one for one in secrets if len(one) >= 4), key=len, reverse=True)),
        parts.hostname,
        user=user,
        password=password,
    )


def _other(scheme: str, url: str) -> Target:
    from importlib.util import find_spec

    if find_spec("apprise") is None:
        raise Usage(
            "no-such-service",
            Message(N_("{scheme}:// needs the package apprise"), {"scheme": scheme}),
            Message(N_("pip install 'svcctl[notify]', or use smtp://, smtps://, https://"), {}),
        )
    secrets = [part for part in re.split(r"[:/@?&=,]+", url) if len(part) >= 4]
    ordered = tuple(sorted(set(secrets), key=len, reverse=True))
    return Target("apprise", url, f"{scheme}://…", f"{scheme}:#{_mark(url)}", ordered)


def _mark(url: str) -> str:
    """A short mark of a URL, the same in every run, from which the URL cannot be found again."""
    import hashlib

    return hashlib.sha256(url.encode()).hexdigest()[:12]


def _unread(why: str) -> Usage:
    return Usage(
        "bad-target",
        Message(N_("a target of --to cannot be used: {why}"), {"why": Said.of(Message(why))}),
        Message(
            N_("such as {examples}"),
            {"examples": "smtp://user:password@host:587/?from=desk@example.com, https://host/hook"},
        ),
    )
