"""The reference of the design file, written from its models: ``python -m tests.reference`` renews docs/design.md.

Types, limits and defaults are read from `evalkit.design`; what a key means stands in MEANINGS, once.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from evalkit import intervals, selection
from evalkit.design.declarations import Design
from evalkit.design.judgement import Total, Totals
from evalkit.evaluation.guards import SEED_DIGITS
from tests import architecture_rules as law

PAGE = law.ROOT / "docs" / "design.md"
HIDDEN = frozenset({"path"})  # of the model, not of the file

# What each section and each key means. A rate's keys stand under its kind.
MEANINGS = {
    "": "文件的第一行。",
    "format": "设计文件的版式，现为 1",
    "evaluation": "评估什么，以及推断的共同规则。",
    "evaluation.title": "评估的名称",
    "evaluation.county": "被评估的县",
    "evaluation.year": "年度",
    "evaluation.county_code": "县的区划代码",
    "evaluation.source": "任务书或依据文件",
    "evaluation.confidence": "双侧区间的置信水平",
    "evaluation.alpha": "单侧判定的风险：误称“已证实达到”或“已证实未达到”的概率各不超过它",
    "evaluation.singleton": (
        "某层只有一个完成单位时怎样算方差：`fail` 停下报告，`certainty` 视为必入、不计方差，`adjust` 以全部单位的均值为中心，"
        "`average` 取其余各层的平均，`remove` 略去该层，`collapse` 并入相邻的层"
    ),
    "evaluation.icc": "规划用的村内相关，罕见率的区间要用；含义见 [methods.md](methods.md)",
    "evaluation.icc_source": "上面这个数从哪里来，照写入报告",
    "frame": "村名单：可能被抽中的单位。",
    "frame.file": "名单文件（CSV、Excel 或 Parquet），放在 `frame/` 中",
    "frame.id": "单位代码所在的列，不得重复",
    "frame.name": "单位名称所在的列",
    "frame.columns": "要保留并计入指纹的列；分层、分组、登记总数用到的列都要在内",
    "frame.place": "表中显示首阶段层名称的列，例如以乡镇名代替乡镇代码",
    "frame.sheet": "Excel 的工作表名；不写时读第一张",
    "frame.code": "`division` 检查 12 位区划代码，`free` 不检查",
    "frame.source": "名单由谁提供、截至何日",
    "frame.rule": "只保留或去掉一些行，写几条都可以",
    "frame.note": "要计数并加脚注的行，写几条都可以",
    "frame.rule.column": "看哪一列",
    "frame.rule.keep": "只保留这一列为这些值的行；与 `drop` 只写一个",
    "frame.rule.drop": "去掉这一列为这些值的行；与 `keep` 只写一个",
    "frame.rule.reason": "理由，照写入报告",
    "frame.note.column": "看哪一列",
    "frame.note.contains": "含有这几个字的行",
    "frame.note.text": "脚注的话",
    "stage": "一级抽样。第一个 `[[stage]]` 抽村，第二个抽户。",
    "stage.name": "这一级的名字，小写英文",
    "stage.method": "抽样方法，见下面的抽样方法表",
    "stage.n": "每层抽几个；各层不同时写成对照表，没有写到的层抽 0 个",
    "stage.strata": "分层的列；不写即不分层。抽户时为 `户类型`",
    "stage.shortfall": "某层不足 `n` 个时：`fail` 停下报告，`take-all` 有多少抽多少，`fill:某层` 由该层补足",
    "stage.mandatory": "必须访问的单位",
    "stage.mandatory.column": "看哪一列",
    "stage.mandatory.values": "这一列为这些值的单位必访",
    "stage.mandatory.how": "`within` 计入该层名额，`on-top` 在名额之外",
    "reserves": "备用户：按签号排在主样本户之后，密封，依次启用。",
    "reserves.n": "每村每类户几户",
    "reserves.reasons": "可以启用备用户的理由",
    "rosters": "各村农户名册的列名，一户一行，文件放在 `rosters/` 中。",
    "rosters.village": "村代码",
    "rosters.household": "户编号，村内不重复；不要用身份证号",
    "rosters.stratum": "户类型",
    "rosters.persons": "人数，正整数",
    "rosters.head": "户主姓名，印在入户名单上",
    "rosters.id_number": "证件号码，遮盖后印在入户名单上",
    "rosters.address": "住址或自然村，印在入户名单上",
    "rosters.strata": "名册用词与设计不同时的对照：名册的词 = 设计的户类型",
    "returns": "回收表的列名与用词，一户一行，文件放在 `returns/` 中。",
    "returns.village": "村代码",
    "returns.household": "户编号，与名册相同",
    "returns.disposition": "调查结果",
    "returns.dispositions": (
        "调查结果的用词：`complete` 完成，`refusal` 拒访，`noncontact` 多次入户无人，`ineligible` 已不属调查总体，`unused` 备用户未启用"
    ),
    "returns.persons": "核实的人数；不写时用名册的人数",
    "returns.status": "核查状态；不写时提出的问题一律按认定计",
    "returns.statuses": (
        "核查状态的用词：`clue` 线索，`suspected` 疑似，`notified` 已反馈，`answering` 举证中，"
        "`confirmed` 认定，`dismissed` 排除，`final` 终定"
    ),
    "returns.interviewer": "调查员",
    "returns.missing": "当作没有回答的写法",
    "returns.empty_cell": (
        "某村某类户一户都没有完成时：`fail` 停下报告，`spread` 其权数分给同一首阶段层其他抽中村的同类户，再无则分给全县同类户"
    ),
    "criteria": "认定标准：收入低于标准线，或有一项保障不达标，即为未达标；有否决情形的户不应在册。",
    "criteria.income": "人均收入所在的列",
    "criteria.line": "标准线，元/人/年",
    "criteria.line_source": "标准线的依据",
    "criteria.guarantees": "各项保障所在的列，回答 `no` 即不达标",
    "criteria.exclusions": "否决情形所在的列，回答 `yes` 即不应在册",
    "criteria.yes": "表示是的写法",
    "criteria.no": "表示否的写法",
    "criteria.missing": "完成调查的户缺少所需回答时：`fail` 停下报告，`met` 按达标、无否决情形计，并逐户列出",
    "criteria.affected": "受影响人数所在的列；不写时全户人数都算",
    "criteria.exited": "哪些户类型是脱贫户，在其中找错退",
    "criteria.registered": "哪些户类型是未脱贫户，在其中找错评",
    "criteria.outside": "哪些户类型在名册之外，在其中找漏评",
    "rate.finding": "错退率、漏评率、错评率：认定的人（户）数除以所属总体的人（户）数。",
    "rate.finding.name": "指标名",
    "rate.finding.kind": "指标的种类",
    "rate.finding.finding": "`wrong_exit` 错退，`missed` 漏评，`misidentified` 错评",
    "rate.finding.population": "分母是哪些户类型",
    "rate.finding.count": "计数单位：`persons` 人，`households` 户",
    "rate.finding.decided_by": "判定单位：户",
    "rate.finding.denominator": "分母：`surveyed` 调查户的人（户）数，`villages` 抽中村名册上的全部人（户）数",
    "rate.finding.source": "口径的出处；写成“……÷……”时照写入报告",
    "rate.incidence": "综合贫困发生率：（剩余贫困人口＋漏评率×非建档立卡人口＋错退率×脱贫人口）÷乡村人口。",
    "rate.incidence.name": "指标名",
    "rate.incidence.kind": "指标的种类",
    "rate.incidence.wrong_exit": "用哪个指标作错退率",
    "rate.incidence.missed": "用哪个指标作漏评率",
    "rate.incidence.totals": "登记总数",
    "rate.incidence.source": "口径的出处",
    "rate.incidence.totals.remaining": "剩余贫困人口",
    "rate.incidence.totals.exited": "脱贫人口",
    "rate.incidence.totals.non_registry": "非建档立卡人口",
    "rate.incidence.totals.rural": "乡村人口",
    "rate.incidence.totals.date": "这些总数截至何日",
    "rate.incidence.totals.source": "这些总数的出处",
    "total": "一个登记总数写成 `{ value = 数值 }` 或 `{ column = \"名单的列\" }`，只写一个。",
    "total.value": "总数",
    "total.column": "名单中要加总的列",
    "rate.approval": "群众认可度：认可的户（人）除以调查的全部户（人）。",
    "rate.approval.name": "指标名",
    "rate.approval.kind": "指标的种类",
    "rate.approval.items": "题目所在的列",
    "rate.approval.scale": "答案的全部写法，从好到坏",
    "rate.approval.approve": "算认可的答案",
    "rate.approval.dont_know": "“不清楚”的答案：不算认可，另给全部视为认可时的上限",
    "rate.approval.missing": "完成调查的户缺少回答时：`fail` 停下报告，`dont_know` 按不清楚计，并逐户列出",
    "rate.approval.rule": "几道题合成一户的规则：`all` 各题都认可，`majority` 过半数，`single` 只有一题",
    "rate.approval.count": "计数单位：`households` 户，`persons` 人",
    "rate.approval.population": "只算哪些户类型；不写即全部",
    "rate.approval.source": "口径的出处",
    "gate": "门槛，写几道都可以。`strict` 与 `legal_value` 由所依据的文件决定，没有默认值。",
    "gate.rate": "哪个指标",
    "gate.threshold": "门槛，2% 写 0.02",
    "gate.direction": "`below` 低的一侧为达到，`above` 高的一侧为达到",
    "gate.strict": "`true` 须越过门槛（“低于”“高于”），`false` 可以等于门槛（“不高于”“不低于”）",
    "gate.legal_value": "法定规则读哪个数：`unweighted` 样本比率，`weighted` 加权估计",
    "gate.quote": "规则的原文",
    "gate.source": "规则的文件与日期",
    "report": "报告上的名称、日期和由人撰写的话。",
    "report.name": "文中对被评估地区的称呼，也是文件夹名",
    "report.title": "报告的题目",
    "report.institute": "评估机构",
    "report.date": "报告日期，写成 2018-12-10；文件内部的日期也用它",
    "report.fieldwork": "调查起止日期",
    "report.number": "文号",
    "report.code_names": "`true` 时不写地名，写乡镇01、乡镇01-村1",
    "report.groups": "按名单中的这些列分组列出指标",
    "report.background": "概况中要写的话，每段一句引号",
    "report.experience": "主要成效与经验，由评估组撰写",
    "report.advice": "工作建议，由评估组撰写",
    "specimen": "模拟评估的参数；有这一节时名册和回收表由软件生成，各处都标明模拟数据。真实评估不写。",
    "specimen.seed": "模拟用的种子",
    "specimen.households": "每村平均户数",
    "specimen.persons": "每户平均人数",
    "specimen.exited_share": "脱贫户占比",
    "specimen.remaining_share": "未脱贫户占比",
    "specimen.poor_villages": "贫困村的个数",
    "specimen.wrong_exit": "真实的错退率",
    "specimen.missed": "真实的漏评率",
    "specimen.misidentified": "真实的错评率",
    "specimen.icc": "真实的村内相关",
    "specimen.approval": "真实的认可度",
    "specimen.refusal": "拒访的概率",
    "specimen.noncontact": "多次入户无人的概率",
    "specimen.ineligible": "已不属调查总体的概率",
    "specimen.confirmed": "疑似问题经核查后认定的概率",
}

HEAD = """# 设计文件

