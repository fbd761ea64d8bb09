"""Webhooks and other services: a letter as JSON, and what an answer means. Knows no ledger."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from svcctl.domain.problems import N_, Message
from svcctl.exchange.letters import Letter, Undelivered

if TYPE_CHECKING:
    import http.client
    import urllib.request

    from svcctl.exchange.targets import Target

LIMIT = 65536
"""So much of an answer is read."""
_OURS = (400, 413, 415, 422)
"""Answers that speak of this letter; every other refusal would meet the next one too."""


class Webhook:
    """A carrier by HTTP POST. An answer is a success only if its status and its body say so."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def deliver(self, letter: Letter) -> None:
        import http.client
        import urllib.error

        try:
            with _opener().open(self._request(letter), timeout=self.target.timeout) as answer:
                said = _read(answer, self.target.timeout)
        except urllib.error.HTTPError as error:
            with error:
                down = error.code not in _OURS
                raise Undelivered(_answered(error.code, error.reason, self.target), down) from None
        except (TimeoutError, urllib.error.URLError) as error:
            cause = error.reason if isinstance(error, urllib.error.URLError) else error
            raise Undelivered(self._trouble(cause), down=True) from None
        except (http.client.HTTPException, OSError) as error:
            raise Undelivered(self._trouble(error), down=True) from None
        code = refused(said)
        if code:
            raise Undelivered(_answered(200, code, self.target), down=True)

    def close(self) -> None:
        """Nothing is kept open."""

    def _request(self, letter: Letter) -> urllib.request.Request:
        import base64
        import json
        import urllib.request

        request = urllib.request.Request(
            self.target.url,
            json.dumps(payload(self.target.how, letter), ensure_ascii=False).encode(),
            {
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "svcctl",
                "Idempotency-Key": letter.id,
            },
        )
        if self.target.user or self.target.password:
            pair = f"{self.target.user}:{self.target.password}".encode()
            request.add_header("Authorization", f"Basic {base64.b64encode(pair).decode()}")
        return request

    def _trouble(self, cause: object) -> Message:
        if isinstance(cause, TimeoutError):
            return Message(N_("the server did not answer in time"))
        reason = (cause.strerror if isinstance(cause, OSError) else None) or str(cause)
        return Message(N_("no connection: {reason}"), {"reason": self.target.hide(reason)[:200]})


class Service:
    """A carrier by the package apprise, for everything the others do not know."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def deliver(self, letter: Letter) -> None:
        import logging

        import apprise

        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it may name what is secret
        service = apprise.Apprise()
        if not service.add(self.target.url):
            raise Undelivered(Message(N_("apprise does not understand this URL")), down=True)
        if not service.notify(
            body=letter.body, title=letter.subject, body_format=apprise.NotifyFormat.TEXT
        ):
            raise Undelivered(Message(N_("the service did not take it")), down=True)

    def close(self) -> None:
        """Nothing is kept open."""


def payload(how: str, letter: Letter) -> dict[str, Any]:
    """What is posted: what the robot of a group takes, else the whole letter as data."""
    text = f"{letter.subject}\n\n{letter.body}"
    if how in ("dingtalk", "wecom"):
        return {"msgtype": "text", "text": {"content": text}}
    if how == "feishu":
        return {"msg_type": "text", "content": {"text": text}}
    return {
        "svcctl": 1,
        "kind": "reminder",
        "id": letter.id,
        "made": letter.made,
        "person": letter.data["person"],
        "name": letter.name,
        "subject": letter.subject,
        "text": letter.body,
        "items": letter.data["items"],
    }


def refused(said: bytes) -> str:
    """The code by which a body refuses although the status was 200; "" where it does not.

    The robots of DingTalk and WeCom answer with ``errcode``, those of Feishu with ``code`` (older
    ones ``StatusCode``); 0 is success. What is no JSON says nothing.
    """
    import json

    try:
        answer = json.loads(said)
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    for name in ("errcode", "code", "StatusCode"):
        code = answer.get(name)
        if isinstance(code, int) and not isinstance(code, bool) and code not in (0, 200):
            words = answer.get("errmsg") or answer.get("msg") or answer.get("StatusMessage") or ""
            return " ".join(f"{name} {code} {words}".split())
    return "ok false" if answer.get("ok") is False else ""


def _answered(code: int, said: str, target: Target) -> Message:
    shown = target.hide(" ".join(str(said).split()))[:200]
    return Message(N_("the server refused: {code} {said}"), {"code": str(code), "said": shown})


def _read(answer: http.client.HTTPResponse, timeout: float) -> bytes:
    """So much of the body as says whether it was taken; a trickle without end is not waited for."""
    deadline = time.monotonic() + timeout
    parts = b""
    while len(parts) < LIMIT:
        part = answer.read1(4096)
        if not part:
            break
        parts += part
        if time.monotonic() > deadline:
            raise TimeoutError
    return parts


def _opener() -> urllib.request.OpenerDirector:
    """An opener that follows no redirection: a letter goes where it was addressed, or nowhere."""
    import urllib.request

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_args: Any, **_named: Any) -> None:
            return None

    return urllib.request.build_opener(Stay)
