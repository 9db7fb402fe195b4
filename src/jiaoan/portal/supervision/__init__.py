"""Pages of supervision 督办 between platforms."""
