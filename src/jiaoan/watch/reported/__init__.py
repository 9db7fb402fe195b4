"""Alarms that subordinate platforms report, and what they say became of them."""
