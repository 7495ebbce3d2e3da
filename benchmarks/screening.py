"""How long 30 rules on 200,000 rows take: ``python -m benchmarks.screening --date 2026-01-01`` writes docs/benchmarks_screening.md."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import evalkit as ev
from benchmarks.alone import ROOT
from benchmarks.draw import machine
from evalkit.codes import CHECKS, WEIGHTS

PAGE = ROOT / "docs" / "benchmarks_screening.md"
ROWS, MOST = 200_000, 0.5
TYPES, YES = ("脱贫户", "未脱贫户", "一般户"), ("是", "否")
NUMBERS = ("人数", "总收入", "支出", "纯收入", "人均纯收入", "系统人均纯收入")
ITEMS = tuple(f"题{i}" for i in range(1, 7))
HEAD = """# 逐行检查的基准 · Benchmark of screening

本页由 `python -m benchmarks.screening --date 日期` 写成，勿手改。Written by the benchmark itself.

- 日期：{date}；机器：{machine}；pandas {pandas}，numpy {numpy}
- {rows:,} 行、19 列，全部是文字（如 Excel、CSV 读来），{rules} 条规则：空白、重复、范围、整数、取值、写法、日期、先后、差、商、如果—那么、
  相同、证件号码、离群、近似重复。时间是处理器时间，{repeats} 次的中位数；每次都从表开始，没有记住的东西。
- 下限是用 numpy 与 pandas 直接写成的同样 {rules} 条：每列一次 factorize、数值列一次 to_numeric，只得到“哪些行”，没有行号、值与话。
  下限不核证件号码的校验位，离群的界是近似的。
