"""The steps of an evaluation: each reads what the last one wrote, and can be repeated without harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from evalkit.certificate import Certificate
from evalkit.design import Design, read_design
from evalkit.errors import HEADER, DrawError, EvalkitError, Fault, FieldworkError
from evalkit.evaluation.assembly import assemble
from evalkit.evaluation.folder import Folder
from evalkit.fieldwork import read_rosters, write_lists
from evalkit.findings import determine
from evalkit.frame import Frame
from evalkit.ledger import Ledger
from evalkit.rates import measure
from evalkit.report import write_report
from evalkit.responses import Responses, collect
from evalkit.sample import Sample, draw, draw_next
from evalkit.sheets import write_csv
from evalkit.survey import weigh
from evalkit.tables import Results
from evalkit.verification import verify

Said = tuple[str, ...]
Noun = TypeVar("Noun")
SHOWN = 20  # faults printed; the table has all


@dataclass(frozen=True)
class Evaluation:
    """One evaluation in one folder.

    Parameters
    ----------
    path : str or pathlib.Path
        The folder, as `begin` (``evalkit init``) laid it out.

    Notes
    -----
    Every step returns two lines that say what it did. The draw is a pure function of frame, design
    and seed, so no step stores a sample: each draws it again and compares it with the certificate.
    """

    path: str | Path

    @cached_property
    def folder(self) -> Folder:
        """The layout of the folder."""
        return Folder(Path(self.path))

    @cached_property
    def design(self) -> Design:
        """The design, read from ``design.toml``."""
        return read_design(self.folder.design)

    @cached_property
    def frame(self) -> Frame:
        """The frame, read from ``frame/``."""
        return Frame.from_design(self.design, path=self.folder.frame(self.design.frame.file))

    @cached_property
    def _made(self) -> dict[str, tuple[Any, Any]]:
        return {}

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger of what was done."""
        return Ledger(self.folder.ledger)

    def check(self) -> tuple[Said, bool]:
        """Check frame, rosters and returns; write one table of all faults.

        Returns
        -------
        said : tuple of str
        clean : bool
            Whether nothing was found that stops a later step.
        """
        fatal = {"名单": _faults_of(lambda: self.frame), "名册": _faults_of(self._rosters)}
        advice: tuple[Fault, ...] = ()
        if self.folder.certificate.exists() and self.folder.tables("returns") and not any(fatal.values()):
            fatal["回收表"] = _faults_of(lambda: determine(self.responses()))
            advice = () if fatal["回收表"] else determine(self.responses()).faults
        found = [(table, fault) for table, faults in fatal.items() for fault in faults]
        path = self.folder.part("results") / "check.csv"
        rows = [(table, *_cells(fault)) for table, fault in [*found, *(("回收表", fault) for fault in advice)]]
        write_csv(pd.DataFrame(rows, columns=["表", *HEADER]), path)
        shown = [f"  {table}：{fault.line()}" for table, fault in found[:SHOWN]]
        head = f"检查：{len(found)} 处须改正，{len(advice)} 处须留意"
        return (head, *shown, f"全部列在 results/{path.name}"), not found

    def draw(self, seed: str | None = None, reason: str | None = None) -> Said:
        """Draw the villages and write the certificate.

        Parameters
        ----------
        seed : str, optional
            Digits made in public; else ``draw/ceremony.toml``, else the seed of a specimen.
        reason : str, optional
            Why a draw that was already made is made anew with another seed; it goes into the ledger.
        """
        chosen, origin = self._seed(seed)
        sample = draw(self.frame, self.design, seed=chosen, seed_origin=origin)
        self._refuse_second_draw(sample, reason)
        if not self._same_draw(sample):
            self._save(sample)
        said = {"design": self.design.hash, "seed_origin": origin, "reason": reason or ""}
        self.ledger.append("draw", sample.certificate.fingerprint, said)
        return (
            f"抽村：{len(self.frame.units)} 个村中抽取 {len(sample.villages)} 个，名单与设计的指纹已写入凭证",
            f"凭证 draw/certificate.json，指纹 {self._saved().sha256}；现场结束前只公布指纹",
        )

    def rosters(self, *files: str) -> Said:
        """Take household rosters as they arrive and draw the households of their villages."""
        self.folder.take("rosters", files)
        sample = self.sample()
        self._refuse_changed_rosters(sample)
        self._save(sample)
        arrived = len(sample.villages) - len(sample.pending)
        self.ledger.append("rosters", sample.certificate.sha256, {"villages": arrived})
        drawn = sample.table("household")
        mains = int((drawn["role"] == "main").sum())
        named = "、".join(sample.pending[:5]) + ("…" if len(sample.pending) > 5 else "")
        waiting = f"，尚缺 {len(sample.pending)} 村：{named}" if sample.pending else "，名册已齐"
        return (
            f"名册：{arrived} 个村到齐，抽取 {mains} 户，备用 {len(drawn) - mains} 户{waiting}",
            f"凭证已续写，指纹 {sample.certificate.sha256}",
        )

    def lists(self) -> Said:
        """Write one workbook a village: drawn households and sealed reserves."""
        sample = self._agreed_sample()
        self.folder.clear("lists")
        paths = write_lists(sample, self.folder.part("lists"))
        return f"名单：{len(paths)} 份文件写入 lists/", "备用户按密封顺序启用，启用须记原因；证件号码已遮盖"

    def collect(self, *files: str) -> Said:
        """Take returns and hold them against the sample."""
        self.folder.take("returns", files)
        responses = self.responses()
        table = responses.table()
        plain = [c for c in ("village", "household", "stratum", "persons", "role", "order", "disposition", "status") if c in table]
        write_csv(table[plain], self.folder.part("results") / "responses.csv")
        self.ledger.append("collect", self._saved().sha256, {"rows": len(table), "complete": int(table["complete"].sum())})
        return (
            f"回收：{len(table)} 户有结果，完成 {int(table['complete'].sum())} 户，启用备用 {int((table['role'] == 'reserve').sum())} 户",
            f"{len(responses.faults)} 处须留意，键入 evalkit check 列出；核对表 results/responses.csv",
        )

    def estimate(self) -> Said:
        """Make every rate with its interval, every verdict, and the tables of the report."""
        responses = self.responses()
        findings = determine(responses)
        survey = weigh(findings)
        rosters = self._rosters()
        rates = measure(survey, self.design, self.frame, rosters)
        results = assemble(self.design, self.frame, responses, findings, survey, rates, rosters, self._saved())
        results.save(self.folder.part("results"))
        self.ledger.append("estimate", self._saved().sha256, {"conclusion": results.facts["conclusion"]["sentence"]})
        return (
            f"估计：{len(rates)} 个指标，{len(results.tables['gates'])} 道门槛，表写入 results/",
            f"结论：{results.facts['conclusion']['sentence']}",
        )

    def report(self) -> Said:
        """Write the report in its four forms from ``results/``."""
        if not (self.folder.root / "results" / "facts.json").exists():
            raise EvalkitError("results/｜还没有估计结果｜先键入 evalkit estimate")
        paths = write_report(Results.load(self.folder.root / "results"), self.folder.part("report"))
        names = "、".join(path.name for path in paths)
        return f"报告：{names}", f"在 {self.folder.part('report')}；Word 为正式文本，PDF、HTML 供阅览，Excel 为全部表格"

    def verify(self) -> tuple[Said, bool]:
        """Draw again from frame and rosters and hold the result against the certificate."""
        rosters = self._rosters()
        verification = verify(self._saved(), self.frame, rosters if len(rosters) else None)
        return tuple(verification.text().splitlines()), verification.ok

    def sample(self) -> Sample:
        """Return the sample, drawn again from frame, design, seed and the rosters that have arrived."""
        return self._once("sample", [self.folder.certificate, *self.folder.tables("rosters")], self._drawn)

    def _drawn(self) -> Sample:
        saved = self._saved()
        sample = draw(self.frame, self.design, seed=saved.seed, seed_origin=saved.seed_origin)
        if (sample.certificate.fingerprint, sample.certificate.design_hash) != (saved.fingerprint, saved.design_hash):
            raise FieldworkError("名单或设计在抽样之后改动过｜应与凭证中的指纹一致｜恢复抽样时的文件，或键入 evalkit verify 查看差别")
        rosters = self._rosters()
        return draw_next(sample, rosters) if len(rosters) else sample

    def responses(self) -> Responses:
        """Return the returns that lie in ``returns/``, held against the sample."""
        files = self.folder.tables("returns")
        if not files:
            raise FieldworkError("returns/｜没有回收表｜把回收表放入 returns/，或键入 evalkit collect 文件夹 文件")
        sample = self._agreed_sample()
        return self._once("responses", [self.folder.certificate, *files], lambda: collect(sample, files))

    def _rosters(self) -> pd.DataFrame:
        files = self.folder.tables("rosters")
        return self._once("rosters", files, lambda: read_rosters(files, self.design))

    def _once(self, what: str, files: list[Path], make: Callable[[], Noun]) -> Noun:
        """Make a noun again only when one of its files has changed since it was last made."""
        state = tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files if path.exists())
        if what not in self._made or self._made[what][0] != state:
            self._made[what] = (state, make())
        made: Noun = self._made[what][1]
        return made

    def _agreed_sample(self) -> Sample:
        sample = self.sample()
        if sample.certificate.sha256 != self._saved().sha256:
            raise FieldworkError("rosters/ 与凭证不一致｜名册有增减或改动｜先键入 evalkit rosters")
        return sample

    def _saved(self) -> Certificate:
        if not self.folder.certificate.exists():
            raise FieldworkError("draw/certificate.json｜还没有抽样｜先键入 evalkit draw")
        return Certificate.load(self.folder.certificate)

    def _save(self, sample: Sample) -> None:
        self.folder.part("draw")
        sample.certificate.save(self.folder.certificate)
        if sample.certificate.rosters:
            sample.certificate.save_annex(self.folder.annex)
        write_csv(sample.table("village"), self.folder.root / "draw" / "villages.csv")

    def _seed(self, seed: str | None) -> tuple[str, str]:
        if seed:
            return seed, "由操作者给定"
        ceremony = self.folder.ceremony()
        if ceremony:
            return ceremony[0], f"公开仪式：{ceremony[1]}"
        if self.design.specimen:
            return self.design.specimen.seed, "样例自带"
        raise DrawError("种子｜没有种子｜键入 --seed 加至少 20 位公开产生的数字，或写 draw/ceremony.toml（seed 与 how 两行）")

    def _same_draw(self, sample: Sample) -> bool:
        if not self.folder.certificate.exists():
            return False
        saved, new = self._saved(), sample.certificate
        return (saved.seed, saved.fingerprint, saved.design_hash) == (new.seed, new.fingerprint, new.design_hash)

    def _refuse_second_draw(self, sample: Sample, reason: str | None) -> None:
        if not self.folder.certificate.exists() or self._same_draw(sample):
            return
        if not reason:
            remedy = "恢复原样；确需重抽时加 --reason 说明理由，理由记入台账"
            raise DrawError(f"draw/certificate.json｜已经抽过，而种子、名单或设计不同｜{remedy}")
        if self.folder.tables("returns"):
            raise DrawError("returns/ 中已有回收表｜调查开始后不能重抽｜另建一个文件夹")

    def _refuse_changed_rosters(self, sample: Sample) -> None:
        before, now = self._saved().rosters, sample.certificate.rosters
        changed = sorted(village for village in before if now.get(village) != before[village])
        if changed:
            raise FieldworkError(f"{'、'.join(changed[:10])}｜这些村的名册在抽户之后改动或移走了｜恢复抽户时的名册文件")


def _cells(fault: Fault) -> tuple[object, ...]:
    return (fault.row, fault.column, fault.value, fault.rule, fault.remedy)


def _faults_of(step: Callable[[], object]) -> tuple[Fault, ...]:
    try:
        step()
    except EvalkitError as refusal:
        return tuple(getattr(refusal, "faults", ())) or (Fault(None, "", "", str(refusal), "改正后重试"),)
    return ()
