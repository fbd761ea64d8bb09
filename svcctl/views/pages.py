"""The templates: where they are found, what they may do, how hostile text is made harmless.

Knows Jinja, the shipped templates and a ledger's own; not what is on a page, nor where it goes.
A ledger's templates arrive over git from other people, so they run in a sandbox.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from svcctl.domain.problems import N_, Message, Unreadable
from svcctl.views import figures, language
from svcctl.views.safe import block, width

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment
    from markupsafe import Markup

_BREAKS = ("\r\n", "\r", "\u0085", "\u2028", "\u2029", "\v", "\f")
_MD_ANYWHERE = re.compile(r"[\\`*_\[\]|~]|<(?=[A-Za-z/!?]|$)|&(?=#|\w+;)|:(?=//)")
_MD_START = re.compile(
    r"^(\s*)(>|[-+](?=\s|$)|#(?=#{0,5}(?:\s|$))|[-=](?=[-=]*\s*$))|^(\s*\d{1,9})([.)](?=\s|$))"
)
_NARROW = frozenset(" !'(),.:;I[]ijl|-/")
SIZES = (100, 90, 80, 72)


def harmless(text: str) -> str:
    """``text`` with line ends as line feeds and everything else that is unseen made visible."""
    if text.isascii() and text.isprintable():
        return text
    for mark in _BREAKS:
        text = text.replace(mark, "\n")
    return block(text.replace("\t", " "))


def harmless_page(value: Any) -> Any:
    """A page value with every text in it made harmless; named tuples stay what they are."""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, tuple):
        parts = [harmless_page(item) for item in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, Mapping):
        return {harmless_page(key): harmless_page(item) for key, item in value.items()}
    return [harmless_page(item) for item in value] if isinstance(value, list) else value


class MarkdownText(str):
    """Text that is already escaped for Markdown and must not be escaped again."""

    __slots__ = ()


def md_text(value: object) -> MarkdownText:
    """``value`` as Markdown that reads as itself: no markup, no HTML, no new line."""
    if isinstance(value, MarkdownText):
        return value
    text = " ".join(harmless(str(value)).split("\n"))
    text = _MD_ANYWHERE.sub(lambda found: "\\" + found[0], text)
    return MarkdownText(_MD_START.sub(_escape_start, text))


def md_code(value: object) -> MarkdownText:
    """``value`` as a code span, whatever back quotes it holds."""
    text = " ".join(harmless(str(value)).split())
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    gap = " " if "`" in text else ""
    return MarkdownText(f"{fence}{gap}{text}{gap}{fence}")


def _escape_start(found: re.Match[str]) -> str:
    return f"{found[1]}\\{found[2]}" if found[2] else f"{found[3]}\\{found[4]}"


def text_width(text: str) -> float:
    """About how wide ``text`` is in its own font size (one Chinese character is 1)."""
    wide = 0.0
    for char in text:
        if char in _NARROW:
            wide += 0.3
        elif char.isascii():
            wide += 0.68 if char.isupper() or char in "mw@%&" else 0.57
        elif not unicodedata.combining(char):
            wide += 1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.62
    return wide


def fitted(text: str, ems: float, lines: int = 1) -> tuple[int, str]:
    """The largest of ``SIZES`` (per cent) at which ``text`` fits, and what of it fits at the smallest.

    ``ems`` is the width of the place and ``lines`` its height, both at full size. What is cut off
    ends in an ellipsis, so that nobody takes a part for the whole.
    """
    if lines < 3:
        text = " ".join(text.split("\n"))
    for size in SIZES:
        rows = max(1, lines * 100 // size)
        room = ems * 100 / size
        if _rows_needed(text, room) <= rows:
            return size, text
    kept = text[: int(rows * room / 0.3) + 1]
    while kept and _rows_needed(kept + "…", room) > rows:
        kept = kept[: -max(1, len(kept) // 40)]
    return SIZES[-1], kept.rstrip() + "…"


def _rows_needed(text: str, room: float) -> int:
    """Rows that ``text`` takes when a word may lose a bit of the line's end."""
    rows = 0
    for paragraph in text.split("\n"):
        wide = text_width(paragraph)
        rows += 1 if wide <= room else int(wide * 1.06 // room) + 1
    return rows


def short(text: str, columns: int) -> str:
    """The beginning of ``text`` in at most ``columns`` (a Chinese character takes two), on one line."""
    text = " ".join(text.split("\n"))
    if width(text) <= columns:
        return text
    kept = ""
    room = columns - 1
    for char in text:
        room -= width(char)
        if room < 0:
            break
        kept += char
    return kept.rstrip() + "…"


def aligned(source: str) -> MarkdownText:
    """A pipe table whose columns line up in plain text too, Chinese characters counted as two."""
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        for line in source.strip().split("\n")
        if line.strip()
    ]
    columns = max((len(row) for row in rows), default=0)
    for row in rows:
        row.extend([""] * (columns - len(row)))
    rules = rows[1] if len(rows) > 1 else []
    sizes = [
        max([3, *(width(row[i]) for n, row in enumerate(rows) if n != 1)]) for i in range(columns)
    ]
    written = []
    for n, row in enumerate(rows):
        cells = []
        for i, cell in enumerate(row):
            right = rules[i].endswith(":")
            gap = sizes[i] - width(cell)
            if n == 1:
                cells.append("-" * (sizes[i] - right) + ":" * right)
            else:
                cells.append(" " * gap + cell if right else cell + " " * gap)
        written.append("| " + " | ".join(cells) + " |")
    return MarkdownText("\n".join(written))


