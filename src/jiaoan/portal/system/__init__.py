"""Organisations and people, for the administrator."""
