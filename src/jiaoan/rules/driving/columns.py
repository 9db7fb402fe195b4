"""The columns of the integer tables that the pass works on (all ``int64``)."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

import numpy as np

from jiaoan.rules.driving.settings import Settings

FORM: Final = 1  # of STATE and WORK in a snapshot: raise it when a column changes

ANY_ROAD, EXPRESSWAY, OTHER_ROAD = range(3)
FIXED, ACC, OVERSPEED_BIT = 0x02, 0x01, 0x02
NO_MILEAGE: Final = 0xFFFFFFFF
BEGUN, ENDED = 0, 1
UNUSABLE, COUNTED, LATE = range(3)

# Where a limit came from. NIGHT is added when the night share was applied.
GENERAL, PLACE, KIND, TERMINAL = 1, 2, 3, 4
NIGHT_SHARE: Final = 8
SEVERAL_ROADS: Final = 16  # the most generous of several roads that lie over each other

# Invalid fields, as bits.
BAD_LON, BAD_LAT, BAD_SPEED, BAD_DIRECTION, BAD_ALTITUDE, BAD_TIME = 1, 2, 4, 8, 16, 32

# One position; the first five are its key.
(
    MS, LAT, LON, ALARM, STATUS, RECEIVED, SPEED, DIRECTION, ALTITUDE, MILEAGE, SOURCE, DEVICE,
    VEHICLE, LIMIT, ROAD, KNOWN, EXPRESS, OTHER, ROADS,
) = range(19)  # fmt: skip
POINT_COLUMNS: Final = 19

# One card event.
CARD_BEFORE, CARD_VEHICLE, CARD_WORK, CARD_TIME = range(4)

# One event; F_… is the key of its first position.
(
    RULE, PHASE, ROW, F_MS, F_LAT, F_LON, F_ALARM, F_STATUS, END, VALUE, LIMIT_HELD, PEAK_AT,
    COUNT, DETAIL, EXTRA,
) = range(15)  # fmt: skip
EVENT_COLUMNS: Final = 15

# Parameters of one vehicle from Q_SINCE (UTC ms) on, under the row Q_SETTINGS of the figures.
(
    Q_RULES, Q_KIND, Q_GENERAL, Q_EXPRESS, Q_OTHER, Q_TERMINAL, Q_NIGHT, Q_H1, Q_H2, Q_H3, Q_H4,
    Q_DAYS, Q_SINCE, Q_SETTINGS,
) = range(14)  # fmt: skip

PARAM_COLUMNS: Final = 14

B_BEGIN, B_END, B_FROM, B_TO, B_KINDS, B_ROAD = range(6)
BAN_COLUMNS: Final = 6

# Settings, in the order of the dataclass.
SETTING: Final = {each.name: number for number, each in enumerate(fields(Settings)[1:])}
C_OVER, C_MERGE, C_HOLE = SETTING["over_s"], SETTING["merge_s"], SETTING["hole_s"]
C_MOVING, C_MOVED, C_GAP = SETTING["moving"], SETTING["moved_m"], SETTING["gap_s"]
C_FASTEST, C_REST, C_LONG = SETTING["fastest_kmh"], SETTING["rest_s"], SETTING["continuous_s"]
C_NIGHT, C_NIGHT_FROM, C_NIGHT_TO = (
    SETTING["night_s"], SETTING["night_from"], SETTING["night_to"],
)  # fmt: skip
C_DAY, C_WEEK, C_PAUSES, C_HALT = (
    SETTING["day_total_min"], SETTING["week_total_min"], SETTING["pauses_count"], SETTING["halt_s"],
)  # fmt: skip
C_SMALL_FROM, C_SMALL_TO = SETTING["small_from"], SETTING["small_to"]
C_OFFLINE, C_DISPLACED = SETTING["offline_s"], SETTING["displaced_m"]
C_STAY, C_STAY_M = SETTING["stay_s"], SETTING["stay_m"]
C_DRIFT, C_DRIFT_M, C_ASTRAY = SETTING["drift_kmh"], SETTING["drift_m"], SETTING["astray_points"]
C_FROZEN, C_FROZEN_S = SETTING["frozen_points"], SETTING["frozen_s"]
C_MISMATCH, C_MISMATCH_N = SETTING["mismatch_kmh"], SETTING["mismatch_points"]
C_AHEAD, C_BEHIND = SETTING["ahead_s"], SETTING["behind_s"]
C_CLONE, C_CLONE_M = SETTING["clone_kmh"], SETTING["clone_m"]

# State of one vehicle. L_ last point that counted, A_ last point not astray, O_ stretch over the
# limit, E_ overspeed event, S_ stand, F?_ frozen run, X_ mismatch run; W three window rules.
STATE_NAMES: Final = (
    "L_MS", "L_LAT", "L_LON", "L_ALARM", "L_STATUS", "L_SPEED", "L_MOVING", "L_DEVICE", "L_MILEAGE",
    "A_MS", "A_LAT", "A_LON", "ASTRAY", "DRIVER", "CARD_MS",
    "O_MS", "O_LAT", "O_LON", "O_ALARM", "O_STATUS",
    "O_PEAK", "O_PEAK_AT", "O_LIMIT", "O_SOURCE", "O_EXCESS", "O_POINTS", "O_IN",
    "E_MS", "E_LAT", "E_LON", "E_ALARM", "E_STATUS",
    "E_PEAK", "E_PEAK_AT", "E_LIMIT", "E_SOURCE", "E_EXCESS", "E_POINTS", "E_LAST", "E_OVER",
    *(f"W{rule}_{name}" for rule in ("SMALL", "BAN", "SCHOOL") for name in (
        "MS", "LAT", "LON", "ALARM", "STATUS", "LAST", "PEAK", "PEAK_AT", "POINTS", "TOLD",
        "DETAIL")),
    "S_MS", "S_LAT", "S_LON", "S_ALARM", "S_STATUS", "S_POINTS", "S_TOLD",
    "Z_MS", "Z_LAT", "Z_LON", "Z_ALARM", "Z_STATUS", "Z_POINTS", "Z_TOLD",
    "X_MS", "X_LAT", "X_LON", "X_ALARM", "X_STATUS", "X_POINTS", "X_TOLD",
    "DRIFT_DAY", "MILEAGE_DAY", "CLONE_DAY", "CLONE_HITS", "CLONE_MS",
    "INVALID_DAY", "INVALID_MASK", "CLOCK_DAY",
)  # fmt: skip
_AT: Final = {name: number for number, name in enumerate(STATE_NAMES)}
L_MS, L_SPEED, L_MOVING = _AT["L_MS"], _AT["L_SPEED"], _AT["L_MOVING"]
L_LAT, L_LON, L_STATUS = _AT["L_LAT"], _AT["L_LON"], _AT["L_STATUS"]
L_DEVICE, L_MILEAGE = _AT["L_DEVICE"], _AT["L_MILEAGE"]
A_MS, A_LAT, A_LON, ASTRAY = _AT["A_MS"], _AT["A_LAT"], _AT["A_LON"], _AT["ASTRAY"]
DRIVER, CARD_MS = _AT["DRIVER"], _AT["CARD_MS"]
O_MS, O_PEAK, O_EXCESS, O_POINTS, O_IN = (
    _AT["O_MS"], _AT["O_PEAK"], _AT["O_EXCESS"], _AT["O_POINTS"], _AT["O_IN"],
)  # fmt: skip
E_MS, E_PEAK, E_EXCESS, E_POINTS, E_LAST, E_OVER = (
    _AT["E_MS"], _AT["E_PEAK"], _AT["E_EXCESS"], _AT["E_POINTS"], _AT["E_LAST"], _AT["E_OVER"],
)  # fmt: skip
W_SMALL, W_BAN, W_SCHOOL = _AT["WSMALL_MS"], _AT["WBAN_MS"], _AT["WSCHOOL_MS"]
W_LAST, W_PEAK, W_PEAK_AT, W_POINTS, W_TOLD, W_DETAIL = range(5, 11)
S_MS, Z_MS, X_MS = _AT["S_MS"], _AT["Z_MS"], _AT["X_MS"]
R_POINTS, R_TOLD = 5, 6  # behind S_MS, Z_MS, X_MS
DRIFT_DAY, MILEAGE_DAY = _AT["DRIFT_DAY"], _AT["MILEAGE_DAY"]
CLONE_DAY, CLONE_HITS, CLONE_MS = _AT["CLONE_DAY"], _AT["CLONE_HITS"], _AT["CLONE_MS"]
INVALID_DAY, INVALID_MASK, CLOCK_DAY = _AT["INVALID_DAY"], _AT["INVALID_MASK"], _AT["CLOCK_DAY"]
STATE_COLUMNS: Final = len(STATE_NAMES)

# Work of one driver on one vehicle: the drive (D_), the stand in it, driven minutes of the last
# 24 hours as bits (one word an hour) and of the last seven local days.
WORK_NAMES: Final = (
    "D_MS", "D_LAT", "D_LON", "D_ALARM", "D_STATUS", "PAUSED", "STAND", "TOLD_LONG", "TOLD_NIGHT",
    "HEAD", "MINUTES", "TOLD_DAY", "DAY", *(f"DAY{number}" for number in range(7)), "TOLD_WEEK",
    *(f"HOUR{number}" for number in range(24)),
)  # fmt: skip
_WORK_AT: Final = {name: number for number, name in enumerate(WORK_NAMES)}
D_MS, PAUSED, STAND = 0, _WORK_AT["PAUSED"], _WORK_AT["STAND"]
TOLD_LONG, TOLD_NIGHT = _WORK_AT["TOLD_LONG"], _WORK_AT["TOLD_NIGHT"]
HEAD, MINUTES, TOLD_DAY = _WORK_AT["HEAD"], _WORK_AT["MINUTES"], _WORK_AT["TOLD_DAY"]
DAY, DAY0, TOLD_WEEK, HOUR0 = (
    _WORK_AT["DAY"], _WORK_AT["DAY0"], _WORK_AT["TOLD_WEEK"], _WORK_AT["HOUR0"],
)  # fmt: skip
WORK_COLUMNS: Final = len(WORK_NAMES)

DAY_MS: Final = 86_400_000
LOCAL_MS: Final = 28_800_000  # GMT+8

ONE_ROAD, ALIKE, BOTH_SORTS = range(3)

# What the places say about a row; zeros = nothing known. "express" and "other" are the limits of
# the roads it may be on, of expressways (and roads whose class is not known) and of other roads:
# the most generous one, 0 where one of them has none.
SURROUNDINGS: Final = np.dtype(
    [
        ("limit", "<i4"),  # 0.1 km/h, the lowest of the places that are no road; 0 = none
        ("road", "u1"),  # 0 not known, 1 expressway 高速公路, 2 another road
        ("known", "u1"),  # 1 inside a place where vehicles may stand: yard, plant, loading point
        ("express", "<i4"),
        ("other", "<i4"),
        ("roads", "u1"),  # 0 one road or none, 1 several of one of these sorts, 2 of both
    ]
)
