"""The seed made in public: announcement, commitments, dice."""

from __future__ import annotations

import click

from evalkit.cli.group import FOLDER, group, opened, say
from evalkit.evaluation import opening


@group()
def ceremony() -> None:
    """当众产生种子：公告指纹，各方先承诺、后公开，或掷骰。

    Make the seed in public: announcement, commitments, dice.
    """


@ceremony.command()
@FOLDER
@click.option("--reason", default=None, help="已有一次仪式而另开的理由，记入台账。")
def announce(folder: str, reason: str | None) -> None:
    """固定名单与设计，写出它们的指纹，供种子产生之前公布。

    Fix frame and design; write their hashes, to be made public before the seed.
    """
    say(opening.announce(opened(folder), reason))


@ceremony.command()
@click.argument("file", metavar="秘密文件")
@click.option("--party", required=True, help="本方名称，如 县扶贫办。")
def secret(file: str, party: str) -> None:
    """产生本方的秘密数与承诺；秘密文件由本方自己保管。

    Make the secret number of one party, and its commitment.
    """
    say(opening.secret(party, file))


@ceremony.command()
@FOLDER
@click.argument("party", metavar="名称")
@click.argument("commitment", metavar="承诺")
def commit(folder: str, party: str, commitment: str) -> None:
    """收下一方的承诺。

    Take the commitment of one party.
    """
    say(opening.commit(opened(folder), party, commitment))


@ceremony.command()
@FOLDER
@click.argument("file", metavar="秘密文件")
def reveal(folder: str, file: str) -> None:
    """各方都承诺之后，公开一方的秘密数，与承诺核对。

    Reveal the secret of one party after all have committed.
    """
    say(opening.reveal(opened(folder), file))


@ceremony.command()
@FOLDER
@click.argument("digits", metavar="数字")
@click.option("--witness", "witnesses", multiple=True, help="见证的一方；至少写两次。")
def dice(folder: str, digits: str, witnesses: tuple[str, ...]) -> None:
    """记下十面骰子掷出的数字，至少 20 位。

    Note the digits thrown with ten-sided dice, at least 20.
    """
    say(opening.dice(opened(folder), digits, witnesses))