本页由 `python -m tests.reference` 依 `evalkit/design/` 写成，勿手改。键用英文，值用中文加引号；不认识的键、写错的值都会停下，一次列全。
带注释的样板是 [evalkit/design/template.toml](../evalkit/design/template.toml)，`evalkit init` 会写一份；真实的例子见
[designs/](../designs)。每张表的第四列是不写这个键时的取值，“必填”表示没有默认值。

名单、抽样与备用户三部分（`[frame]` 除文件位置与脚注外，`[[stage]]`，`[reserves]`）决定抽签，抽样之后不能再改；其余各节可以改。
"""
CEREMONY = f"""
## 抽样仪式：`draw/ceremony.toml`

种子没有默认值，应在名单与设计定稿、公布指纹之后，当众产生：例如由立场不同的各方轮流掷十面骰子。记成两行：

```toml
seed = "31415 92653 58979 32384"    # 至少 {SEED_DIGITS} 位数字，数字之间可以空格
how = "2018年11月3日在县政府会议室由四方各掷十面骰子五次；县扶贫办、评估组、两名村民代表在场"
```

`evalkit draw 文件夹` 先用 `--seed` 给的种子，没有时读这个文件；`how` 写入抽样凭证和报告。{SEED_DIGITS} 位数字约合 66 个二进制位，
谁也无法事先逐个试遍。同一种子、名单和设计总是抽出同样的村与户；已经抽过之后换种子，须用 `--reason` 写明理由，理由记入台账和报告；
回收表到了之后不能重抽。
"""
SAYS = {True: "是", False: "否"}
JOINT = {"exact": "可算，都大于 0", "some-zero": "有些为 0"}
TYPES = {str: "文字", int: "整数", float: "数值", bool: "`true` 或 `false`"}
VARIANCE = {"exact": "准确", "conservative": "偏保守"}
READS = {"tickets": "各单位的签号", "start": "层的签号", "nothing": "不抽签"}


def design_page() -> str:
    """Return docs/design.md as it should read."""
    told = {path: MEANINGS[path].removesuffix("。") for path, _, _ in SECTIONS}
    sections = [f"## {heading}\n\n{told[path]}。\n\n{_keys_table(path, model)}\n" for path, heading, model in SECTIONS]
    return "\n".join([HEAD, *sections, _selection_table(), _interval_table(), CEREMONY.removeprefix("\n")])


def meanings_wanted() -> set[str]:
    """Return every section and key that must have a meaning."""
    return {path for path, _, _ in SECTIONS} | {_path(path, name) for path, _, model in SECTIONS for name, _ in _keys(model)}


# -- walking the models ----------------------------------------------------------------------------------------


def _sections(path: str, heading: str, model: type[BaseModel]) -> Iterator[tuple[str, str, type[BaseModel]]]:
    """Yield path, heading and model of a section and of those inside it, in the order of the file."""
    yield path, heading, model
    for name, field in model.model_fields.items():
        inner = [found for found in _models(field.annotation) if found is not Total]
        for found in inner:
            here = _path(path, field.alias or name)
            written = re.sub(r"^rate\.[a-z]+", "rate", here)
            title = f"`[[{written}]]`" if get_origin(field.annotation) is tuple else f"`[{written}]`"
            if len(inner) > 1:  # one key, sections of several kinds
                kind = get_args(found.model_fields["kind"].annotation)[0]
                here, title = f"{here}.{kind}", f'{title}，`kind = "{kind}"`'
            yield from _sections(here, title, found)
    if model is Totals:
        yield "total", "登记总数的写法", Total


def _keys(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """Return the keys that a section holds itself; the top of a file is told without its sections."""
    keys = [(field.alias or name, field) for name, field in model.model_fields.items() if name not in HIDDEN]
    return [(name, field) for name, field in keys if model is not Design or not _models(field.annotation)]


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models(part)]


def _path(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


SECTIONS = list(_sections("", "文件开头", Design))


# -- one key -----------------------------------------------------------------------------------------------------


def _keys_table(path: str, model: type[BaseModel]) -> str:
    rows = [[f"`{name}`", MEANINGS[_path(path, name)], _written(field), _default(field)] for name, field in _keys(model)]
    return _table(["键", "含义", "写法", "默认"], rows)


def _written(field: FieldInfo) -> str:
    models = _models(field.annotation)
    if models:
        return "登记总数" if models[0] is Total else "小节，见下"
    return _type(field.annotation, field.metadata)


def _type(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """Return how values of a type are written, in Chinese."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        said = parts[1:]
        inner = [each for part in said for each in (part.metadata if isinstance(part, FieldInfo) else [part])]
        return _type(parts[0], [*inner, *metadata])
    if origin is Literal:
        return "、".join(f"`{part}`" if isinstance(part, int) else f'`"{part}"`' for part in parts)
    if origin is tuple:
        return "文字，或几个文字 `[…]`"
    if origin is dict:
        value = parts[1]
        return f"对照表 `{{ … = … }}`，右边为{_type(value)}"
    if origin in (Union, types.UnionType):
        return "；或".join(_type(part) for part in parts if part is not type(None))
    return TYPES[annotation] + _limits(metadata)


