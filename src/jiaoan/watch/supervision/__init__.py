"""Alarm supervision 报警督办 between platforms: what a superior asks, and what we ask of others."""
