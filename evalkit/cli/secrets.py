"""What may leave the folder: the key, and the search for personal data."""

from __future__ import annotations

import sys

import click

from evalkit.cli.group import FOLDER, command, opened, say
from evalkit.evaluation import secrecy


@command(name="key")
@click.argument("file", metavar="密钥文件")
def new_secret_key(file: str) -> None:
    """产生一个密钥，把证件号码等换成代号时用；放在数据文件夹之外。

    Make a key for coding identity numbers.
    """
    say(secrecy.make_key(file))


@command(name="privacy")
@FOLDER
@click.option("--path", default=None, help="要查的另一个文件夹或文件，如准备交出去的；不写则查评估文件夹里写出的一切。")
def search_outputs(folder: str, path: str | None) -> None:
    """查写出的文件里有没有个人信息：证件号码、电话、账号、姓名。

    Search what was written for personal data.
    """
    said, clean = secrecy.search(opened(folder), path)
    say(said)
    if not clean:
        sys.exit(1)
