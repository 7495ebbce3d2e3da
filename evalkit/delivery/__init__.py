"""Delivery: whether each policy reached each household that it is due to (政策资金到户核查)."""

from evalkit.delivery.checking import check_delivery
from evalkit.delivery.columns import KINDS
from evalkit.delivery.found import Delivery
from evalkit.delivery.templates import write_delivery_form

__all__ = ["KINDS", "Delivery", "check_delivery", "write_delivery_form"]
