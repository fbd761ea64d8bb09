"""Every command takes the options of its kind: all that write the one set, all that read the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from test_docs_match import section, tables

from svcctl.cli import manner
from svcctl.cli.main import root


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command at the ends of the tree, by what is typed for it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        typed = f"{path} {name}".strip()
        if isinstance(command, click.Group):
            yield from commands(command, typed)
        else:
            yield typed, command


COMMANDS = dict(commands(root()))

OPTIONS = {name: "--" + name.replace("_", "-") for name in (*manner.WRITING, *manner.READING)}
HEADING = "## Which options a command takes"


def documented() -> tuple[dict[str, set[str]], set[str]]:
    """What docs/output.md says: the options that a command does not take, and who takes none."""
    without, neither = tables(section("docs/output.md", HEADING))
    assert all(row[-1] for row in (*without, *neither)), "every exception has its reason"
    return (
        {
            name: set(re.findall(r"`(--[a-z-]+)`", row[1]))
            for row in without
            for name in re.findall(r"`([^`]+)`", row[0])
        },
        {row[0].strip("`") for row in neither},
    )


def taken(command: click.Command) -> set[str]:
    return {name for param in command.params for name in param.opts}


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_takes_all_options_of_its_kind_or_the_page_says_why_not(name: str) -> None:
    without, neither = documented()
    mark = COMMANDS[name].callback.__dict__.get("manner")
    if name in neither:
        assert mark is None
        return
    assert mark is not None, "mark it @reading or @writing, or give the reason in docs/output.md"
    every = manner.READING if mark.parameter == "asked" else manner.WRITING
    missing = {OPTIONS[option] for option in every} - taken(COMMANDS[name])
    assert missing == without.get(name, set())


def test_the_exceptions_that_the_page_names_are_commands() -> None:
    without, neither = documented()
    assert set(without) | neither <= set(COMMANDS)
    assert not set(without) & neither


def test_the_page_names_every_option_that_is_shared() -> None:
    text = section("docs/output.md", HEADING)
    for option in set(OPTIONS.values()) - {"--output"}:
        assert option in text
