"""Made-up households: who lives there, how they stand in the registry, and what is true of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit import codes, streams
from evalkit.synthetic.dice import MARK, MARK_COLUMN, Dice

if TYPE_CHECKING:
    from evalkit.design import Design
    from evalkit.design.criteria import Criteria, CriterionRule
    from evalkit.design.judgement import Specimen

Words = pd.api.extensions.ExtensionArray
FLAGS = {  # chance of each flag among households ever in the registry, and among the others
    "低保": (0.35, 0.02),
    "特困": (0.04, 0.003),
    "危房": (0.05, 0.01),
    "大病": (0.22, 0.04),
    "残疾": (0.18, 0.04),
    "独居老人": (0.5, 0.4),  # of those who live alone
    "无劳力": (0.20, 0.05),
    "易地搬迁": (0.06, 0.0),
}
INCOME_PARTS = ("工资性收入", "经营性收入", "转移性收入", "财产性收入")
PART_SHARES = np.array([[0.50, 0.22, 0.25, 0.03], [0.25, 0.20, 0.53, 0.02], [0.58, 0.30, 0.07, 0.05]])  # by kind
ABOVE_LINE = np.array([[1.15, 0.9], [1.05, 0.4], [1.3, 2.2]])  # income over the line: least, and mean of the rest, by kind
OUTCOMES = ("complete", "refusal", "noncontact", "ineligible")
EXITED, REGISTERED, OUTSIDE = range(3)
STILL_POOR = 0.7  # share of the registered, not exited households that do fall short of the criteria
HAS_EXCLUSION = np.array([0.02, 0.0, 0.06])  # chance of each exclusion fact where it changes no finding, by kind
COUNTED = 0.01  # share that a rate of answers counts where the specimen says nothing of it
ONE_PERSON_MISSED = 0.3  # share of missed households in which one member only was left out
NO_PLACE = 110000  # address code of the identity numbers: a whole province, which no real number carries
FIRST_BIRTH, BIRTH_SPAN = np.datetime64("1938-01-01"), 18000
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "某甲乙丙丁戊己庚"
CHECK_LETTERS = np.array(list(codes.CHECKS))


def kinds(dice: Dice, factors: NDArray[np.float64], specimen: Specimen) -> NDArray[np.int64]:
    """Return 0 exited, 1 registered, 2 outside for each household; `factors` raise a village's registry shares."""
    uneven = dice.spread(factors * np.exp(0.25 * streams.normal(dice.per_village("registry share")) - 0.25**2 / 2))
    if specimen.exited_share + specimen.remaining_share >= 1:  # everybody is in the registry, in every village
        uneven = np.ones_like(uneven)
    exited = np.minimum(specimen.exited_share * uneven, max(0.9, specimen.exited_share))
    registered = np.minimum(specimen.remaining_share * uneven, max(0.6, specimen.remaining_share))
    u = dice.per_household("kind")
    return np.where(u < exited, EXITED, np.where(u < exited + registered, REGISTERED, OUTSIDE))


def persons(dice: Dice, specimen: Specimen) -> NDArray[np.int64]:
    """Return the persons of each household: 1 plus a binomial number, with the stated mean."""
    trials = max(9, int(np.ceil(2 * (specimen.persons - 1))))
    return 1 + streams.binomial(dice.per_household("persons"), trials, (specimen.persons - 1) / trials)


def strata(dice: Dice, kind: NDArray[np.int64], design: Design) -> Words:
    """Return the stratum of each household in the design's words; a kind with several is dealt out as `[planning] types` says."""
    types = design.planning.types if design.planning else {}
    u = dice.per_household("stratum")
    names: list[str] = []
    place = np.empty(len(kind), dtype=np.int64)
    for code, words in enumerate(_strata_of_kinds(design)):
        mine = kind == code
        weights = [types.get(word, 0.0) for word in words]
        even = (u[mine] * len(words)).astype(np.int64)
        place[mine] = len(names) + (streams.pick(u[mine], weights) if len(words) > 1 and all(weights) else even)
        names += words
    return worded(names, place)


