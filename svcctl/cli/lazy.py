"""Commands that are loaded when they are used. Knows how a name becomes a command; no subject.

A group holds a table of names and help lines, so that a help page and the completion of a name
import nothing. Help is translated where it is shown.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command_from_info
from typer.models import CommandInfo

from svcctl.cli.session import Session
from svcctl.domain.problems import N_
from svcctl.views.language import LANGUAGES, _, ngettext, set_language

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Function = TypeVar("Function", bound=Callable[..., Any])


class Target(NamedTuple):
    """Where a command lies: ``package.module:attribute``, and its help line marked with ``N_``.

    Without a help line the command is for other programs: no page and no completion names it.
    The attribute is a ``Noun`` or a plain function with annotated parameters.
    """

    where: str
    help: str


def global_options(*, hidden: bool) -> list[click.Parameter]:
    """``--ledger`` and ``--lang``, which are understood before and after the command's name."""

    def ledger(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
        if value is not None and isinstance(ctx.find_root().obj, Session):
            ctx.find_root().obj.ledger = value

    def lang(_ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
        if value is not None:
            set_language(value)

    return [
        TyperOption(
            param_decls=["--ledger"],
            type=str,
            metavar="DIR",
            expose_value=False,
            callback=ledger,
            hidden=hidden,
            help=N_("The ledger's folder (default: SVCCTL_LEDGER, else found from here upwards)."),
        ),
        TyperOption(
            param_decls=["--lang"],
            type=click.Choice(LANGUAGES),
            expose_value=False,
            is_eager=True,
            callback=lang,
            hidden=hidden,
            help=N_("The language to speak (default: SVCCTL_LANG, else that of the system)."),
        ),
    ]


@contextmanager
def _placed(ctx: click.Context) -> Iterator[None]:
    """Complaints of the parser that do not know their command get it, for the usage line."""
    try:
        yield
    except click.UsageError as error:
        error.ctx = error.ctx or ctx
        raise


class _Told(click.Command):
    """What a command says of itself, in the user's language."""

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        from svcctl.cli.helppage import usage

        return [usage(piece) for piece in super().collect_usage_pieces(ctx)]

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _translated(self, ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        return _shown(self.help)


class Superfluous(click.UsageError):
    """More words than the command takes; ``extra`` are those that are left over."""

    def __init__(self, extra: Sequence[str], ctx: click.Context) -> None:
        text = ngettext(
            "Got unexpected extra argument ({args})",
            "Got unexpected extra arguments ({args})",
            len(extra),
        )
        from svcctl.views.safe import line

        super().__init__(text.format(args=" ".join(map(line, extra))), ctx)
        self.extra = list(extra)


class Verb(_Told, TyperCommand):
    """One command: understands the global options too, and shows its help in the user's language."""

    def __init__(self, name: str | None, **settings: Any) -> None:
        params = [*(settings.pop("params", None) or []), *global_options(hidden=True)]
        super().__init__(name, params=params, **settings)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with _placed(ctx):
            ctx.allow_extra_args = True  # refused here, where what is left over is still known
            extra = super().parse_args(ctx, args)
            if extra and not ctx.resilient_parsing:
                raise Superfluous(extra, ctx)
            return extra


class Group(_Told, TyperGroup):
    """A noun, or the program itself: finds a verb by name and loads it then."""

    def __init__(
        self,
        name: str,
        *,
        help: str,
        table: Mapping[str, Target],
        registered: Sequence[CommandInfo] = (),
        params: Sequence[click.Parameter] | None = None,
        alone: str = "",
    ) -> None:
        super().__init__(
            name=name,
            help=help,
            no_args_is_help=not alone,
            rich_markup_mode=None,
            params=list(global_options(hidden=True) if params is None else params),
            context_settings={"help_option_names": ["-h", "--help"]},
        )
        self._table = table
        self._registered = {_name(info): info for info in registered}
        self.alone = alone

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if self.alone and not ctx.resilient_parsing and self._names_no_verb(args):
            args = [self.alone, *args]
        with _placed(ctx):
            return super().parse_args(ctx, args)

    def _names_no_verb(self, args: Sequence[str]) -> bool:
        """Whether only options were typed: a word might be a mistyped verb, and help is asked for."""
        verbs = {*self._table, *self._registered}
        return (
            not (args and not args[0].startswith("-"))
            and verbs.isdisjoint(args)
            and {"-h", "--help"}.isdisjoint(args)
        )

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.help_lines())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = self.commands.get(cmd_name)
        if command is not None:
            return command
        if cmd_name in self._registered:
            command = _verb(self._registered[cmd_name])
        elif cmd_name in self._table:
            command = load(cmd_name, self._table[cmd_name])
        else:
            return None
        self.commands[cmd_name] = command
        return command

    def help_lines(self) -> dict[str, str]:
        """Every name and its help line, untranslated; imports nothing."""
        lines = {name: target.help for name, target in self._table.items() if target.help}
        for name, info in self._registered.items():
            if not info.hidden:
                lines.setdefault(name, info.help or "")
        return lines

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not ctx.resilient_parsing:
            self._refuse(ctx, name)
        return super().resolve_command(ctx, args)

    def _refuse(self, ctx: click.Context, name: str) -> None:
        from difflib import get_close_matches

        from svcctl.views.safe import line

        if name.startswith("-"):
            return
        verbs = self.list_commands(ctx)
        near = ", ".join(get_close_matches(name, verbs, n=3, cutoff=0.65))
        if not near and "show" in verbs and not (name.isascii() and name.isalpha()):
            near = f"{ctx.info_name} show {line(name)}"  # a record, where a verb belongs
        if near:
            text = _("There is no command “{name}”. Did you mean {near}?")
        else:
            text = _("There is no command “{name}”.")
        ctx.fail(text.format(name=line(name), near=near))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        offers = [
            CompletionItem(name, help=_(help_line))
            for name, help_line in self.help_lines().items()
            if name.startswith(incomplete)
        ]
        return [*offers, *click.Command.shell_complete(self, ctx, incomplete)]


class Noun(typer.Typer):
    """A noun with its verbs: ``app = Noun(N_("Requests."))`` and ``@app.command("list", help=...)``.

    ``table`` names verbs that lie in other modules, loaded one by one. ``alone`` is the verb that is
    meant where none is typed: of a noun that is a list of what is to be done.
    """

    def __init__(
        self, help: str, table: Mapping[str, Target] | None = None, *, alone: str = ""
    ) -> None:
        super().__init__(help=help, add_completion=False, rich_markup_mode=None)
        self.alone = alone
        self.help_line = help
        self.table = table or {}

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Function], Function]:
        settings.setdefault("cls", Verb)
        return super().command(name, **settings)

    def names(self) -> list[str]:
        """The names of the verbs, but for those that are for other programs."""
        shown = (info for info in self.registered_commands if not info.hidden)
        return [*self.table, *map(_name, shown)]


