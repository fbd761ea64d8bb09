"""Languages: choosing one, and saying a message in it. Knows no command and no record.

Text in the code is English and is the key of the catalogue. It is looked up where it is shown, so
one process can speak both languages, and nothing that is stored depends on the language.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping, Sequence

from svcctl.domain.problems import N_, Message, Said, Words

__all__ = [
    "LANGUAGES",
    "N_",
    "_",
    "asked_language",
    "choose_language",
    "due",
    "language",
    "ngettext",
    "option",
    "phrase",
    "say",
    "set_language",
    "times",
    "word",
    "words",
]

LANGUAGES = ("zh_CN", "en")
DOMAIN = "svcctl"

_LOCALE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "locale")
_catalogue: gettext.NullTranslations = gettext.NullTranslations()
_language = "en"


def asked_language(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """The language that somebody asked for, by ``--lang`` or ``SVCCTL_LANG``; "" where nobody did.

    ``argv`` is read before it is parsed, so that the parser's own complaints are translated too;
    a value that is no language is left to the parser to refuse.
    """
    asked = ""
    for position, word in enumerate(argv):
        if word == "--":
            break
        if word == "--lang" and position + 1 < len(argv):
            asked = argv[position + 1]
        elif word.startswith("--lang="):
            asked = word[len("--lang=") :]
    return asked if asked in LANGUAGES else _known(environ.get("SVCCTL_LANG", ""))


def choose_language(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """The language to speak: the one asked for, then the locale's; else English."""
    asked = asked_language(argv, environ)
    if asked:
        return asked
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name, "")
        if value:
            return _known(value) or "en"
    return "en"


def _known(locale_name: str) -> str:
    head = locale_name.replace("-", "_").partition(".")[0].lower()
    if head == "zh" or head.startswith("zh_"):
        return "zh_CN"
    if head == "en" or head.startswith("en_"):
        return "en"
    return ""


def set_language(lang: str) -> None:
    """Speak ``lang`` (one of ``LANGUAGES``) from now on, in this process, in the parser too.

    The parser asks the process-wide gettext domain, which is chosen by the ``LANGUAGE`` variable.
    """
    global _catalogue, _language
    if lang not in LANGUAGES:
        raise ValueError(f"not a language of this program: {lang!r}")
    _language = lang
    os.environ["LANGUAGE"] = lang
    gettext.bindtextdomain(DOMAIN, _LOCALE)
    gettext.textdomain(DOMAIN)
    _catalogue = gettext.translation(DOMAIN, _LOCALE, languages=[lang], fallback=True)


def language() -> str:
    """The language spoken now: one of ``LANGUAGES``."""
    return _language


