"""Tracks 轨迹: what one vehicle's day and a region in a time say, kept as long as they must be.

The files are :mod:`jiaoan.stores.tracks`; this room knows vehicles, people and the journal.

* :mod:`.reading`   places, stands, gaps with their reason
* :mod:`.driven`    driving over a limit, judged again from the track by the rules' own pass
* :mod:`.files`     CSV, GeoJSON and Parquet of a day and of a region
* :mod:`.queries`   the vehicles a person may ask about, a day, a region
* :mod:`.retention` how long positions are kept by kind of vehicle, and what holds them longer
* :mod:`.actions`   an evidence sheet, a fact of the journal
* :mod:`.removal`   taking out what is over, a fact for each day
"""
