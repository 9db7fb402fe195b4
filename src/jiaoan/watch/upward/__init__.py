"""Alarms up to superior platforms 上报报警信息: when one opens, and what became of it."""
