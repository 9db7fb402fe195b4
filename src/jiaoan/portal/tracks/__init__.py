"""Track replay 轨迹回放 and the region question 区域查车: pages over :mod:`jiaoan.tracks`.

The replay is complete without script: curve, stands, gaps, stretches and every report stand in the
page. The island (``frontend/src/replay.ts``) adds the map, the slider and the playing.
"""
