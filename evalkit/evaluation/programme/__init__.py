"""A programme of many counties: one design file, one draw of counties, and an evaluation of each county by itself."""

from evalkit.evaluation.programme.counties import Counties, draw_counties
from evalkit.evaluation.programme.opening import open_counties
from evalkit.evaluation.programme.running import run_programme

__all__ = ["Counties", "draw_counties", "open_counties", "run_programme"]