- 目标：不超过 {most} 秒。
"""


def registry(rows: int, faults: float = 0.0) -> pd.DataFrame:
    """Return a made-up registry as text; a share of the rows is given a fault in one of five columns."""
    rng = np.random.default_rng(20260101)
    at = np.arange(rows)
    gross, cost, persons = rng.gamma(2, 6000, rows).round(2), rng.gamma(2, 300, rows).round(2), rng.integers(1, 9, rows)
    net = (gross - cost).round(2)
    table = pd.DataFrame(
        {
            "村代码": np.char.mod("%012d", 411726101201 + at // 400), "户编号": np.char.mod("%04d", at % 400),
            "户类型": rng.choice(TYPES, rows), "人数": persons.astype(str), "证件号码": _identities(at),
            "总收入": np.char.mod("%.2f", gross), "支出": np.char.mod("%.2f", cost), "纯收入": np.char.mod("%.2f", net),
            "人均纯收入": np.char.mod("%.2f", net / persons),
            "系统人均纯收入": np.char.mod("%.2f", net / persons), "危房": rng.choice(YES, rows),
            "识别日期": rng.choice(["2014-06-01", "2015/3/1"], rows), "脱贫日期": rng.choice(["2016年12月1日", "2018-11-12"], rows),
            **{item: rng.choice(list("12345"), rows) for item in ITEMS},
        }
    ).astype("str")  # fmt: skip
    wrong = rng.permutation(rows)[: int(rows * faults)]
    for k, column in enumerate(("人数", "户类型", "总收入", "识别日期", "证件号码")):
        table.loc[wrong[k::5], column] = "不详"
    return table


def _identities(at: np.ndarray[Any, Any]) -> list[str]:
    """Return a sound identity number for each row, no two the same."""
    county, day, order = 411701 + at // 280_000, 19500101 + at % 280_000 // 1000 % 28, at % 1000
    digits = np.array([list(f"{c}{d}{o:03d}") for c, d, o in zip(county + at // 28_000, day, order, strict=True)], dtype=np.int64)
    signs = np.array(list(CHECKS))[digits @ np.array(WEIGHTS) % 11]
    return ["".join(map(str, stem)) + sign for stem, sign in zip(digits.tolist(), signs, strict=True)]


def checks() -> list[ev.Check]:
    """Return the rules: 30, counted by column where a rule is of one column."""
    check = ev.Check
    return [
        check("required", ["村代码", "户编号", "户类型", "人数", "总收入", "支出", "纯收入"], action="stop"),
        check("unique", "户编号", within="村代码", action="stop"),
        check("unique", "证件号码", action="ask"),
        check("pattern", "村代码", pattern="[0-9]{12}", action="stop"),
        check("one-of", "户类型", values=TYPES, action="stop"),
        check("one-of", ITEMS, values=list("12345"), action="stop"),
        check("whole", "人数", action="stop"),
        check("range", "人数", low=1, high=20, action="ask"),
        check("range", ["总收入", "支出"], low=0, action="ask"),
        check("difference", ["纯收入", "总收入", "支出"], tolerance=0.011, action="ask"),
        check("quotient", ["人均纯收入", "纯收入", "人数"], tolerance=0.011, action="ask"),
        check("date", "识别日期", action="stop"),
        check("order", ["识别日期", "脱贫日期"], action="ask"),
        check("if-then", when={"人数": [">8"]}, then={"危房": ["否"]}, action="ask"),
        check("equal", ["人均纯收入", "系统人均纯收入"], action="ask"),
        check("identity", "证件号码", action="ask"),
        check("outlier", "人均纯收入", fence="log-iqr", factor=9, action="note"),
        check("near-duplicate", ["户类型", "危房", "人数", "支出", "总收入", "人均纯收入"], differ=1, action="ask"),
    ]


def floor(table: pd.DataFrame) -> list[np.ndarray[Any, Any]]:
    """Return for each rule which rows break it, written out for this table alone."""
    coded = {name: pd.factorize(table[name]) for name in table}
    number = {name: pd.to_numeric(table[name], errors="coerce").to_numpy() for name in NUMBERS}

    def of(name: str, broken: Callable[[str], bool]) -> np.ndarray[Any, Any]:
        codes, texts = coded[name]
        return np.array([broken(text) for text in texts])[codes]

    def twice(keys: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        ordered = np.sort(keys)
        return np.isin(keys, ordered[1:][ordered[1:] == ordered[:-1]])

    def day(name: str) -> np.ndarray[Any, Any]:
        codes, texts = coded[name]
        plain = pd.Series(texts).str.replace("[年月/]", "-", regex=True).str.rstrip("日")
        return pd.to_datetime(plain, errors="coerce", format="mixed").to_numpy()[codes]

    persons, gross, cost, net, each, other = number.values()
    known, left = day("识别日期"), day("脱贫日期")
    logs = np.log(np.where(each > 0, each, np.nan))
    low, high = np.nanquantile(logs, [0.25, 0.75])
    masks = [of(name, lambda text: text == "") for name in ("村代码", "户编号", "户类型", "人数", "总收入", "支出", "纯收入")]
    masks += [twice(coded["村代码"][0] * 1000 + coded["户编号"][0]), twice(coded["证件号码"][0])]
    masks += [of("村代码", lambda text: not (text.isdigit() and len(text) == 12)), of("户类型", lambda text: text not in TYPES)]
    masks += [of(item, lambda text: text not in "12345") for item in ITEMS]
    masks += [np.floor(persons) != persons, ~((persons >= 1) & (persons <= 20)), ~(gross >= 0), ~(cost >= 0)]
    masks += [~(np.abs(net - (gross - cost)) <= 0.011), ~(np.abs(each - net / persons) <= 0.011)]
    masks += [np.isnat(known), ~(known <= left), (persons > 8) & of("危房", lambda text: text == "是"), each != other]
    masks += [of("证件号码", lambda text: len(text) != 18), np.abs(logs - (low + high) / 2) > 9.5 * (high - low)]
    names = ("户类型", "危房", "人数", "支出", "总收入", "人均纯收入")
    mixed = [coded[name][0] * np.int64(7919 * 104729**k % 2**61) for k, name in enumerate(names)]
    masks.append(np.any([twice(np.sum(mixed, axis=0) - left_out) for left_out in mixed], axis=0))
    return masks


def seconds(run: Callable[[], object], repeats: int) -> float:
    """Return the median of the processor's seconds."""
    taken = []
    for _ in range(repeats):
        began = time.process_time()
        run()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def rows_of(name: str, table: pd.DataFrame, rules: Sequence[ev.Check], repeats: int) -> list[str]:
    """Return the two lines of one table."""
    base = seconds(lambda: floor(table), repeats)
    own = seconds(lambda: ev.screen(table, rules).table(), repeats)
    met = "达到" if own <= MOST else "未达到"
    return [
        f"| {name} | 下限 | {base:.2f} | 1.00 | — | |",
        f"| {name} | ev.screen(…).table() | {own:.2f} | {own / base:.2f} | {len(ev.screen(table, rules)):,} | {met} |",
    ]


def main(words: list[str] | None = None) -> None:
    """Time floor and evalkit, on a clean table and on one with faults, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--date", required=True)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=PAGE)
    asked = parser.parse_args(words)
    rules = checks()
    count = sum(len(check.places) for check in rules)
    lines = ["| 表 | 途径 | 秒 | 比下限 | 找到 | 目标 |", "| --- | --- | --- | --- | --- | --- |"]
    for name, share in (("没有错的表", 0.0), ("1% 的行有错", 0.01)):
        lines += rows_of(name, registry(asked.rows, share), rules, asked.repeats)
    head = HEAD.format(
        date=asked.date, machine=machine(), pandas=pd.__version__, numpy=np.__version__, rows=asked.rows, rules=count,
        repeats=asked.repeats, most=MOST,
    )  # fmt: skip
    asked.out.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    print("\n".join(lines), f"写入 {asked.out}", sep="\n")


if __name__ == "__main__":
    main()
