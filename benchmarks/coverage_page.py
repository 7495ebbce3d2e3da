"""The page of the coverage benchmark, in words and tables."""

from __future__ import annotations

import importlib.metadata
import platform
from math import inf
from typing import TYPE_CHECKING, Any

import pandas as pd

from benchmarks.counts import MODELS, RATES, SIZES
from benchmarks.covering import MAIN, WAYS, worst
from benchmarks.draw import machine
from benchmarks.pages import table
from benchmarks.published import COLUMNS, PUBLISHED, departures

if TYPE_CHECKING:
    from benchmarks.coverage import Found
    from evalkit.charts import Chart

HEAD = """# 区间的覆盖率 · Coverage of intervals

本页与图由 `python -m benchmarks coverage` 写成，勿手改。Written by the benchmark itself; the numbers are the same on every run.

- {versions}{ran}
- 网格：6 种设计（村 × 户：{sizes}）× 6 个真实率 × 4 个村内相关（ICC 0、.02、.05、.1）× 2 种村模型，每格 {replicates:,} 个样本，等权。
- 村模型“贝塔二项”：各村的率服从贝塔分布；“坏村”：村的率为 0，或为 q = p + ρ(1 − p)。两者均值与 ICC 相同。
- 各村事件数由随机数抽出，区间由 `evalkit.intervals.proportion` 给出，与用户所得的是同一段代码。
- 模拟误差（一个标准误）：一格约 0.2 个百分点（覆盖率 95% 时 {one:.2f}），36 格的均值约 0.04；“最差”取自许多格，略偏低。
- “上界错”：单侧 95% 上界低于真实率的比例，名义 5%：坏县被放过的错误。“下界错”：单侧 95% 下界高于真实率，名义 5%：好县被冤枉的错误。

用自己的数核对一格，只要几行：

```python
import evalkit as ev

plan = ev.intervals.Planning(deff_w=1, take=60, events_df=0, icc=0.05)
none = ev.intervals.proportion(0, 1200, df=19, side="upper", planning=plan)
print(f"{{none.high:.4%}}")  # → 1.0822%
usual = ev.intervals.proportion(0, 1200, df=19, side="upper", method="kg-nchs")
print(f"{{usual.high:.4%}}")  # → 0.2493%
```

20 村 × 60 户一例未见：KG-M 说率可能高到 1.08%，不计村内相关的通行做法说 0.25%。下面各表说的是，谁说得对。
"""

MAIN_NOTE = """
读法：同一行前六列是 ICC .02–.1 各设计、模型的平均覆盖率，应为 95；“最差格”取自全部 {cells} 格（含 ICC 0）；宽度为平均宽度，百分点。

- **KG-M 最差的格：{least:.2f}%**（{where}），要求不低于 92.5%。
- KG-M 的上界错在门槛 2% 处平均 {upper:.1f}%，最差 {upper_worst:.1f}%；下界错最差 {lower:.1f}%。
- 通行的 Korn–Graubard（NCHS）最差的格 {nchs:.1f}%（{nchs_where}）：自称 95% 的区间，十次里只对约四次。
- KG-M 的代价：2% 处平均宽 {cost:.0f}%，0.5% 处宽 {cost_low:.0f}%；率低而村少时覆盖近 99%，是保守的。

![{alt}]({stem}.png)
"""

FURTHER_NOTE = """
KG-M 按规划的 ICC（.05）估计风险；真 ICC 远大于它时，KG-M 也失灵，如下。给定真 ICC（来自本项目各县合并估计，或协议）时不失灵。
"""

SETTING_NOTE = """
每格 {fewer:,} 个样本（一格的标准误约 0.35 个百分点），真实率 0.5%、1%、2%，两种村模型；KG-M 一律 ρ0 = .05。
“覆盖”为均值与最差；“上界错”为 2% 处两种模型中较差者；宽度为 2% 处的平均，百分点。有限总体的真值是该总体自己的率。
抽 2 村的一层只有 1 个自由度：KG-M 覆盖 100%，区间却宽到无用，它照实这样说；该改的是设计，不是公式。
"""

TURN_NOTE = """
同一份数据，规划的 ICC 取多大，判定就变？下表对每种结果给出单侧 95% 界对门槛 2% 的判定保持到的 ICC。上诉时问“你凭什么取 .05”，答案在此：
判定“已证实达到，至 .113”意为规划 ICC 小于 .113 时都成立。“n 例，k 村”指事件出在 k 个村。
"""

