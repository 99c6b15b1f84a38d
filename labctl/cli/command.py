"""A command whose options are given once and whose paths may begin with the home folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from labctl.core.errors import PlanError
from labctl.core.paths import user_path


class OnceCommand(TyperCommand):
    """A Typer command that refuses an option given twice, where Click takes the last without a word."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of a command line; raises PlanError for an option that stands there twice."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        options = [each for each in order if each.param_type_name == "option" and not each.multiple]
        for option, count in Counter(options).items():
            if count > 1:
                raise PlanError(
                    f"{' / '.join((*option.opts, *option.secondary_opts))} is given {count} times: give it once."
                )
        rest = super().parse_args(ctx, args)
        ctx.params |= {name: _at_home(value) for name, value in ctx.params.items()}
        return rest


def use_for(app: typer.Typer) -> None:
    """Make every command of `app`, and of the groups in it, an `OnceCommand`."""
    for command in app.registered_commands:
        command.cls = OnceCommand
    for group in app.registered_groups:
        if group.typer_instance is not None:
            use_for(group.typer_instance)


def _at_home(value: Any) -> Any:
    """Paths with `~` written out; everything else as it is."""
    if isinstance(value, list | tuple):
        return type(value)(map(_at_home, value))
    return user_path(value) if isinstance(value, Path) else value
