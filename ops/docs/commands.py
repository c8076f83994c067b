"""What ``xsight`` says of itself, command by command."""

import click

from ops.cli import xsight

__all__ = ["page"]


def page() -> str:
    """Every command with its options."""
    return "\n".join(["# Commands", "", *_of(xsight, "xsight", None)])


def _of(command: click.Command, name: str, parent: click.Context | None) -> list[str]:
    context = click.Context(command, info_name=name, parent=parent)
    lines = [f"## {context.command_path}", "", "```text", command.get_help(context), "```", ""]
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            inner = command.get_command(context, each)
            if inner is not None:
                lines += _of(inner, each, context)
    return lines
