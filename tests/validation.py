"""The page of numbers held against other software: ``python -m tests.validation`` renews docs/validation.md.

What is read from the reference beside the clone stays as it was where the reference does not lie there.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import architecture_rules as law

GOLDEN = law.ROOT / "tests" / "golden"
OWN = GOLDEN / "own"
REFERENCE = Path(law.ROOT).parent / "shared" / "reference"
PAGE = law.ROOT / "docs" / "validation.md"
START, END = "<!-- reference: start -->", "<!-- reference: end -->"
sys.path.insert(0, str(GOLDEN))

HEAD = """# 对数：与其他软件的数是否相同

本页由 `python -m tests.validation` 依 `tests/golden/` 写成，勿手改。每次检查都重跑全部算例，一个不同就不通过。

一个算例是一份数据、一个设计、一个统计量，和既有软件给出的数。比较时看结果中写明的每一个数：估计值、标准误、区间两端、自由度、协方差、p 值。
相符的意思是 |本软件 − 对方| ≤ 绝对容差 + 相对容差 × |对方|；绝对容差只用于理论上为 0 的标准误。除注明的以外，差别来自浮点舍入。
“最大差”是该类中最大的相对差，进到 10 的整数次幂。

对数只说明算得与对方一样。区间盖不盖得住、判得对不对，是另一回事，用模拟看：[coverage.md](coverage.md)、[operating.md](operating.md)。
"""
OWN_HEAD = """## 一、随软件带着的算例

数据是自己编的（`tests/golden/own/*.csv`），R 的脚本、版本与结果放在一起；装有 R 的机器上，测试还会重跑脚本，看 R 是否仍给出同样的数。

"""
NUMBERS = """
下面是其中一部分的第一行。两边都写 10 位有效数字。

"""
REFERENCE_HEAD = """{start}
## 二、参考算例

另有 {cases} 个算例不随软件带着（数据是公开的教学数据，有的出自 GPL 软件包），放在旁边时测试逐个核对。其中 {wanted} 个必须相符，
现在相符 {agreed} 个；其余 {rest} 个只作记录：有的对方给 NaN 或自相矛盾，有的由专门的测试核对，或不在本软件之内。

"""
DIFFERENT = """
## 三、有意与对方不同的地方

- R 的 `svyciprop(method="likelihood")` 用粗网格加样条，与精确解可差百分之几；`likelihood` 给精确解，`likelihood-r` 给 R 的数。
- R 的鞍点近似把自由度一处取整、一处不取整；`saddlepoint` 前后一致，`saddlepoint-r` 给 R 的数。
- R `sampling` 的 `calib(method="logit")` 求解时以 g 代替导数；`logit` 给收敛的解，`logit-r` 给 R 的数。
- R `UPSvarApprox` 0.1.4 的三处：`brewer4` 的 Σπ² 取了负号，`tille` 停得早，`hartley-rao1` 的一项除以 2 而不是 n；
  名字带 `-as-r` 的给 R 的数。
