"""The reference of the design file, written from its models: ``python -m tests.reference`` renews docs/design.md.

Types, limits and defaults are read from `evalkit.design`; what a key means stands in `tests.meanings`, once.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from evalkit import allocation, intervals, selection
from evalkit.design.declarations import Design
from evalkit.design.judgement import Total, Totals
from evalkit.evaluation.guards import SEED_DIGITS
from tests import architecture_rules as law
from tests.meanings import MEANINGS

PAGE = law.ROOT / "docs" / "design.md"
HIDDEN = frozenset({"path"})  # of the model, not of the file

HEAD = """# 设计文件

本页由 `python -m tests.reference` 依 `evalkit/design/` 写成，勿手改。键用英文，值用中文加引号；不认识的键、写错的值都会停下，一次列全。
带注释的样板是 [evalkit/design/template.toml](../evalkit/design/template.toml)，`evalkit init` 会写一份；真实的例子见
[designs/](../designs)。每张表的第四列是不写这个键时的取值，“必填”表示没有默认值。

名单、抽样与备用户三部分（`[frame]` 除文件位置与脚注外，`[[stage]]`，`[reserves]`）决定抽签，抽样之后不能再改；其余各节可以改。
"""
CEREMONY = f"""
## 抽样仪式

种子没有默认值，应在名单与设计定稿、公布指纹之后，当众产生。两种办法都由 evalkit 带着走，每一步记入台账：

```sh
evalkit ceremony announce 某县2024                      # 固定名单与设计，写出供公布的指纹；此后改动会被拒绝
evalkit ceremony secret 县方.json --party 县扶贫办       # 各方自己产生秘密数，文件自己保管，只交出承诺
evalkit ceremony commit 某县2024 县扶贫办 承诺            # 收齐各方承诺（至少两方）
evalkit ceremony reveal 某县2024 县方.json               # 各方公开；与承诺不符即被拒绝；最后一方公开时种子产生，不显示
```

或者当众掷十面骰子：`evalkit ceremony dice 某县2024 "31415 92653 58979 32384" --witness 县扶贫办 --witness 评估组`。
记录在 `draw/ceremony.json`，有承诺的，种子是整个记录（含名单与设计的指纹）的 SHA-256，写成十进制，谁都不能左右；只掷骰子的，种子就是
骰子的数字，在场的人都知道。不能让在场的人算出村名时，评估方先交承诺，再当众掷骰，最后评估方公开：次序是承诺、掷骰、公开。
重算（核对工具也做：脚本加 `--ceremony ceremony.json`，网页有放记录的地方）：承诺是 `名称|secret|salt` 的 SHA-256；
`public/ceremony.json` 去掉 `sha256` 一项，键按字母排列、不留空格、汉字不转义，
写成 JSON，取 SHA-256，就是记录指纹；把它当作十六进制数改写成十进制，左边补 0 到 78 位，就是种子：

```python
import hashlib, json
record = json.load(open("ceremony.json", encoding="utf-8"))
record.pop("sha256")
text = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
print(str(int(hashlib.sha256(text.encode()).hexdigest(), 16)).zfill(78))    # 与 certificate.json 中 seed 的 value 相同
```

每次仪式都用新产生的秘密数；公开过的不能再用。
公告过仪式的评估，另给种子须写理由；另开一次仪式也是。什么防得住、什么防不住，见 [methods.md](methods.md) 的“抽样的监督”。

已用别的办法产生种子的，记成 `draw/ceremony.toml` 两行：

```toml
seed = "31415 92653 58979 32384"    # 至少 {SEED_DIGITS} 位数字，数字之间可以空格
how = "2018年11月3日在县政府会议室由四方各掷十面骰子五次；县扶贫办、评估组、两名村民代表在场"
```

`evalkit draw 文件夹` 先用 `--seed` 给的种子，没有时读仪式的记录；`how` 写入抽样凭证和报告。{SEED_DIGITS} 位数字约合 66 个二进制位，
谁也无法事先逐个试遍。同一种子、名单和设计总是抽出同样的村与户；已经抽过之后换种子，须用 `--reason` 写明理由，理由记入台账和报告；
回收表到了之后不能重抽。
"""
SAYS = {True: "是", False: "否"}
JOINT = {"exact": "准确", "approximate": "近似", "some-zero": "有些为 0"}
TYPES = {str: "文字", int: "整数", float: "数值", bool: "`true` 或 `false`"}
VARIANCE = {
    "srs": "简单随机抽样的", "pps-joint": "由成对概率", "hajek": "Hájek", "successive": "相邻差", "with-replacement": "放回抽样的",
    "local-mean": "邻近平均", "residuals": "回归残差", "poisson": "泊松抽样的", "none": "没有无偏的",
}  # fmt: skip
NEEDS = {"sizes": "`size`", "balance": "`balance`", "places": "`places`", "groups": "`groups`"}
READS = {"tickets": "各单位的签号", "start": "层的签号", "nothing": "不抽签"}


def design_page() -> str:
    """Return docs/design.md as it should read."""
    told = {path: MEANINGS[path].removesuffix("。") for path, _, _ in SECTIONS}
    sections = [f"## {heading}\n\n{told[path]}。\n\n{_keys_table(path, model)}\n" for path, heading, model in SECTIONS]
    return "\n".join([HEAD, *sections, _selection_table(), _allocation_table(), _interval_table(), CEREMONY.removeprefix("\n")])


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
            written = re.sub(r"^(rate|weighting)\.[a-z]+", r"\1", here)
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
        return "文字，或几个文字 `[…]`" if str in parts or not _limits_of_whole(parts[0]) else "整数，或几个整数 `[…]`"
    if origin is dict:
        value = parts[1]
        return f"对照表 `{{ … = … }}`，右边为{_type(value)}"
    if origin in (Union, types.UnionType):
        return "；或".join(_type(part) for part in parts if part is not type(None))
    return TYPES[annotation] + _limits(metadata)


def _limits_of_whole(part: Any) -> bool:
    """Return whether the parts of a tuple are whole numbers."""
    return part is int or (get_origin(part) is Annotated and get_args(part)[0] is int)


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
    heads = [
        "`method`", "名称", "要写", "抽中谁取决于", "看名单次序", "个数固定", "概率与所写一致", "成对概率", "名单改动后多数不变",
        "合适的方差公式",
    ]  # fmt: skip
    rows = [
        [
            f"`{m.name}`", m.title, "、".join(NEEDS[need] for need in m.needs) or "—", READS[m.reads], SAYS[m.ordered], SAYS[m.fixed_size],
            SAYS[m.exact_pi], JOINT[m.joint] + (f"（{m.approximation}）" if m.approximation else ""), SAYS[m.coordinates],
            VARIANCE[m.variance],
        ]
        for m in selection.METHODS.values()
    ]  # fmt: skip
    return f"## 抽样方法表\n\n用在 `[[stage]]` 的 `method`。\n\n{_table(heads, rows)}\n"


def _allocation_table() -> str:
    needs = {"spreads": "`spreads`", "costs": "`costs`", "cvs": "`cvs`"}
    rows = [
        [f"`{m.name}`", m.title, "、".join(needs[need] for need in m.needs) or "—", m.criterion] for m in allocation.METHODS.values()
    ]
    told = "用在 `[stage.allocation]` 的 `rule`；结果是整数，在各层上下限之内使所列的量最小。"
    return f"## 分配规则表\n\n{told}\n\n{_table(['`rule`', '名称', '要写', '使之最小'], rows)}\n"


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
