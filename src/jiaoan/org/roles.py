"""The shipped roles 角色: each is a table of verb → scope.

Roles are data in one place, so a reader sees at a glance who may do what, and the matrix test
walks the same table. Verbs are ``room.act`` in the trade's sense.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.scope import ScopeKind

ALL, OWN, BELOW = ScopeKind.ALL, ScopeKind.OWN, ScopeKind.OWN_BELOW


@dataclass(frozen=True)
class Role:
    title: str | Promise
    scopes: Mapping[str, ScopeKind]


_SEE_ALL = {
    "desk.view": ALL,
    "notice.view": ALL,
    "ledger.view": ALL,
    "map.view": ALL,
    "alarm.view": ALL,
    "filing.view": ALL,
    "trip.view": ALL,
    "registry.view": ALL,
    "rule.view": ALL,
    "paper.make": ALL,
    "org.view": ALL,
}

ROLES: dict[str, Role] = {
    "safety_clerk": Role(
        _("Safety-section clerk"),
        {
            **_SEE_ALL,
            "notice.import": ALL,
            "notice.confirm": ALL,
            "ledger.assign": ALL,
            "ledger.sign": OWN,
            "ledger.report": OWN,
            "ledger.check": ALL,
            "ledger.close": ALL,
            "ledger.urge": ALL,
            "alarm.handle": ALL,
            "command.send": ALL,
            "filing.invite": ALL,
            "filing.approve": ALL,
            "place.manage": ALL,
            "journal.view": ALL,
        },
    ),
    "section_head": Role(
        _("Section head"),
        {
            "desk.view": BELOW,
            "notice.view": BELOW,
            "ledger.view": BELOW,
            "ledger.sign": BELOW,
            "ledger.report": BELOW,
            "map.view": ALL,
            "alarm.view": ALL,
            "filing.view": ALL,
            "trip.view": ALL,
            "registry.view": ALL,
            "rule.view": ALL,
            "rule.manage": ALL,
            "org.view": ALL,
        },
    ),
    "leader": Role(_("Leader"), {**_SEE_ALL, "journal.view": ALL}),
    "enterprise": Role(
        _("Enterprise"),
        {
            "desk.view": OWN,
            "notice.view": OWN,
            "ledger.view": OWN,
            "ledger.sign": OWN,
            "ledger.report": OWN,
            "map.view": OWN,
            "alarm.view": OWN,
            "alarm.answer": OWN,
            "trip.view": OWN,
            "filing.view": OWN,
            "filing.apply": OWN,
            "registry.view": OWN,
            "org.view": OWN,
        },
    ),
    "outside_carrier": Role(
        _("Outside carrier"),
        {
            "desk.view": OWN,
            "alarm.answer": OWN,
            "filing.view": OWN,
            "filing.apply": OWN,
            "org.view": OWN,
        },
    ),
    "administrator": Role(
        _("Administrator"),
        {
            "desk.view": ALL,
            "org.view": ALL,
            "org.manage": ALL,
            "registry.view": ALL,
            "registry.manage": ALL,
            "place.manage": ALL,
            "rule.view": ALL,
            "rule.manage": ALL,
            "journal.view": ALL,
            "system.view": ALL,
        },
    ),
}