- R 的分位数规则 `shahvaish` 随权数的量纲而变，只供对照。
- 一例未见或全部都是时，R 的几种区间给 NaN、报错或一个无意义的 1e-12；这里给区间（KG-M），或者写明理由不给。
- `fpc` 的列数少于阶段数时，R survey 4.5 给出警告，4.1 停下，说明书说法又不同；这里把没有写到的级当作放回抽样。
- 其余约定上的选择（自由度、缺失值、区间用 t）见 [estimation.md](estimation.md) 与 [comparison.md](comparison.md)。
"""
FAMILIES = {
    "mean": "均值", "total": "合计", "ultimate_cluster": "最终群法", "ratio": "比率", "var": "方差", "domain": "分域",
    "quantile": "分位数与区间",
    "prop_ci": "比例的区间", "prop_ci_rare": "罕见的率的区间", "prop_ci_eff_n": "有效样本量上的区间", "lonely_psu": "只有一个单位的层",
    "poststratify": "事后分层", "rake": "迭代比例", "calibrate": "校准", "trim": "截尾", "pps": "按规模抽取的方差",
    "replicate": "重复权数",
    "replicate_import": "别人给好的重复权数", "chisq": "列联表检验", "ttest": "t 检验", "ranktest": "秩检验", "glm": "回归",
    "deff": "设计效应",
    "degf": "自由度", "contrast": "线性组合", "standardize": "标准化", "table": "列联表", "published": "书上印出的例子",
    "inclusion_prob": "入样概率", "joint_prob": "成对概率", "joint_prob_approx": "成对概率的近似", "ht_variance": "Horvitz–Thompson 等",
    "pps_variance_approx": "不等概率方差的近似", "pps_variance_true_approx": "真方差的近似", "calib_g": "校准的 g 权数",
    "allocation": "样本分配", "sample_size": "样本量", "power": "功效", "cluster_opt": "最优群规模", "varcomp": "方差分量",
    "deff_weights": "权数的设计效应", "twophase_plan": "两相抽样的安排", "prn": "永久随机数", "spatial": "空间平衡",
    "quad_form": "二次型矩阵",
    "nonresponse": "未回答", "stratify": "层界", "small_area": "小域", "inequality": "不平等与贫困",
}  # fmt: skip
FILES = (
    ("values.json", "调查的均值、合计、比率、分域、区间、检验", "test_golden"),
    ("calibration.json", "校准、迭代比例、截尾及其标准误", "test_calibration_golden"),
    ("models.json", "列联表检验、t 检验、秩检验、回归", "test_models_golden"),
    ("quantiles.json", "分位数的规则与区间", "test_quantiles"),
    ("inequality.json", "基尼等不平等指数的线性化", "test_inequality"),
    ("pairs.json", "成对入样概率", "test_inclusion_pairs"),
    ("replicates.json", "刀切、半样本的各套权数与标准误", "test_replication"),
)


@dataclass
class Family:
    """What became of the cases of one kind."""

    cases: list[dict[str, Any]] = field(default_factory=list)
    agree: int = 0
    worst: float = 0.0

    def targets(self) -> list[dict[str, Any]]:
        """Return the cases that must agree; the others are on record only."""
        return [case for case in self.cases if case.get("target", True)]

    def row(self, name: str) -> list[str]:
        """Return the row of the page."""
        tolerances = sorted({case["rtol"] for case in self.cases})
        told = "、".join(f"{each:g}" for each in tolerances)
        engines = "、".join(sorted({case["engine"].partition(" for ")[0] for case in self.cases}))
        wanted = len(self.targets())
        agreed = f"{self.agree}" if wanted else "—"
        return [FAMILIES.get(name, name), f"{len(self.cases)}", f"{wanted}", agreed, told, ceiling(self.worst) if wanted else "—", engines]


def ceiling(worst: float) -> str:
    """Return the next power of ten.

    >>> ceiling(3e-13), ceiling(0.0)
    ('1e-12', '0')
    """
    return f"{10.0 ** math.ceil(math.log10(worst)):.0e}" if worst else "0"


def page() -> str:
    """Return docs/validation.md as it should read."""
    kept = PAGE.read_text(encoding="utf-8") if PAGE.exists() else f"{START}\n{END}"
    told = reference_part() if REFERENCE.exists() else kept[kept.index(START) : kept.index(END)]
    return HEAD + "\n" + OWN_HEAD + own_part() + NUMBERS + numbers() + "\n" + told + END + "\n" + DIFFERENT


def own_part() -> str:
    """Return the table of the files of golden values."""
    rows = []
    for name, what, test in FILES:
        held = json.loads((OWN / name).read_text(encoding="utf-8"))
        made = held.get("made_with") or "，".join(version(*each) for each in held["versions"].items())
        rows.append([what, f"{count(held)}", made, f"`tests/{test}.py`"])
    return _table(["内容", "数的个数", "得自", "测试"], rows)


def version(name: str, told: str) -> str:
    """Return a program and its version in a few characters.

    >>> version("R", "R version 4.2.2 Patched (2022-11-10 r83330)"), version("survey", "4.1.1")
    ('R 4.2.2', 'survey 4.1.1')
    """
    return f"{name} {re.search(r'[0-9][0-9.]*', told).group()}"


def count(held: Any) -> int:
    """Return how many numbers a file holds, without versions."""
    if isinstance(held, dict):
        return sum(count(part) for key, part in held.items() if key not in ("versions", "made_with", "args", "rtol", "atol"))
    if isinstance(held, list):
        return sum(count(part) for part in held)
    return int(isinstance(held, (int, float)) and not isinstance(held, bool))


def numbers() -> str:
    """Return the first rows of the own cases, ours beside R's."""
    rows = []
    for case, stated, found in own_pairs():
        theirs, ours = first(stated), first(found)
        apart = max((relative(a, b) for a, b in zip(ours.values(), theirs.values(), strict=True)), default=0.0)
        shown = "，".join(f"{name} {number:.10g}" for name, number in theirs.items())
        rows.append([f"`{case['id']}`", shown, "，".join(f"{number:.10g}" for number in ours.values()), ceiling(apart)])
    return _table(["算例", "R", "evalkit", "最大差"], rows)