def shipped_templates() -> Path:
    """The folder of the templates that come with the program: in the wheel, or in the checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


def render(
    name: str, values: Mapping[str, object], zone: tzinfo | None, templates_dir: Path | None = None
) -> str:
    """The template ``name`` filled with ``values``, every text in them made harmless.

    ``templates_dir`` is the ledger's own ``templates`` folder (it need not exist); what it holds
    is taken before the shipped templates. Raises ``Unreadable`` for a broken one, with its line.
    """
    from jinja2 import TemplateError

    markdown = name.endswith(".md")
    environment = _environment(markdown, zone, templates_dir)
    try:
        text = environment.get_template(name).render(harmless_page(values)).rstrip() + "\n"
        return re.sub("\n{3,}", "\n\n", text) if markdown else text
    except TemplateError as error:
        raise _unusable(error, templates_dir) from error
    except (Unreadable, MemoryError):
        raise
    except Exception as error:
        raise _unusable(error, templates_dir) from error


def _environment(
    markdown: bool, zone: tzinfo | None, templates_dir: Path | None
) -> SandboxedEnvironment:
    from jinja2 import FunctionLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(_finder(templates_dir)),
        undefined=StrictUndefined,
        autoescape=not markdown,
        finalize=md_text if markdown else None,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["_"] = language._
    environment.globals["word"] = language.word
    environment.globals["tongue"] = language.language().replace("zh_CN", "zh-CN")
    environment.filters.update(_filters(zone))
    return environment


def _filters(zone: tzinfo | None) -> dict[str, Callable[..., Any]]:
    def instant(when: datetime | None) -> str:
        return figures.instant_text(when, zone)

    def due(when: datetime | None) -> str:
        return figures.due_text(when, zone)

    def clock(when: datetime | None) -> str:
        return figures.clock_text(when, zone)

    def day(when: date | None) -> str:
        if isinstance(when, datetime) and zone:
            when = when.astimezone(zone)
        return figures.date_text(when)

    return {
        "instant": instant,
        "due": due,
        "clock": clock,
        "day": day,
        "duration": figures.duration_text,
        "period": figures.period_text,
        "percent": figures.percent_text,
        "money": figures.money_text,
        "mask": figures.mask_phone,
        "mask_address": figures.mask_address,
        "md": md_text,
        "code": md_code,
        "aligned": aligned,
        "fit": _fit,
        "short": short,
    }


def _fit(text: str, ems: float, lines: int = 1) -> Markup:
    from markupsafe import Markup

    size, kept = fitted(str(text), ems, lines)
    return Markup('<span class="fit fit-{} lines-{}">{}</span>').format(size, lines, kept)


def _finder(
    templates_dir: Path | None,
) -> Callable[[str], tuple[str, str, Callable[[], bool]] | None]:
    """A loader that looks in the ledger's folder, then among the shipped; links lead nowhere."""

    def find(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        parts = name.split("/")
        if "\\" in name or "\0" in name or any(part in ("", ".", "..") for part in parts):
            return None
        for folder in (templates_dir, shipped_templates()):
            file = folder.joinpath(*parts) if folder else None
            if folder is None or file is None or not file.is_file():
                continue
            if folder == templates_dir:
                _refuse_links(folder, file)
            try:
                source = file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise _broken(file, 0, str(error)) from error
            return source, str(file), lambda: True
        return None

    return find


def _refuse_links(folder: Path, file: Path) -> None:
    """A link would print a file of this machine that the sender of the template cannot read."""
    inside = os.path.realpath(folder) + os.sep
    if folder.is_symlink() or not os.path.realpath(file).startswith(inside):
        raise _broken(file, 0, "a link that leads out of the ledger")


def _unusable(error: Exception, templates_dir: Path | None) -> Exception:
    """What went wrong in the ledger's own template as ``Unreadable``; else the bug that it is."""
    from jinja2 import TemplateNotFound, TemplateSyntaxError

    if isinstance(error, Unreadable):
        return error
    if isinstance(error, TemplateSyntaxError) and error.filename:
        if templates_dir and Path(error.filename).is_relative_to(templates_dir):
            return _broken(Path(error.filename), error.lineno, error.message or str(error))
        return error
    place = _place(error.__traceback__, templates_dir)
    if place is None:
        return error
    reason = f"no template {error}" if isinstance(error, TemplateNotFound) else str(error)
    return _broken(place[0], place[1], reason)


def _place(trace: TracebackType | None, templates_dir: Path | None) -> tuple[Path, int] | None:
    """The innermost line of the ledger's own templates that the error went through."""
    found = None
    while trace and templates_dir:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(templates_dir):
            found = file, trace.tb_lineno
        trace = trace.tb_next
    return found


def _broken(file: Path, line: int, reason: str) -> Unreadable:
    place = f"{file}:{line}" if line else str(file)
    return Unreadable(
        "template",
        Message(
            N_("{place}: the template cannot be used: {reason}"), {"place": place, "reason": reason}
        ),
        Message(N_("Correct the template, or remove it from the ledger to use the shipped one.")),
    )