ZONES = {"met": "已证实达到", "not met": "已证实未达到", "not proven": "不能证实"}


def page(made: Found, chart: Chart, date: str, cost: tuple[float, float, int], stem: str) -> str:
    """Return docs/coverage.md; `cost` is seconds on the clock, of processor time, and the number of processes."""
    named = "，".join(f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "scipy"))
    ran = f"；日期：{date}；机器：{machine()}；{cost[2]} 个进程，{cost[0]:.0f} 秒，处理器 {cost[1]:.0f} 秒" if date else ""
    sizes = "、".join(f"{m}×{b}" for m, b in SIZES)
    one = 100 * (0.95 * 0.05 / made.replicates) ** 0.5
    head = HEAD.format(
        versions=f"Python {platform.python_version()}，{named}", ran=ran, sizes=sizes, replicates=made.replicates, one=one
    )  # fmt: skip
    return "".join([
        head, "\n## 一、网格之内\n\n", _summary(made), _told(made, chart, stem),
        "\n## 二、与方法 §1.3 原表的出入\n", _departures(made),
        "\n## 三、ICC 更大时\n", FURTHER_NOTE, "\n", _further(made), "\n", _by_size(made),
        "\n## 四、其他设计\n", SETTING_NOTE.format(fewer=made.fewer), "\n", _settings(made),
        "\n## 五、判定在多大的 ICC 处改变\n", TURN_NOTE, "\n", _turns(made.turns),
        "\n## 六、经 Survey 的核对\n", _checked(made),
    ])  # fmt: skip


def _summary(made: Found) -> str:
    found = made.summary()
    heads = ["方法", *(f"{100 * rate:g}%" for rate in RATES), "最差格", "上界错 2%（均值／最差）", "宽度 0.5%／2%／10%", "下界错最差"]
    lines = []
    for title, row in found.iterrows():
        name = f"**{title}**" if title == MAIN.title else str(title)
        upper = f"{100 * row['upper_mean']:.1f}／{100 * row['upper_worst']:.1f}"
        widths = "／".join(f"{100 * row['width', rate]:.2f}" for rate in (0.005, 0.02, 0.1))
        cells = [f"{100 * row[key]:.1f}" for key in (*RATES, "worst")]
        lines.append([name, *cells, upper, widths, f"{100 * row['lower_worst']:.1f}"])
    return table(heads, lines)


def _told(made: Found, chart: Chart, stem: str) -> str:
    found, nchs = made.summary(), next(way for way in WAYS if way.method == "kg-nchs")
    (least, where), (other, nchs_where) = worst(made.cells, MAIN), worst(made.cells, nchs)
    own, usual = found.loc[MAIN.title], found.loc[nchs.title]
    cost = {rate: 100 * (own["width", rate] / usual["width", rate] - 1) for rate in (0.005, 0.02)}
    return MAIN_NOTE.format(
        cells=made.cells[made.cells["way"] == MAIN.title].shape[0], least=100 * least, where=_model(where), upper=100 * own["upper_mean"],
        upper_worst=100 * own["upper_worst"], lower=100 * own["lower_worst"], nchs=100 * other, nchs_where=_model(nchs_where),
        cost=cost[0.02], cost_low=cost[0.005], stem=stem, alt=chart.alt,
    )  # fmt: skip


def _model(text: str) -> str:
    for key, word in MODELS.items():
        text = text.replace(key, word)
    return text


def _departures(made: Found) -> str:
    rows = departures(made.summary(), made.replicates)
    told = f"""
方法 §1.3 的表（另一份程序、另一组随机数）在本页的各列是否落在三倍模拟误差之内：{len(WAYS) - 2} 行 × {len(COLUMNS)} 列中，
不在其内的有下列 {len(rows)} 处，原因写在后面；其余各处一致。KG-M 的两行按改过的规则重做{_remade(made)}
"""
    lines = [[row["way"], row["column"], f"{row['printed']:g}", _new(row), row["why"]] for row in rows.to_dict("records")]
    return f"{told}\n{table(['方法', '列', '原表', '本页', '原因'], lines)}"


