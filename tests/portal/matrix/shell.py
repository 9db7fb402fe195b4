"""Log-in, account, search and what else stands around every page."""

from __future__ import annotations

from portal.matrix import PASSWORD, Row

ANYBODY = ("safety_clerk", "outside_carrier")
SEARCHERS = (
    "safety_clerk",
    "section_head",
    "leader",
    "administrator",
    "enterprise",
    "outside_carrier",
)


def _own(name: str, method: str = "GET", status: int = 200) -> Row:
    """A page about one's own account: every person who is logged in has it."""
    return Row(name, method, allowed=ANYBODY, status=status, nobody_status=status)


ROWS = [
    Row("healthz", public=True, nobody_status=200),
    Row("account_login", public=True, nobody_status=302),
    Row(
        "account_login",
        "POST",
        public=True,
        nobody_status=302,
        data=lambda w: {"login": w.nobody().username, "password": PASSWORD},
    ),
    Row("account_inactive", public=True, nobody_status=200),
    Row("account_inactive", "POST", public=True, status=405, nobody_status=405),
    Row("account_logout", public=True, status=302, nobody_status=200),
    Row("account_logout", "POST", public=True, status=302, nobody_status=302),
    Row("set_language", "POST", public=True, status=302, nobody_status=302),
    Row("set_language", public=True, status=302, nobody_status=302),
    Row("theme", "POST", public=True, status=302, nobody_status=302),
    _own("account_change_password"),
    _own("account_change_password", "POST"),
    _own("account_reauthenticate"),
    _own("account_reauthenticate", "POST"),
    _own("mfa_index"),
    # Somebody without a second factor is sent to the password, or has nothing to take away.
    _own("mfa_reauthenticate", status=302),
    _own("mfa_reauthenticate", "POST", status=302),
    # Changing the second factor asks for the password again first: a redirect, no page.
    _own("mfa_activate_totp", status=302),
    _own("mfa_activate_totp", "POST", status=302),
    _own("mfa_deactivate_totp", status=404),
    _own("mfa_deactivate_totp", "POST", status=404),
    _own("mfa_view_recovery_codes", status=404),
    _own("mfa_generate_recovery_codes", status=302),
    _own("mfa_generate_recovery_codes", "POST", status=302),
    _own("mfa_download_recovery_codes", status=404),
    _own("mfa_download_recovery_codes", "POST", status=404),
    Row("mfa_authenticate", public=True, status=302, nobody_status=302),
    Row("mfa_authenticate", "POST", public=True, status=302, nobody_status=302),
    Row("search", allowed=SEARCHERS),
]
