"""Privacy: what is personal, how it is left behind where data come in, and how to see that none of it has come out."""

from evalkit.privacy.clues import Clues as Clues
from evalkit.privacy.keys import Key as Key
from evalkit.privacy.keys import new_key as new_key
from evalkit.privacy.keys import read_key as read_key
from evalkit.privacy.kinds import KINDS as KINDS
from evalkit.privacy.kinds import kind_of as kind_of
from evalkit.privacy.kinds import personal as personal
from evalkit.privacy.kinds import personal_cells as personal_cells
from evalkit.privacy.reading import Unread as Unread
from evalkit.privacy.scanning import Leaks as Leaks
from evalkit.privacy.scanning import clues_in as clues_in
from evalkit.privacy.scanning import people_in as people_in
from evalkit.privacy.scanning import scan as scan
from evalkit.privacy.shedding import Shed as Shed
from evalkit.privacy.shedding import masked as masked
from evalkit.privacy.shedding import shed as shed
