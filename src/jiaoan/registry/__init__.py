"""Enterprises, vehicles, terminals, practitioners, permits and places, each with its validity."""
