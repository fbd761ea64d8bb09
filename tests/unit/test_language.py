"""Two languages, complete: choosing one, and a catalogue that lacks nothing."""

from __future__ import annotations

import io
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from svcctl.domain.problems import Message
from svcctl.views import language
from svcctl.views.labels import LABELS
from svcctl.views.language import choose_language, ngettext, say, set_language, word

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "svcctl" / "locale" / "zh_CN" / "LC_MESSAGES"
METHODS = [("**.py", "python"), ("**.j2", "jinja2"), ("**.html", "jinja2"), ("**.md", "jinja2")]


def _catalogue() -> Catalog:
    with open(FOLDER / "svcctl.po", "rb") as source:
        return read_po(source, locale="zh_CN", domain="svcctl")


def _texts() -> dict[str, str]:
    """Every marked text of the code and the templates, and one place where it stands."""
    found: dict[str, str] = {}
    for folder in ("svcctl", "templates"):
        for name, line, texts, _comments, _context in extract_from_dir(
            ROOT / folder, METHODS, strip_comment_tags=True
        ):
            singular = texts if isinstance(texts, str) else texts[0]
            found.setdefault(singular, f"{folder}/{name}:{line}")
    return found


def _places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w*)[^{}]*\}|(%\(\w+\)[sd])", text)) - {("", "")}


def test_every_text_has_a_chinese_translation() -> None:
    catalogue = _catalogue()
    missing = []
    for text, place in sorted(_texts().items(), key=lambda pair: pair[1]):
        entry = catalogue.get(text)
        if entry is None or entry.fuzzy or not all(_strings(entry.string)):
            missing.append(f"{place}: {text!r}")
    assert not missing, f"{len(missing)} texts: make messages, then translate\n" + "\n".join(
        missing
    )


def _strings(translated: object) -> list[str]:
    if isinstance(translated, (list, tuple)):
        return [str(part) for part in translated] or [""]
    return [str(translated or "")]


def test_a_translation_has_the_places_of_its_text_and_no_others() -> None:
    wrong = []
    for entry in _catalogue():
        if not entry.id or not all(_strings(entry.string)):
            continue
        wanted = [_places(text) for text in _strings(entry.id)]
        for translated in _strings(entry.string):
            if _places(translated) != wanted[-1]:
                wrong.append(f"{entry.id!r} -> {translated!r}")
    assert not wrong, "\n".join(wrong)


def test_a_translation_with_places_can_be_filled_in() -> None:
    for entry in _catalogue():
        for translated in _strings(entry.string) if "python-brace-format" in entry.flags else []:
            assert list(Formatter().parse(translated)), translated  # ValueError: a brace is alone


def test_a_translation_keeps_what_is_to_be_typed() -> None:
    """What stands in backquotes is a command: it is typed as it is in both languages."""
    wrong = [
        f"{entry.id!r} -> {entry.string!r}"
        for entry in _catalogue()
        if entry.id
        and isinstance(entry.id, str)
        and entry.string
        and sorted(_typed(entry.id)) != sorted(_typed(str(entry.string)))
    ]
    assert not wrong, "\n".join(wrong)


def _typed(text: str) -> list[str]:
    return [re.sub(r"[A-Z]+|…", "", part) for part in re.findall(r"`(svcctl [^`]*)`", text)]


def test_a_command_in_a_text_can_be_pasted_into_a_shell() -> None:
    """``free|paid`` would be a pipe there, and ``<ID>`` read a file: each choice is a command of its own."""
    texts = [*_texts(), *(text for entry in _catalogue() for text in _strings(entry.string))]
    assert not [text for text in texts if re.search(r"[\w\]}]\|[\w\[{]", text)]
    assert not [text for text in texts if re.search(r"svcctl [^`]*<[\w-]+>", text)]


def test_the_compiled_catalogue_is_that_of_its_source() -> None:
    fresh = io.BytesIO()
    write_mo(fresh, _catalogue())
    fresh.seek(0)
    with open(FOLDER / "svcctl.mo", "rb") as source:
        assert _pairs(read_mo(source)) == _pairs(read_mo(fresh))


def _pairs(catalogue: Catalog) -> dict[str, str]:
    return {str(entry.id): str(entry.string) for entry in catalogue if entry.id}


def test_no_translation_is_left_for_a_text_that_is_gone() -> None:
    assert not list(_catalogue().obsolete)


def test_labels_that_differ_in_english_differ_in_chinese() -> None:
    set_language("zh_CN")
    chinese: dict[str, set[str]] = {}
    for key, label in LABELS.items():
        if word(key) != label:
            chinese.setdefault(word(key), set()).add(label)
    assert {shown: labels for shown, labels in chinese.items() if len(labels) > 1} == {}


@pytest.mark.parametrize(
    ("argv", "environ", "chosen"),
    [
        ([], {}, "en"),
        ([], {"LANG": "C"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ([], {"LANG": "zh_TW.UTF-8"}, "zh_CN"),
        ([], {"LANG": "fr_FR.UTF-8"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh_CN"),
        ([], {"LANG": "C", "SVCCTL_LANG": "zh_CN"}, "zh_CN"),
        ([], {"LANG": "C", "SVCCTL_LANG": "zh-CN"}, "zh_CN"),
        ([], {"LANG": "zh_CN.UTF-8", "SVCCTL_LANG": "nonsense"}, "zh_CN"),
        (["--lang", "zh_CN", "today"], {"SVCCTL_LANG": "en"}, "zh_CN"),
        (["today", "--lang=en"], {"LANG": "zh_CN.UTF-8"}, "en"),
        (["--lang", "fr"], {"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        (["find", "--", "--lang", "zh_CN"], {}, "en"),
        (["--lang"], {}, "en"),
    ],
)
def test_the_language_is_chosen_by_option_then_variable_then_locale(
    argv: list[str], environ: dict[str, str], chosen: str
) -> None:
    assert choose_language(argv, environ) == chosen


def test_a_language_can_be_changed_in_a_running_process() -> None:
    message = Message("{flag} is missing, and there is nobody to ask.", {"flag": "--by"})
    assert say(message) == "--by is missing, and there is nobody to ask."
    set_language("zh_CN")
    assert say(message) == "缺少 --by，又无人可问。"
    assert language.language() == "zh_CN"
    set_language("en")
    assert say(message) == "--by is missing, and there is nobody to ask."


def test_a_language_that_is_not_spoken_is_refused() -> None:
    with pytest.raises(ValueError, match="fr"):
        set_language("fr")


def test_english_tells_one_from_many() -> None:
    assert [ngettext("{n} day", "{n} days", n) for n in (1, 2)] == ["{n} day", "{n} days"]


def test_a_stored_word_is_labelled_and_an_unknown_one_is_shown_as_it_is() -> None:
    set_language("zh_CN")
    assert word("dispatched") == "已派工"
    assert word("something-else") == "something-else"
