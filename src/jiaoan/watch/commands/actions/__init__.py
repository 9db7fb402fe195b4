"""Every write of commands: asking for one, and what became of it."""

from jiaoan.watch.commands.actions.asking import (
    ask_areas,
    delete_area,
    fetch_attachments,
    fetch_media,
    fetch_medium,
    locate,
    read_parameters,
    search_media,
    send_text,
    set_area,
    set_parameters,
    take_pictures,
    track,
    untrack,
)
from jiaoan.watch.commands.actions.news import apply_news, note_times, take_file

__all__ = [
    "apply_news",
    "ask_areas",
    "delete_area",
    "fetch_attachments",
    "fetch_media",
    "fetch_medium",
    "locate",
    "note_times",
    "read_parameters",
    "search_media",
    "send_text",
    "set_area",
    "set_parameters",
    "take_file",
    "take_pictures",
    "track",
    "untrack",
]
