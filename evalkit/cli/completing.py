"""Completion of what is typed, by the shell itself."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from evalkit.cli.group import command, say
from evalkit.errors import EvalkitError

# the line that a shell reads each time it is opened, and the file where it stands
TAKES = {
    "bash": 'eval "$(evalkit completion bash)"  →  .bashrc',
    "zsh": 'eval "$(evalkit completion zsh)"  →  .zshrc',
    "fish": "evalkit completion fish | source  →  config.fish",
    "powershell": "evalkit completion powershell | Out-String | Invoke-Expression  →  $PROFILE",
}


@command(name="completion")
@click.argument("shell", type=click.Choice(list(TAKES)), metavar="bash|zsh|fish|powershell")
def complete(shell: str) -> None:
    """写出按 Tab 键补全命令与选项的脚本；加到哪个文件里的哪一行，写在脚本的第一行。

    The script that completes commands and options at the Tab key.
    """
    made = get_completion_class(shell)
    if made is None:
        raise EvalkitError(f"{shell}｜这一版 click 不补全这种外壳｜升级：pip install -U click")
    lines = made(click.get_current_context().find_root().command, {}, "evalkit", "_EVALKIT_COMPLETE")
    say([f"# {TAKES[shell]}", lines.source_template % lines.source_vars()])
