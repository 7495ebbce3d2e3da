"""The ledger: what an evaluation accumulates, one SQLite file, append-only, each entry chained to the last by its hash."""

from evalkit.ledger.entries import BEGINNING, Draft, Entry, is_day
from evalkit.ledger.files import SCHEMA
from evalkit.ledger.kinds import KINDS, Kind
from evalkit.ledger.ledgers import Ledger
from evalkit.ledger.workbooks import export_book, import_book

__all__ = ["BEGINNING", "KINDS", "SCHEMA", "Draft", "Entry", "Kind", "Ledger", "export_book", "import_book", "is_day"]