def _limits(metadata: Sequence[Any]) -> str:
    signs = {"gt": "大于", "ge": "不小于", "lt": "小于", "le": "不大于"}
    found = [(word, getattr(limit, sign, None)) for limit in metadata for sign, word in signs.items()]
    said = [f"{word} {number:g}" for word, number in found if number is not None]
    return f"，{'、'.join(said)}" if said else ""


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.is_required():
        return "必填"
    if isinstance(value, tuple):
        shown = [each or "（空）" for each in value]
        return f"`{json.dumps(shown, ensure_ascii=False)}`" if value else "无"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if value is None or value in ("", {}):
        return "无"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value:g}`"


# -- the tables of methods ------------------------------------------------------------------------------------------


def _selection_table() -> str:
    heads = ["`method`", "名称", "抽中谁取决于", "个数固定", "概率与所写一致", "两个单位同时入样的概率", "名单改动后多数不变", "方差公式"]
    rows = [
        [
            f"`{m.name}`", m.title, READS[m.reads], SAYS[m.fixed_size], SAYS[m.exact_pi], JOINT[m.joint],
            SAYS[m.coordinates], VARIANCE[m.variance],
        ]
        for m in selection.METHODS.values()
    ]  # fmt: skip
    return f"## 抽样方法表\n\n用在 `[[stage]]` 的 `method`。\n\n{_table(heads, rows)}\n"


def _interval_table() -> str:
    rows = [
        [f"`{name}`", m.text, "要" if m.needs_df else "不要"]
        for name, m in intervals.METHODS.items()
    ]
    told = (
        "报告中的率一律用 `kg-m`（见 [methods.md](methods.md)），设计文件不能换；在笔记本里比较时写 "
        "`estimate.interval(method=\"…\")` 或 `evalkit.intervals.proportion(…, method=\"…\")`。"
    )
    return f"## 区间方法表\n\n{told}\n\n{_table(['名称', '做法', '自由度'], rows)}\n"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(design_page(), encoding="utf-8")