def own_pairs() -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Yield each own case with what R gives and what we give, where its result has rows of estimates."""
    import_ = __import__("run_cases")  # a script beside the cases, not a package
    values = json.loads((OWN / "values.json").read_text(encoding="utf-8"))["values"]
    for case in json.loads((OWN / "cases.json").read_text(encoding="utf-8"))["cases"]:
        stated = values[case["id"]]
        if first(stated):
            yield case, stated, import_.run(case, OWN)


def first(result: dict[str, Any]) -> dict[str, float]:
    """Return estimate and standard error of the first row of a result, where it has them."""
    row = next(iter(result.get("rows", [])), {})
    return {name: float(row[name]) for name in ("estimate", "se") if isinstance(row.get(name), (int, float))}


def relative(ours: float, theirs: float) -> float:
    """Return how far apart two numbers are, relative to the other software's."""
    return abs(ours - theirs) / abs(theirs) if theirs else abs(ours)


def reference_part() -> str:
    """Return what the reference beside the clone says, its cases run."""
    found = families(run=True)
    known = [family for family in found.values() if family.targets()]
    cases, wanted = sum(len(each.cases) for each in found.values()), sum(len(each.targets()) for each in known)
    agreed = sum(each.agree for each in known)
    told = REFERENCE_HEAD.format(start=START, cases=cases, wanted=wanted, agreed=agreed, rest=cases - wanted)
    table = _table(["内容", "算例", "须相符", "相符", "相对容差", "最大差", "对方"], [each.row(name) for name, each in found.items()])
    return told + table + REMARKS


REMARKS = """
最优群规模、两相抽样、小域的容差较宽，是参考算例如此规定，实际的差见“最大差”。“书上印出的例子”的数据与设计取自 SAS 手册与教科书，
对的是 R 对它们算出的数。未回答中有一个算例依赖对方的随机扰动，另加扰动的幅度作容差，不计入最大差。
"""


def families(run: bool) -> dict[str, Family]:
    """Return the cases of the reference by family, run when asked."""
    adapter: Any = __import__("run_cases") if run else None
    found: dict[str, Family] = {}
    for case in json.loads((REFERENCE / "cases.json").read_text(encoding="utf-8"))["cases"]:
        family = found.setdefault(case["family"], Family())
        family.cases.append(case)
        if run and case.get("target", True):
            made = adapter.run(case, REFERENCE / "data")
            family.agree += adapter.judge(case, made) is None
            family.worst = max([family.worst, *apart(made, case["result"], case)])
    return found


def apart(found: Any, stated: Any, case: dict[str, Any]) -> Iterator[float]:
    """Yield the relative distances of all numbers that stand well above the absolute tolerance."""
    if isinstance(stated, dict) and isinstance(found, dict):
        for key, part in stated.items():
            yield from apart(found.get(key), part, case)
    elif isinstance(stated, list) and type(found) in (list, tuple):  # not what the other software jittered
        for one, other in zip(found, stated, strict=False):
            yield from apart(one, other, case)
    elif all(isinstance(each, (int, float)) for each in (stated, found)) and abs(stated) * case["rtol"] > case.get("atol", 0.0):
        yield relative(float(found), float(stated))


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
