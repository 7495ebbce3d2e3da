"""The steps of an evaluation: each reads what the last one wrote, and can be repeated without harm."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from evalkit.casework import cases
from evalkit.certificate import Certificate
from evalkit.design import Design, read_design
from evalkit.errors import EvalkitError, Fault, FieldworkError, grouped_lines
from evalkit.evaluation.annex import screened, write_annex
from evalkit.evaluation.assembly import Drawing
from evalkit.evaluation.chosen import gather
from evalkit.evaluation.folder import Folder
from evalkit.evaluation.guards import (
    SEED_DIGITS,
    chosen_seed,
    made_from,
    plan_changes,
    refuse_changed_plan,
    refuse_changed_rosters,
    refuse_edited_certificate,
    refuse_foreign_draw,
    refuse_second_draw,
    refuse_stale_results,
    refuse_unannounced,
    refuse_unsound_totals,
    seed_changes,
    was_issued,
)
from evalkit.evaluation.registers import from_register
from evalkit.evaluation.telling import limits_told
from evalkit.fieldwork import read_rosters, write_form, write_lists
from evalkit.findings import Findings, determine, unjudged
from evalkit.frame import Frame
from evalkit.ledger import Ledger
from evalkit.patience import Progress
from evalkit.privacy import Key, read_key
from evalkit.report import write_report
from evalkit.responses import Responses, collect
from evalkit.sample import Sample, draw, draw_next
from evalkit.screening import Screening
from evalkit.sheets import sweep, write_csv
from evalkit.showing import Rows, Shown
from evalkit.tables import Results
from evalkit.verification import verify

Said = tuple[str, ...]
Noun = TypeVar("Noun")
SHOWN = 20  # villages named in one line
FORM = "回收表（待填）.xlsx"


@dataclass(frozen=True)
class Evaluation(Shown):
    """One evaluation in one folder.

    Parameters
    ----------
    path : str or pathlib.Path
        The folder, as `begin` (``evalkit init``) laid it out.
    progress : callable, optional
        Told a line a file or village, by the steps that go through many.

    Notes
    -----
    Every step returns two lines that say what it did. The draw is a pure function of frame, design
    and seed, so no step stores a sample: each draws it again and compares it with the certificate.
    """

    path: str | Path
    progress: Progress | None = field(default=None, repr=False, compare=False)

    @cached_property
    def folder(self) -> Folder:
        """The layout of the folder; unfinished files of a step that was killed are swept away first."""
        sweep(Path(self.path))
        return Folder(Path(self.path))

    @cached_property
    def design(self) -> Design:
        """The design, read from ``design.toml``."""
        return read_design(self.folder.design)

    @cached_property
    def frame(self) -> Frame:
        """The frame, read from ``frame/``."""
        return self._listed()

    @cached_property
    def _made(self) -> dict[str, tuple[Any, Any]]:
        return {}

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger of what was done; one that was edited is refused."""
        ledger = Ledger(self.folder.ledger)
        ledger.refuse_if_edited()
        return ledger

    def check(self) -> tuple[Said, bool]:
        """Check frame, rosters and returns; write one table of all faults.

        Returns
        -------
        said : tuple of str
        clean : bool
            Whether nothing was found that stops a later step.
        """
        _ = self.design  # without one there is nothing to check, and nothing is written
        fatal = {"名单": _faults_of(self._listed)}
        if not fatal["名单"]:
            fatal["抽样"] = _faults_of(self.trial)
        fatal["名册"] = _faults_of(self._rosters)
        advice: tuple[Fault, ...] = ()
        if self.folder.certificate.exists() and self.folder.tables("returns") and not any(fatal.values()):
            fatal["回收表"] = _faults_of(self.findings)
            advice = () if fatal["回收表"] else self.findings().faults
        found = [(table, fault) for table, faults in fatal.items() for fault in faults]
        noted = [("回收表", fault) for fault in advice]
        for table, screening in self._screened(found):
            found += [(table, fault) for fault in screening.faults("stop")]
            noted += [(table, fault) for fault in screening.faults("ask", "note")]
        paths = write_annex(self.folder.part("results"), found, noted, self.design)
        lines = [line for each in (found, noted) for line in _grouped(each)]
        head = f"检查：{len(found)} 处须改正，{len(noted)} 处须留意"
        return (head, *lines, f"逐行列在 results/{paths[0].name}；质量附件 results/{paths[1].name}"), not found

    def _screened(self, found: list[tuple[str, Fault]]) -> list[tuple[str, Screening]]:
        """Return the declared checks of frame and rosters; what keeps them from being made goes among what was found."""
        try:
            return [(screening.subject, screening) for screening in screened(self.design, self.folder)]
        except EvalkitError as refusal:
            found += [("检查", fault) for fault in refusal.told()]
            return []

    def draw(self, seed: str | None = None, reason: str | None = None) -> Said:
        """Draw the villages and write the certificate.

        Parameters
        ----------
        seed : str, optional
            Digits made in public; else the seed of the ceremony, else the seed of a specimen.
        reason : str, optional
            Why a draw that was already made is made anew, or a seed used that is not the announced ceremony's; it goes into
            the ledger.
        """
        chosen, origin = chosen_seed(seed, self.folder, self.design)
        refuse_unsound_totals(self.frame, self.design)
        sample = draw(self.frame, self.design, seed=chosen, seed_origin=origin, earlier=self.folder.earlier())
        if not self._same_draw(sample):
            said = {"certificate": sample.certificate.sha256, "design": self.design.hash, "seed_origin": origin, "reason": reason or ""}
            if not was_issued(self.ledger, sample.certificate):
                refuse_unannounced(self.folder, self.ledger, sample, given=bool(seed), reason=reason)
                if self.folder.certificate.exists() or self.ledger.entries("draw"):
                    refuse_second_draw(self.folder, reason)
                    self.folder.set_aside_draw()
                self.ledger.append("draw", sample.certificate.fingerprint, said)
            self._save(sample)
        return (
            f"抽村：{len(self.frame.units)} 个村中抽取 {len(sample.villages)} 个，名单与设计的指纹已写入凭证{self._rounds()}",
            f"凭证 draw/certificate.json，指纹 {self.saved().sha256}；现场结束前只公布指纹",
            *limits_told(sample),
        )

    def rosters(self, *files: str) -> Said:
        """Take rosters as they arrive, or else from the register; one that cannot be drawn from is refused and not kept."""
        with tempfile.TemporaryDirectory() as desk:
            return self._take(self.folder.fitting("rosters", files or from_register(self, Path(desk))))

    def _take(self, fresh: list[Path]) -> Said:
        drawn = self._first(Certificate.load(self._certificate()))
        refuse_foreign_draw(drawn.certificate, self.ledger)
        arriving = [*self.folder.tables("rosters"), *fresh]
        handed = self._read(arriving, drawn.villages)
        sample = draw_next(drawn, handed, progress=self.progress) if len(handed) else drawn
        arrived = len(sample.villages) - len(sample.pending)
        if not was_issued(self.ledger, sample.certificate):
            refuse_changed_rosters(self.saved(), sample.certificate)
            self.folder.keep("rosters", fresh)
            self.ledger.append("rosters", "", {"certificate": sample.certificate.sha256, "villages": arrived})
        self._save(sample)
        households = sample.table("household")
        mains = int((households["role"] == "main").sum())
        return (
            f"名册：{arrived} 个村到齐，抽取 {mains} 户，备用 {len(households) - mains} 户，{_waiting(sample)}",
            f"凭证已续写，指纹 {sample.certificate.sha256}",
            *limits_told(sample),
        )

    def lists(self) -> Said:
        """Write one workbook a village: drawn households and sealed reserves."""
        sample = self.agreed_sample()
        with tempfile.TemporaryDirectory() as place:
            made = [*write_lists(sample, place, progress=self.progress), write_form(sample, Path(place) / FORM)]
            self._drop_unfilled(made)
            for path in made:
                self.ledger.append("list", path.name, {"list": hashlib.sha256(path.read_bytes()).hexdigest()})
            left = self.folder.add("lists", made)
        kept = f"，其中 {left} 份已填写，保持原样" if left else ""
        return (
            f"名单：{len(made)} 份文件在 lists/{kept}",
            f"{FORM} 已填好样本户，供录入；备用户按密封顺序启用，启用须记原因；证件号码已遮盖",
        )

    def _drop_unfilled(self, made: list[Path]) -> None:
        """Remove what an earlier step wrote and nobody has filled in since, so that it is written anew with the later villages."""
        for path in made:
            there, noted = self.folder.root / "lists" / path.name, self.ledger.last("list", path.name)
            if there.exists() and noted and noted.detail["list"] == hashlib.sha256(there.read_bytes()).hexdigest():
                there.unlink()

    def collect(self, *files: str) -> Said:
        """Take returns and hold them against the sample."""
        fresh = self.folder.fitting("returns", files)
        sample = self.agreed_sample()
        whole = [*self.folder.tables("returns"), *fresh]
        read = partial(collect, sample, whole, key=self._key(), resolved=self.resolved(), progress=self.progress)
        responses = read() if fresh else self.responses()
        self.folder.keep("returns", fresh)
        table, counts = responses.table(), responses.completion("village")
        plain = [c for c in ("village", "household", "stratum", "persons", "role", "order", "disposition", "status") if c in table]
        write_csv(table[plain], self.folder.part("results") / "responses.csv")
        complete, used = int(table["complete"].sum()), int((table["role"] == "reserve").sum())
        self.ledger.append("collect", self.saved().sha256, {"rows": len(table), "complete": complete})
        pending, empty = int(counts["pending"].sum()), int((counts["pending"] == counts["planned"]).sum())
        missing = f"，尚有 {pending} 户没有结果{f'（其中 {empty} 个村全村未回）' if empty else ''}" if pending else ""
        return (
            f"回收：{len(table)} 户有结果，完成 {complete} 户，启用备用 {used} 户{missing}",
            f"{len(responses.faults)} 处须留意，键入 evalkit check 列出；核对表 results/responses.csv",
        )

    def estimate(self) -> Said:
        """Make every rate with its interval, every verdict, and the tables of the report."""
        findings = self.findings()
        history = Drawing(self.saved(), self.ledger.entries("draw"), made_from(self.folder, self.saved()), self.ledger)
        results = gather(findings, self._rosters(), history)
        results.save(self.folder.part("results"))
        self.ledger.append("estimate", self.saved().sha256, {"conclusion": results.facts["conclusion"]["sentence"]})
        return (
            f"估计：{results.tables['rates']['rate'].nunique()} 个指标，{len(results.tables['gates'])} 道门槛，表写入 results/",
            f"结论：{results.facts['conclusion']['sentence']}",
        )

    def report(self, language: str = "zh") -> Said:
        """Write the report in its four forms from ``results/``, in Chinese or English (``en``)."""
        if not (self.folder.root / "results" / "facts.json").exists():
            raise EvalkitError("results/｜还没有估计结果｜先键入 evalkit estimate")
        results = Results.load(self.folder.root / "results")
        refuse_stale_results(results.facts.get("made_from", {}), made_from(self.folder, self.saved()))
        paths = write_report(results, self.folder.part("report"), language, self.progress)
        names = "、".join(path.name for path in paths)
        return f"报告：{names}", f"在 {self.folder.part('report')}；Word 为正式文本，PDF、HTML 供阅览，Excel 为全部表格"

    def verify(self) -> tuple[Said, bool]:
        """Draw again from frame and rosters and hold the result against the certificate."""
        saved, rosters = Certificate.load(self._certificate()), self._rosters()
        annex = self.folder.annex if self.folder.annex.exists() else None
        given, earlier = rosters if len(rosters) else None, self.folder.earlier()
        verification = verify(saved, self.frame, given, annex=annex, earlier=earlier, progress=self.progress)
        changed = list(plan_changes(saved.plan, self.design.plan())) if self.design.hash != saved.design_hash else []
        differing = [*(f"design.toml 的 {change}" for change in changed), *seed_changes(self.folder, self.ledger, saved)]
        lines = verification.text().splitlines() + [f"  不一致｜{change}" for change in differing]
        return tuple(lines), verification.ok and not differing

    def _listed(self) -> Frame:
        made = self.design.frame.made is not None
        return Frame.from_design(self.design, path=None if made else self.folder.listed(self.design))

    def trial(self) -> Sample:
        """Draw for nothing, so that what a draw would refuse is known while it can be mended."""
        refuse_unsound_totals(self.frame, self.design)
        return draw(self.frame, self.design, seed="0" * SEED_DIGITS, earlier=self.folder.earlier())

    def sample(self) -> Sample:
        """Return the sample, drawn again from frame, design, seed and the rosters that have arrived."""
        return self._once("sample", [self.folder.certificate, *self.folder.tables("rosters")], self._drawn)

    def _drawn(self) -> Sample:
        first, rosters = self._first(self.saved()), self._rosters()
        return draw_next(first, rosters, progress=self.progress) if len(rosters) else first

    def _first(self, saved: Certificate) -> Sample:
        refuse_changed_plan(saved, self.frame, self.design)
        return draw(self.frame, self.design, seed=saved.seed, seed_origin=saved.seed_origin, earlier=self.folder.earlier())

    def responses(self) -> Responses:
        """Return the returns that lie in ``returns/``, held against the sample."""
        files = self.folder.tables("returns")
        if not files:
            raise FieldworkError("returns/｜没有回收表｜把回收表放入 returns/，或键入 evalkit collect 文件夹 文件")
        sample, resolved = self.agreed_sample(), self.resolved()
        make = partial(collect, sample, files, key=self._key(), resolved=resolved, progress=self.progress)
        return self._once(f"responses {sorted(resolved.items())}", [self.folder.certificate, *files], make)

    def resolved(self) -> dict[str, str]:
        """Return which of two rows of a household holds, as the ledger says: ``village/household`` → fingerprint of the row."""
        return {entry.subject: str(entry.detail["seal"]) for entry in self.ledger.entries("resolve")}

    def findings(self) -> Findings:
        """Return what was found in the households that were reached; where the ledger has cases, their status holds."""
        if self.design.criteria is None:
            return unjudged(self.responses())
        log = cases(self.ledger)
        statuses = log.statuses(appealed=self.design.cases.appealed or None) if log.entries else None
        return determine(self.responses(), statuses=statuses)

    def _key(self) -> Key | None:
        """Return the key where the design has columns replaced; it may not lie in the folder."""
        return read_key(outside=self.folder.root) if self.design.privacy.tokens else None

    def _rosters(self) -> pd.DataFrame:
        files = self.folder.tables("rosters")
        return self._once("rosters", files, partial(self._read, files))

    def _read(self, files: list[Path], villages: Collection[str] | None = None) -> pd.DataFrame:
        known = self.frame.directory(self.design.frame.place)
        return read_rosters(files, self.design, villages=villages, known=known, progress=self.progress)

    def _once(self, what: str, files: list[Path], make: Callable[[], Noun]) -> Noun:
        """Make a noun again only when one of its files has changed since it was last made."""
        state = tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files if path.exists())
        if what not in self._made or self._made[what][0] != state:
            self._made[what] = (state, make())
        made: Noun = self._made[what][1]
        return made

    def agreed_sample(self) -> Sample:
        """Return the sample, refused when rosters have changed or arrived since the certificate was written."""
        sample = self.sample()
        refuse_changed_rosters(self.saved(), sample.certificate)
        if sample.certificate.sha256 != self.saved().sha256:
            raise FieldworkError("rosters/ 中有尚未抽户的名册｜应先抽户｜先键入 evalkit rosters")
        return sample

    def _certificate(self) -> Path:
        if not self.folder.certificate.exists():
            raise FieldworkError("draw/certificate.json｜还没有抽样｜先键入 evalkit draw")
        return self.folder.certificate

    def saved(self) -> Certificate:
        """Return the certificate that lies in ``draw/``, refused when it is not the one the ledger noted last."""
        saved = Certificate.load(self._certificate())
        refuse_edited_certificate(saved, self.ledger)
        return saved

    def _save(self, sample: Sample) -> None:
        self.folder.part("draw")
        sample.certificate.save(self.folder.certificate)
        if sample.certificate.rosters:
            sample.certificate.save_annex(self.folder.annex)
        write_csv(sample.table("village"), self.folder.root / "draw" / "villages.csv")

    def _rounds(self) -> str:
        asked = any(stage.repeat == "never" for stage in self.design.stages)
        return f"；以前各轮的凭证 {len(self.folder.earlier())} 份（earlier/）" if asked else ""

    def _same_draw(self, sample: Sample) -> bool:
        if not self.folder.certificate.exists():
            return False
        saved, new = self.saved(), sample.certificate
        alike = (saved.seed, saved.fingerprint, saved.design_hash) == (new.seed, new.fingerprint, new.design_hash)
        return alike and saved.content.get("earlier") == new.content.get("earlier")

    def _rows_shown(self) -> Rows:
        return Rows(("文件夹", "文件"), Folder(Path(self.path)).counts(), 1)


def _waiting(sample: Sample) -> str:
    if not sample.pending:
        return "名册已齐"
    villages = sample.table("village").set_index("unit")["name"]
    named = "、".join(f"{villages[unit]}（{unit}）" for unit in sample.pending[:SHOWN])
    return f"尚缺 {len(sample.pending)} 村：{named}{'……' if len(sample.pending) > SHOWN else ''}"


def _grouped(found: list[tuple[str, Fault]]) -> list[str]:
    tables = dict.fromkeys(table for table, _ in found)
    return [f"  {table}：{line}" for table in tables for line in grouped_lines([fault for name, fault in found if name == table])]


def _faults_of(step: Callable[[], object]) -> tuple[Fault, ...]:
    try:
        step()
    except EvalkitError as refusal:
        return refusal.told()
    return ()