def worded(words: Sequence[str], place: NDArray[Any]) -> Words:
    """Return the word at each place as a column of text; pandas is told what it is, and need not look at each cell to find out."""
    return pd.array(words, dtype="str").take(np.asarray(place, dtype=np.int64))


def _strata_of_kinds(design: Design) -> tuple[tuple[str, ...], ...]:
    """Return the words of each kind of households; where nothing is judged, of all of them."""
    if design.criteria is not None:
        return design.criteria.exited, design.criteria.registered, design.criteria.outside
    named = design.roster_stages[-1].named_strata if design.roster_stages else ()
    return (named or (tuple(design.planning.types) if design.planning else ()) or ("住户",),) * 3


def details(dice: Dice, factors: NDArray[np.float64], design: Design) -> pd.DataFrame:
    """Return every household with its true state, one row each, villages in the order of `dice`.

    Columns: village, household, stratum, persons, head, id_number, address, 脱贫年度 and the flags, the income
    parts and the design's income, guarantee, exclusion and approval columns, and what only the maker of the
    data can know: truth (finding code or ""), affected, outcome, settled (status of a raised case).
    """
    assert design.specimen is not None
    kind, size = kinds(dice, factors, design.specimen), persons(dice, design.specimen)
    truth = _truth(dice, kind, design)
    columns: dict[str, object] = {
        **_identity(dice),
        "stratum": strata(dice, kind, design),
        "persons": size,
        **_standing(dice, kind, size, design.evaluation.year),
        **(_means(dice, kind, size, truth, design) | _facts(dice, kind, truth, design) if design.criteria else {}),
        **_opinions(dice, design),
        "truth": truth,
        "affected": _affected(dice, size, truth, design),
        "outcome": _outcome(dice, design.specimen),
        "settled": _settled(dice, truth, design.specimen),
        MARK_COLUMN: MARK,
    }
    return pd.DataFrame(columns, copy=False)


