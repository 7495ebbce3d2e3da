"""What came of a verification."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.showing import Rows, Shown


@dataclass(frozen=True)
class Verification(Shown):
    """What a certificate states against what a new draw gives.

    Parameters
    ----------
    checked : tuple of str
        Names of the stages that were drawn again.
    differences : tuple of str
        Where, what the certificate states, what was found.
    unchecked : tuple of str
        What the certificate states and was not checked, and what is needed for it.
    certificate : str
        SHA-256 that the certificate states.
    beyond : tuple of str
        What no new draw can check: where the seed came from.
    """

    checked: tuple[str, ...]
    differences: tuple[str, ...]
    unchecked: tuple[str, ...]
    certificate: str
    beyond: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Return whether nothing differs in what was checked."""
        return not self.differences

    @property
    def complete(self) -> bool:
        """Return whether everything a new draw can check was checked."""
        return not self.unchecked

    @property
    def _outcome(self) -> str:
        found = f"{len(self.differences)} 处不一致"
        if self.complete:
            return "与重抽结果一致" if self.ok else found
        return f"部分核对，{'已核对的部分与重抽结果一致' if self.ok else found}"

    def text(self) -> str:
        """Return the outcome in full, one line each."""
        lines = [f"凭证 {self.certificate[:12]}：{self._outcome}", f"已核对阶段：{'、'.join(self.checked) or '无'}"]
        lines += [f"  不一致｜{difference}" for difference in self.differences]
        lines += [f"  未核对｜{gap}" for gap in self.unchecked]
        return "\n".join(lines + [f"  无法核对｜{claim}" for claim in self.beyond])

    def _rows_shown(self) -> Rows:
        told = (("不一致", self.differences), ("未核对", self.unchecked), ("无法核对", self.beyond))
        return Rows(("结果", "在哪里"), [(word, each) for word, found in told for each in found], 2)

    def __repr__(self) -> str:
        outcome = self._outcome if self.ok else f"{self._outcome}，首处：{self.differences[0]}"
        gap = f"；未核对：{'；'.join(self.unchecked)}" if self.unchecked else ""
        return f"Verification 凭证 {self.certificate[:12]}，已核对 {'、'.join(self.checked) or '无'}：{outcome}{gap}"