def _(text: str) -> str:
    """``text`` in the language spoken now; the text itself where there is no translation."""
    return _catalogue.gettext(text) if text else text


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form for ``count`` in the language spoken now, its places not yet filled."""
    return _catalogue.ngettext(singular, plural, count)


def say(message: Message) -> str:
    """``message`` as one sentence in the language spoken now, harmless for a terminal.

    Its arguments come from the user's records and words, so they are made harmless one by one. A
    translation says which of its places hold words of the program, not of the user, and how they
    are to be shown: ``{state:word}`` and ``{do:word.do}`` by their labels, ``{roles:words}`` each
    word of a list, ``{known:options}`` words to be typed with their labels, ``{patterns:pattern}``
    the words of a policy's patterns, ``{found:phrase}`` as a text of the catalogue, ``{at:time}``
    without seconds and offset, ``{gap:span}`` with the units spelled out. A place without such a
    mark shows what is stored, as it is to be typed; but in every language a place that is named for
    a moment (``MOMENTS``) shows it as tables do.
    """
    places = {name: _Place(_shown(name, value)) for name, value in message.args.items()}
    return _(message.template).format_map(places)


MOMENTS = frozenset(
    ("at", "end", "listed", "moment", "noted", "now", "opened", "since", "start", "until", "visit")
)
"""Places of messages that hold moments of the program, never what somebody has typed."""


def _shown(name: str, value: str) -> str:
    if isinstance(value, Words):
        return words(value, value.field)
    text = say(value.message) if isinstance(value, Said) else value
    return times(text) if name in MOMENTS and "T" in text else text


class _Place(str):
    """A value for a place in a translated message; knows the marks that ``say`` explains."""

    __slots__ = ()

    def __format__(self, mark: str) -> str:
        from svcctl.views.safe import line

        kind, _dot, field = mark.partition(".")
        text = str(self)
        if kind == "word":
            return line(word(text, field))
        if kind == "words":
            return line(times(words(text, field)))
        if kind == "options":
            return line(options(text, field or "field"))
        show = _MARKS.get(kind)
        return format(line(text), mark) if show is None else line(show(text))


def times(text: str) -> str:
    """``text`` with its instants as people say them: no ``T``, no seconds, no offset."""
    import re

    return re.sub(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)[0-9:.]*(?:Z|[+-]\d\d:\d\d)?", r"\1 \2", text)


def due(text: str) -> str:
    """A stored instant as people say a time until which something is due: 24:00 for an end at 00:00."""
    from datetime import date, timedelta

    day = text[:10]
    if text[11:19] == "00:00:00" and day != "0001-01-01":
        return f"{date.fromisoformat(day) - timedelta(1)} 24:00"
    return text[:16].replace("T", " ")


def phrase(text: str) -> str:
    """A phrase of the program, such as what a value should have been, in the language spoken now."""
    from svcctl.domain.schema import ONE_OF

    head, _place, _rest = ONE_OF.partition("{")
    if text.startswith(head):
        return _(ONE_OF).format(words=text[len(head) :])
    return _(text)


def stored_word(text: str, field: str, words: Sequence[str]) -> str | None:
    """The one of ``words`` that ``text`` names as it is shown or said, in any language; None: none is.

    People type what they read: 电话 for ``phone``, or ``phone（电话）`` as it stands in a list; and
    what they say, 打电话 (``EVERYDAY``). ``field`` tells apart words with two meanings.
    """
    from svcctl.domain.times import plain
    from svcctl.views.everyday import EVERYDAY
    from svcctl.views.labels import LABELS

    wanted = plain(text)
    if wanted.endswith(")"):
        head, _bracket, label = wanted[:-1].rpartition("(")
        if stored_word(label, field, words) == head.rstrip():
            return head.rstrip()
    known = {one: LABELS.get(f"{field}.{one}") or LABELS.get(one) or one for one in words}
    said = "".join(wanted.split())
    return (
        next((one for one in words if one.casefold() == wanted), None)
        or labelled(text, known)
        or next((w for w in words if said in EVERYDAY.get(f"{field}.{w}", "").split()), None)
    )


def labelled(text: str, labels: Mapping[str, str]) -> str | None:
    """The one whose label, in any language of the program, is ``text``: width, blanks, capitals aside.

    ``labels`` are texts of the catalogue by what they stand for; None: none is that.
    """
    from svcctl.domain.times import plain

    def bare(label: str) -> str:
        return "".join(plain(label).split())

    wanted = bare(text)
    for lang in LANGUAGES:
        catalogue = gettext.translation(DOMAIN, _LOCALE, languages=[lang], fallback=True)
        for one, label in labels.items():
            if wanted in (bare(catalogue.gettext(label)), bare(label)):
                return one
    return None


def word(key: str, field: str = "") -> str:
    """The label of a stored word (a state, a kind, a result) in the language spoken now.

    ``field`` is the key it is stored under: a word that means different things in two fields has a
    label for ``field.word``. A word without a label is shown as it is stored.
    """
    from svcctl.views.labels import LABELS

    label = LABELS.get(f"{field}.{key}") or LABELS.get(key) or LABELS.get(f"field.{key}")
    return key if label is None else _(label)


def words(keys: str, field: str = "") -> str:
    """The labels of stored words in a list; of an item with several words, that of the first."""
    shown = []
    for item in keys.replace("; ", ", ").split(", "):
        key, space, rest = item.partition(" ")
        shown.append(word(key, field) + space + rest)
    return _(", ").join(shown)


def options(keys: str, field: str = "field") -> str:
    """Words that can be typed, each with its label where it has one, listed with commas."""
    return _(", ").join(option(key, field) for key in keys.split(", "))


def option(key: str, field: str) -> str:
    """A word that can be typed, with its label where that says more: ``paid（收费）``."""
    from svcctl.views.labels import LABELS

    label = LABELS.get(f"{field}.{key}") or LABELS.get(key)
    shown = key if label is None else _(label)
    if shown.replace(" ", "-").casefold() == key.casefold():
        return key
    return _("{word} ({label})").format(word=key, label=shown)


def pattern(text: str) -> str:
    """A policy's pattern, such as ``called-back(result=reached)``, in labels."""
    import re

    from svcctl.views.labels import LABELS

    def label(found: re.Match[str]) -> str:
        if f"fact.{found[0]}" in LABELS:
            return word(found[0], "fact")
        is_field = text[found.end() : found.end() + 1] in ("=", "!", "<", ">")
        return word(found[0], "field" if is_field else "do")

    return re.sub(r"[a-z][a-z0-9-]*", label, text)


def span(text: str) -> str:
    """A length of time such as ``17h 05m`` or ``24mo`` with its units spelled out."""
    import re

    return re.sub(r"\b(\d+)(mo|[smhdy])\b", lambda f: _units(int(f[1]), f[2]), text, flags=re.ASCII)


def _units(n: int, unit: str) -> str:
    text = {
        "s": ngettext("{n} second", "{n} seconds", n),
        "m": ngettext("{n} minute", "{n} minutes", n),
        "h": ngettext("{n} hour", "{n} hours", n),
        "d": ngettext("{n} day", "{n} days", n),
        "mo": ngettext("{n} month", "{n} months", n),
        "y": ngettext("{n} year", "{n} years", n),
    }[unit]
    return text.format(n=n)


_MARKS = {"phrase": phrase, "time": times, "pattern": pattern, "span": span}