def _remade(made: Found) -> str:
    printed, new = PUBLISHED[MAIN.title], made.summary().loc[MAIN.title]
    worst_now, upper_now = 100 * new["worst"], 100 * new["upper_worst"]
    return f"：ρ0 = .05 时最差格 {printed[6]:.1f} → {worst_now:.1f}，上界错最差 {printed[8]:.1f} → {upper_now:.1f}。"


def _new(row: dict[Any, Any]) -> str:
    return f"{row['new']:.2f}" if str(row["column"]).startswith("宽度") else f"{row['new']:.1f}"


def _further(made: Found) -> str:
    """Tell coverage and both errors of KG-M and its like at large correlations."""
    lines = []
    for (icc, way), own in made.further.groupby(["icc", "way"], sort=False):
        gate = own[own["rate"] == 0.02]
        lines.append([
            f"{icc:g}", str(way), f"{100 * own['cover'].mean():.1f}", f"{100 * own['cover'].min():.1f}",
            f"{100 * gate['upper_error'].mean():.1f}／{100 * gate['upper_error'].max():.1f}", f"{100 * own['lower_error'].max():.1f}",
            f"{100 * gate['width'].mean():.2f}",
        ])  # fmt: skip
    heads = ["真 ICC", "方法", "覆盖 均值", "覆盖 最差", "上界错 2%（均值／最差）", "下界错 最差", "宽度 2%"]
    return table(heads, sorted(lines, key=lambda line: float(line[0])))


def _by_size(made: Found) -> str:
    """Tell the upper error of KG-M at 2 % by design and true correlation."""
    rows = pd.concat([made.cells, made.further])
    rows = rows[(rows["way"] == MAIN.title) & (rows["rate"] == 0.02)]
    worse = rows.groupby(["villages", "take", "icc"])["upper_error"].max().unstack("icc")
    lines = [[f"{m}×{b}", *(f"{100 * share:.1f}" for share in row)] for (m, b), row in zip(worse.index, worse.to_numpy(), strict=True)]
    told = "真实率恰为 2% 时 KG-M（ρ0 = .05）的上界错，按设计与真 ICC，两种村模型中较差者（名义 5%）：\n\n"
    return told + table(["设计", *(f"ICC {icc:g}" for icc in worse.columns)], lines)


def _settings(made: Found) -> str:
    lines = []
    for (title, icc), own in made.settings.groupby(["setting", "icc"], sort=False):
        parts = [own[(own["way"] == MAIN.title) == main] for main in (True, False)]
        cells = [f"{100 * part['cover'].mean():.1f}／{100 * part['cover'].min():.1f}" for part in parts]
        gates = [part[part["rate"] == 0.02] for part in parts]
        cells += [f"{100 * part['upper_error'].max():.1f}" for part in gates]
        cells += [f"{100 * part['lower_error'].max():.1f}" for part in parts]
        cells += [f"{100 * part['width'].mean():.2f}" for part in gates]
        lines.append([str(title), f"{icc:g}", *(f"{cells[at]}；{cells[at + 1]}" for at in range(0, len(cells), 2))])
    return table(["设计", "真 ICC", "覆盖：KG-M；KG-NCHS", "上界错 2%", "下界错 最差", "宽度 2%"], lines)


def _turns(found: pd.DataFrame) -> str:
    patterns = list(dict.fromkeys(found["pattern"]))
    lines = []
    for (villages, take), own in found.groupby(["villages", "take"], sort=False):
        by = own.set_index("pattern")
        lines.append([f"{villages}×{take}", *(_turn(by.loc[name, "zone"], float(by.loc[name, "icc"])) for name in patterns)])
    return table(["设计", *patterns], lines)


def _turn(zone: object, icc: float) -> str:
    name = ZONES[str(zone)]
    if zone == "not proven":
        return f"任何 ICC 都{name}"
    return f"{name}，任何 ICC" if icc == inf else f"{name}，至 {icc:.3f}"


def _checked(made: Found) -> str:
    return f"""
三格（10×100、20×60、44×30）各 {made.checked} 个样本，逐个写成住户的表，经 `Survey.from_data` → `proportion` → `interval`，
KG-M、Wald-t、logit-t、Wilson-t、KG-NCHS 的上下限与上面各表所用的逐个相同：最大相对差 {made.difference:.1e}（要求不超过 1e-9）。
第四节的各种设计也由测试这样核对（分层、全取层、有限总体、人数加权）。
"""
