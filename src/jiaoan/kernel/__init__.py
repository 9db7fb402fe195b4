"""Words everybody uses: clock, work calendar, plate, window, transition table, coordinates.

Standard library only (the work calendar loads its kept holiday list lazily).
"""
