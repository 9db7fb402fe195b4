"""Every write of hazmat, by what it is about."""

from jiaoan.hazmat.actions.endings import end_with_places
from jiaoan.hazmat.actions.filings import (
    apply,
    approve,
    expire_filings,
    invite,
    refuse,
    resubmit,
    return_,
    withdraw,
)
from jiaoan.hazmat.actions.judging import handle_finding, rejudge_for_filing
from jiaoan.hazmat.actions.waybills import enter_waybill, match_waybill

__all__ = [
    "apply",
    "approve",
    "end_with_places",
    "enter_waybill",
    "expire_filings",
    "handle_finding",
    "invite",
    "match_waybill",
    "refuse",
    "rejudge_for_filing",
    "resubmit",
    "return_",
    "withdraw",
]
