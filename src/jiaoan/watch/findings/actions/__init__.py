"""Every write about findings. The worker calls :func:`take` once for each message."""

from jiaoan.watch.findings.actions.endings import end_by_place, end_with_places
from jiaoan.watch.findings.actions.responses import LONGEST, set_response
from jiaoan.watch.findings.actions.taking import NotTold, take

__all__ = ["LONGEST", "NotTold", "end_by_place", "end_with_places", "set_response", "take"]
