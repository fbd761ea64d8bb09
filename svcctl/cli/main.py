"""The program's commands: their names, where each lies, one line on each. Imports none of them."""

from __future__ import annotations

import click
from typer.core import TyperOption

from svcctl.cli.lazy import Group, Target, global_options
from svcctl.domain.problems import N_

COMMANDS: dict[str, Target] = {
    "today": Target("svcctl.cli.today:today", N_("What is to be done now, and by whom.")),
    "ticket": Target(
        "svcctl.cli.ticket:app", N_("Requests: take, dispatch, finish, close, look up.")
    ),
    "slip": Target("svcctl.cli.slip:app", N_("Repair slips: print them, get them back.")),
    "callbacks": Target(
        "svcctl.cli.callbacks:app", N_("Callbacks: who is to be called, what was said.")
    ),
    "escalations": Target(
        "svcctl.cli.escalations:app",
        N_("Escalations: what has gone up to whom because it was not done."),
    ),
    "remind": Target("svcctl.cli.remind:remind", N_("Each person's list: print it, or send it.")),
    "log": Target("svcctl.cli.log:app", N_("The daily log: what everybody did, day by day.")),
    "customer": Target("svcctl.cli.customer:app", N_("Customers: name, phone, address.")),
    "unit": Target("svcctl.cli.unit:app", N_("Installed products and their warranty.")),
    "staff": Target("svcctl.cli.staff:app", N_("People of the department.")),
    "calendar": Target(
        "svcctl.cli.calendar:app", N_("Opening hours: what is due when, which days are open.")
    ),
    "policy": Target(
        "svcctl.cli.policy:app",
        N_("The rules: which hold when, whether they can be used, how two differ."),
    ),
    "report": Target("svcctl.cli.report:app", N_("Summaries for those who read reports.")),
    "find": Target(
        "svcctl.cli.reading:find", N_("Search tickets, customers and units for a text.")
    ),
    "why": Target("svcctl.cli.explain:why", N_("Explain when something is owed, step by step.")),
    "audit": Target("svcctl.cli.audit:audit", N_("Check every record against the rules.")),
    "seal": Target("svcctl.cli.seal:seal", N_("Close a month in which nothing is owed any more.")),
    "explain": Target(
        "svcctl.cli.explain:explain", N_("Explain a code of a finding, with an example.")
    ),
    "undo": Target("svcctl.cli.writing:undo", N_("Void the last event written at this desk.")),
    "edit": Target("svcctl.cli.writing:edit", N_("Change a card in your editor; it is checked.")),
    "sync": Target("svcctl.cli.sync:sync", N_("Bring this clone and the hub together.")),
    "hub": Target("svcctl.cli.hub:app", N_("The place where the stations meet.")),
    "import": Target("svcctl.cli.importing:app", N_("Bring in cases from another system.")),
    "init": Target("svcctl.cli.init:init", N_("Make a ledger, or register this clone as a desk.")),
    "me": Target("svcctl.cli.init:me", N_("Say who sits at this desk.")),
    "index": Target("svcctl.cli.index:app", N_("The index, which can always be made again.")),
    "doctor": Target("svcctl.cli.keeping:doctor", N_("Check this clone and its surroundings.")),
    "migrate": Target(
        "svcctl.cli.init:migrate", N_("Bring an older ledger to the present format.")
    ),
    "demo": Target(
        "svcctl.cli.init:demo", N_("Make a ledger of a fictional department to try out.")
    ),
    "merge-driver": Target("svcctl.cli.sync:merge_driver", ""),
}


def root() -> Group:
    """The program as a command, with nothing loaded yet."""
    options = [
        *global_options(hidden=False),
        TyperOption(
            param_decls=["--version"],
            type=bool,
            default=False,
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_version,
            help=N_("Print the version and end."),
        ),
        _completion_option(
            "--install-completion",
            "install_callback",
            N_("Set up completion for SHELL (default: this one)."),
        ),
        _completion_option(
            "--show-completion",
            "show_callback",
            N_("Print the completion script of SHELL (default: this one)."),
        ),
    ]
    return Group(
        "svcctl",
        help=N_("A ledger in plain files for an after-sales service department."),
        table=COMMANDS,
        params=options,
    )


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        import svcctl

        click.echo(f"svcctl {svcctl.__version__}")
        ctx.exit()


SHELLS = ("bash", "zsh", "fish", "powershell")
THIS_SHELL = "this"
"""What stands for the shell a command is typed in, where none is named."""


def _completion_option(name: str, action: str, help_line: str) -> click.Option:
    def run(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
        if value is not None and not ctx.resilient_parsing:
            from typer import completion
            from typer._completion_classes import completion_init

            completion_init()
            # True: the shell this was typed in is looked up.
            getattr(completion, action)(ctx, param, True if value == THIS_SHELL else value)

    return click.Option(
        param_decls=[name],
        type=click.Choice([*SHELLS, THIS_SHELL]),
        metavar="[SHELL]",
        default=None,
        is_flag=False,
        flag_value=THIS_SHELL,
        is_eager=True,
        expose_value=False,
        callback=run,
        help=help_line,
    )