def load(name: str, target: Target) -> click.Command:
    """Import what ``target`` names and make it the command ``name``."""
    module, _colon, attribute = target.where.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, Noun):
        return Group(
            name,
            help=found.help_line,
            table=found.table,
            registered=found.registered_commands,
            alone=found.alone,
        )
    return _verb(CommandInfo(name=name, cls=Verb, callback=found, help=target.help))


def _verb(info: CommandInfo) -> click.Command:
    if info.callback is not None:
        from svcctl.cli.manner import expanded

        info.callback = expanded(info.callback)
    command = get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
    if not info.help:
        # A docstring is for those who read the code; it has no translation.
        command.help = None
    return command


def _name(info: CommandInfo) -> str:
    if info.name:
        return info.name
    if info.callback is None:
        raise TypeError("a command without a function")
    return str(info.callback.__name__).strip("_").replace("_", "-")


def _shown(help_line: str | None) -> str:
    return _(help_line) if help_line else ""


def _translated(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """The help page: what the command does, its arguments, options and verbs, all translated."""
    from svcctl.cli.helppage import write_page

    records: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
    for param in command.get_params(ctx):
        shown = copy.copy(param)
        shown.help = _shown(getattr(param, "help", None))
        record = shown.get_help_record(ctx)
        if record is not None:
            records[param.param_type_name].append(record)
    text = _shown(command.help)
    verbs: dict[str, str] = {}
    if isinstance(command, Group):
        verbs = command.help_lines()
        if command.alone:
            text += "\n\n" + _("Without a command: {verb}.").format(verb=command.alone)
    write_page(
        formatter,
        line=(ctx.command_path, " ".join(command.collect_usage_pieces(ctx))),
        text=text,
        arguments=records["argument"],
        options=records["option"],
        verbs=[(name, _(help_line)) for name, help_line in verbs.items()],
    )
