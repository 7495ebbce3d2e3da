"""Where each way of a table of ways comes from; `tests.method_table` writes it beside the way."""

from __future__ import annotations

DEFINITION = "依定义"
SSW = "Särndal, Swensson & Wretman 1992"
MATEI = "Matei & Tillé 2005"
HF = "Hyndman & Fan 1996"
KG = "Korn & Graubard 1998"
DS = "Deville & Särndal 1992"

SOURCES: dict[str, dict[str, str]] = {
    "selection": {
        "srs": "Fan, Muller & Rezucha 1962", "bernoulli": SSW,
        "systematic": "Murthy & Rao 1988", "systematic-circular": "Murthy & Rao 1988",
        "take-all": DEFINITION, "pareto": "Rosén 1997", "sequential-poisson": "Ohlsson 1998", "poisson": SSW,
        "pps-systematic": "Madow 1949",
        "pps-systematic-random": "Hartley & Rao 1962", "chromy": "Chromy 1979", "pps-wr": "Hansen & Hurwitz 1943",
        "sampford": "Sampford 1967", "cps": "Chen, Dempster & Liu 1994", "brewer": "Brewer 1975", "tille": "Tillé 1996",
        "midzuno": "Deville & Tillé 1998", "cube": "Deville & Tillé 2004", "cube-stratified": "Chauvet 2009",
        "local-pivotal": "Grafström, Lundström & Schelin 2012", "local-cube": "Grafström & Tillé 2013",
    },
    "allocation": {
        "equal": DEFINITION, "proportional": DEFINITION, "neyman": "Neyman 1934", "cost": "Cochran 1977", "power": "Bankier 1988",
        "kish": "Kish 1988",
    },
    "distances": {
        "linear": DS, "raking": DS, "logit": DS, "logit-r": "R sampling", "truncated": DS, "sinh": DS,
    },
    "trimming": {"equal": "R survey", "proportional": "Potter 1990"},
    "caps": {"median-iqr": HF, "median": DEFINITION},
    "replication": {
        "jk1": "Wolter 2007", "jkn": "Wolter 2007", "brr": "McCarthy 1969", "fay": "Judkins 1990", "sdr": "Fay & Train 1995",
        "bootstrap": "Canty & Davison 1999", "rwy": "Rao, Wu & Yue 1992", "preston": "Preston 2009",
        "beaumont-emond": "Beaumont & Émond 2022",
    },
    "singleton": {
        "fail": DEFINITION, **{name: "R survey" for name in ("certainty", "adjust", "average", "remove")}, "collapse": "Wolter 2007",
    },
    "squares": {
        "brewer": "Brewer 2002", "brewer1": "Brewer 2002", "hajek": "Hájek 1964", "deville1": "Hájek 1964", "deville2": "Deville 1999",
        "deville3": "Haziza, Mecatti & Rao 2008", "rosen": "Rosén 1991", "fixed-point": "Deville & Tillé 2005", "poisson": SSW,
    },
    "pairs": {"overton": "Stehman & Overton 1994", "hartley-rao": "Hartley & Rao 1962", "joint": SSW},
    "population": {
        "hartley-rao": "Hartley & Rao 1962", "berger": "Berger 1998", "tille": "Tillé 1996", "tille-as-r": "R UPSvarApprox",
        "brewer2": "Brewer & Donadio 2003", "brewer3": "Brewer & Donadio 2003", "brewer4": "Brewer & Donadio 2003",
        "brewer4-as-r": "R UPSvarApprox", "matei-tille-1": MATEI, "matei-tille-2": MATEI, "matei-tille-3": MATEI, "matei-tille-4": MATEI,
        "matei-tille-5": MATEI,
    },
    "true": {
        "hajek1": MATEI, "hajek2": "Brewer 2002", "hartley-rao1": "Hartley & Rao 1962", "hartley-rao1-as-r": "R UPSvarApprox",
        "hartley-rao2": "Hartley & Rao 1962", "fixed-point": MATEI,
    },
    "intervals": {
        "kg-m": KG + "；Smyth 2004；Wise 1954", "kg": KG, "kg-nchs": "Parker 2017", "kg-truncated": "Franco 2019",
        "clopper-pearson": "Clopper & Pearson 1934", "wise": "Wise 1954", "hypergeometric": "Buonaccorsi 1987", "wang": "Wang 2015",
        "kott-liu": "Hall 1982；Cai 2005；Liu & Kott 2009", "logit": "Franco 2019", "logit-t": "Franco 2019", "xlogit": "R survey",
        "log": DEFINITION, "log-t": DEFINITION, "arcsine": "Franco 2019", "arcsine-t": "Franco 2019", "wilson": "Wilson 1927",
        "wilson-t": "Wilson 1927", "wilson-df": "Wilson 1927；Franco 2019", "agresti-coull": "Agresti & Coull 1998",
        "agresti-coull-t": "Agresti & Coull 1998", "agresti-coull-df": "Agresti & Coull 1998；Franco 2019", "jeffreys": "Franco 2019",
        "jeffreys-df": "Franco 2019", "uniform": "Franco 2019", "likelihood": "Rao & Scott 1984", "likelihood-t": "Rao & Scott 1984",
        "likelihood-r": "R survey", "wald": DEFINITION, "wald-t": DEFINITION,
    },
    "others": {"t": DEFINITION, "z": DEFINITION, "fay-feuer": "Fay & Feuer 1997", "mover": "Zou & Donner 2008"},
    "joint": {"bonferroni": "Dunn 1961", "sidak": "Šidák 1967"},
    "quantile rules": {
        "math": DEFINITION, "school": DEFINITION, "shahvaish": "Shah & Vaish 2006", **{f"hf{at}": HF for at in range(1, 10)},
    },
    "quantile intervals": {
        "wald": "Woodruff 1952", "logit": "Woodruff 1952", "arcsine": "Woodruff 1952", "kg": "Woodruff 1952；" + KG,
        "score": "Francisco & Fuller 1991", "replicate": "R survey",
    },
    "densities": {"kernel": "Osier 2009", "silverman": "R 的 bw.nrd0"},
    "inequality": {
        "gini": "Langel & Tillé 2013", "atkinson": "Atkinson 1970", "entropy": "Shorrocks 1980", "zenga": "Zenga 2007",
        "quintile-share-ratio": "Langel & Tillé 2011",
    },
    "chisquares": {
        "exact": "Ruben 1962", "saddlepoint": "Kuonen 1999", "saddlepoint-r": "R survey", "satterthwaite": "Satterthwaite 1946",
    },
    "association": {
        "f": "Rao & Scott 1984；Thomas & Rao 1987", "chi2": "Rao & Scott 1984", "adjusted-wald": "Thomas & Rao 1987",
        "wald": "Thomas & Rao 1987", "lincom": "Rao & Scott 1984；Ruben 1962", "saddlepoint": "Rao & Scott 1984；Kuonen 1999",
        "saddlepoint-r": "R survey",
    },
    "families": {"gaussian": "Binder 1983", "binomial": "Binder 1983", "poisson": "Binder 1983"},
    "rank scores": {name: "Lumley & Scott 2013" for name in ("wilcoxon", "median", "van-der-waerden")},
    "small areas": {"reml": "Datta & Lahiri 2000", "ml": "Datta & Lahiri 2000", "fh": "Fay & Herriot 1979；Datta, Rao & Smith 2005"},
    "agreement": {"agreement": DEFINITION, "kappa": "Cohen 1960", "ac1": "Gwet 2008", "pabak": "Byrt 1993"},
    "looks": {"pocock": "Jennison & Turnbull 2000", "obrien-fleming": "Jennison & Turnbull 2000"},
    "programmes": {"holm": "Holm 1979", "bh": "Benjamini & Hochberg 1995"},
    "ranking": {"mrsw": "Mogstad, Romano, Shaikh & Wilhelm 2024", "kww": "Klein, Wright & Wieczorek 2020"},
    "scoring": {name: "考核办法的条文；" + DEFINITION for name in ("gate", "threshold", "steps", "cases", "goalposts", "percent", "rank")},
    "approval": {name: DEFINITION for name in ("all", "majority", "single", "at-least", "mean-score")},
    "balance": {"registry": DEFINITION, "pooled": "Austin 2011"},
}  # fmt: skip