def identity_numbers(day: NDArray[np.int64], serial: NDArray[np.int64]) -> list[str]:
    """Return numbers that pass the check of GB 11643 and belong to nobody: their address code is a whole province.

    Parameters
    ----------
    day : ndarray of int
        Days of birth, counted from 1938-01-01.
    serial : ndarray of int
        1 to 999.

    Examples
    --------
    >>> identity_numbers(np.array([0]), np.array([1]))
    ['110000193801010014']
    """
    birth = (FIRST_BIRTH + day.astype("timedelta64[D]")).astype("datetime64[D]")
    year, month = birth.astype("datetime64[Y]"), birth.astype("datetime64[M]")
    date = (year.astype(np.int64) + 1970) * 10000 + ((month - year).astype(np.int64) + 1) * 100 + (birth - month).astype(np.int64) + 1
    body = NO_PLACE * 10**11 + date * 1000 + serial
    total = sum(weight * (body // 10 ** (16 - place) % 10) for place, weight in enumerate(codes.WEIGHTS))
    return [f"{number}{letter}" for number, letter in zip(body.tolist(), CHECK_LETTERS[total % 11].tolist(), strict=True)]


def _identity(dice: Dice) -> dict[str, object]:
    position = np.concatenate([np.arange(size) for size in dice.sizes]) if len(dice.sizes) else np.empty(0, np.int64)
    surname, given = dice.per_household("surname"), dice.per_household("given name")
    day, serial = dice.per_household("birth") * BIRTH_SPAN, 1 + dice.per_household("serial") * 999
    largest = int(dice.sizes.max(initial=0))
    name = (surname * len(SURNAMES)).astype(int) * len(GIVEN) + (given * len(GIVEN)).astype(int)
    return {
        "village": worded(dice.villages, np.repeat(np.arange(len(dice.sizes)), dice.sizes)),
        "household": worded([f"{number:04d}" for number in range(1, largest + 1)], position),
        "head": worded([f"{surname}某{given}" for surname in SURNAMES for given in GIVEN], name),
        "id_number": identity_numbers(day.astype(np.int64), serial.astype(np.int64)),
        "address": worded([f"{number}组" for number in range(1, largest // 60 + 2)], position // 60),
    }


def _standing(dice: Dice, kind: NDArray[np.int64], size: NDArray[np.int64], year: int) -> dict[str, object]:
    years = [str(y) for y in range(min(2014, year), year + 1)]
    exit_year = streams.pick(dice.per_household("exit year"), np.arange(1, len(years) + 1))
    ever = kind != OUTSIDE
    columns: dict[str, object] = {"脱贫年度": worded(["", *years], np.where(kind == EXITED, 1 + exit_year, 0))}
    for flag, (inside, others) in FLAGS.items():
        hit = dice.per_household(flag) < np.where(ever, inside, others)
        columns[flag] = worded(("否", "是"), hit & (size == 1) if flag == "独居老人" else hit)
    return columns


def _truth(dice: Dice, kind: NDArray[np.int64], design: Design) -> NDArray[np.object_]:
    """Return the finding that is true of each household, or "": clustered by village with the stated correlation."""
    assert design.specimen is not None
    if design.criteria is None:
        return np.full(len(kind), "", dtype=object)
    stated = {"wrong_exit": EXITED, "missed": OUTSIDE} | ({"misidentified": REGISTERED} if _worded(design.criteria, "exclusion") else {})
    if design.criteria.overstay and design.specimen.overstayed:
        stated = {"overstayed": REGISTERED} | stated
    truth = np.full(len(kind), "", dtype=object)
    for finding, code in stated.items():
        truth[(kind == code) & dice.happens(finding, getattr(design.specimen, finding), design.specimen.icc)] = finding
    return truth


def _shortfalls(
    dice: Dice, kind: NDArray[np.int64], truth: NDArray[np.object_], everybody: bool
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say for each household whether its income is below the line and whether a guarantee is not met.

    Where 漏退 is looked for, `everybody` who is still registered rightly falls short.
    """
    poor = (truth == "wrong_exit") | (truth == "missed")
    poor |= (kind == REGISTERED) & (truth == "") & ((dice.per_household("still poor") < STILL_POOR) | everybody)
    cause = dice.per_household("cause")
    return poor & (cause < 0.5), poor & (cause > 0.35)


def _means(
    dice: Dice, kind: NDArray[np.int64], size: NDArray[np.int64], truth: NDArray[np.object_], design: Design
) -> dict[str, object]:
    """Return income parts in yuan a household, income a person, and the guarantees in the design's words."""
    criteria = design.criteria
    assert criteria is not None
    low, unmet = _shortfalls(dice, kind, truth, everybody=criteria.overstay)
    least, more = ABOVE_LINE[kind].T
    u = dice.per_household("income")
    goal = criteria.line * np.where(low, 0.45 + 0.5 * u, least + more * streams.exponential(u)) * size
    weights = PART_SHARES[kind] * np.array([0.5 + dice.per_household(part) for part in INCOME_PARTS]).T
    parts = np.rint(goal[:, None] * weights / weights.sum(axis=1, keepdims=True)).astype(np.int64)
    columns: dict[str, object] = {part: parts[:, i] for i, part in enumerate(INCOME_PARTS)}
    columns[criteria.income] = np.round(parts.sum(axis=1) / size, 2)
    rules = _worded(criteria, "guarantee")
    first = streams.pick(dice.per_household("which guarantee"), np.arange(max(1, len(rules)), max(2, 2 * len(rules))))
    for i, rule in enumerate(rules):
        second = dice.per_household(rule.name) < 0.08
        columns[rule.heading] = worded((rule.allowed[0], rule.against[0]), unmet & ((first == i) | second))
    return columns | _sound(len(kind), criteria)


def _worded(criteria: Criteria, kind: str) -> list[CriterionRule]:
    """Return the items of one kind that are answered in words."""
    return [rule for rule in criteria.rules() if rule.kind == kind and not rule.numeric]


def _sound(rows: int, criteria: Criteria) -> dict[str, object]:
    """Return the columns that nothing is made up for: numbers within their limits, nobody left out, every item asked."""
    columns: dict[str, object] = {column: np.full(rows, words[0]) for rule in criteria.rules() for column, words in rule.when.items()}
    for rule in criteria.rules():
        if rule.numeric:
            most = [limit for limit in (rule.above, rule.at_least) if limit is not None]
            low = rule.below if rule.below is not None else min(most) - 2
            columns[rule.heading] = np.full(rows, (low + min(most)) / 2 if most else low + 1)
    return columns | ({criteria.omitted: np.zeros(rows, dtype=np.int64)} if criteria.omitted else {})


def _facts(dice: Dice, kind: NDArray[np.int64], truth: NDArray[np.object_], design: Design) -> dict[str, object]:
    """Return the exclusion facts in the design's words: one at least where wrongly identified, none where missed."""
    assert design.criteria is not None
    rules = _worded(design.criteria, "exclusion")
    columns: dict[str, object] = {}
    wrong, missed = truth == "misidentified", truth == "missed"
    first = streams.pick(dice.per_household("which exclusion"), np.ones(max(len(rules), 1)))
    for i, rule in enumerate(rules):
        by_chance = dice.per_household(rule.name) < np.where(wrong, 0.15, HAS_EXCLUSION[kind])
        columns[rule.heading] = worded((rule.allowed[0], rule.against[0]), (wrong & (first == i)) | (by_chance & ~missed))
    return columns


def _affected(dice: Dice, size: NDArray[np.int64], truth: NDArray[np.object_], design: Design) -> NDArray[np.int64]:
    """Return the persons a finding is about: all of the household, or one where the returns can say so."""
    whole = np.where(truth == "", 0, size)
    one = (truth == "missed") & (dice.per_household("member") < ONE_PERSON_MISSED)
    return np.where(one & (design.criteria is not None and design.criteria.affected != ""), 1, whole)


def _opinions(dice: Dice, design: Design) -> dict[str, object]:
    """Return the answers to every approval question; the share of approving households is the stated one."""
    assert design.specimen is not None
    columns: dict[str, object] = {}
    for rate in design.rates:
        if not (rate.kind == "approval" or rate.kind == "prevalence") or set(rate.items) <= set(columns):
            continue
        share = design.specimen.shares.get(rate.name, design.specimen.approval if rate.kind == "approval" else COUNTED)
        approving = dice.happens(f"approval {rate.name}", share, design.specimen.icc)
        against = [word for word in (*rate.scale, *rate.dont_know) if word not in rate.approve]
        most = len(rate.items)
        needed = {"majority": (most + 1) // 2, "at-least": most + 1 - (rate.at_least or most), "mean-score": most}.get(rate.rule, 1)
        start = (dice.per_household(f"first against {rate.name}") * len(rate.items)).astype(np.int64)
        for i, item in enumerate(rate.items):
            u, tone = dice.per_household(f"answer {item}"), dice.per_household(f"tone {item}")
            forced = (i - start) % len(rate.items) < needed
            agrees = approving | (~forced & (u < 0.6))
            others = tuple(dict.fromkeys(against))
            place = np.where(agrees, _toned(rate.approve, tone, 0.25), len(rate.approve) + _toned(others, tone, 0.3))
            columns[item] = worded((*rate.approve, *(others or ("",))), place)
    return columns


def _toned(words: tuple[str, ...], u: NDArray[np.float64], decay: float) -> NDArray[np.int64]:
    """Return the place of a word for each number, 0 where there are none: each word `decay` times as likely as the one before it."""
    return streams.pick(u, decay ** np.arange(max(len(words), 1)))


def _outcome(dice: Dice, specimen: Specimen) -> Words:
    lost = (specimen.refusal, specimen.noncontact, specimen.ineligible)
    weights = (max(1 - sum(lost), 0.0), *lost)
    return worded(OUTCOMES, streams.pick(dice.per_household("outcome"), weights))


def _settled(dice: Dice, truth: NDArray[np.object_], specimen: Specimen) -> Words:
    open_share = (1 - specimen.confirmed) / 2
    chosen = streams.pick(dice.per_household("settled"), (specimen.confirmed, open_share, open_share))
    return worded(("", "confirmed", "dismissed", "suspected"), np.where(truth == "", 0, 1 + chosen))
