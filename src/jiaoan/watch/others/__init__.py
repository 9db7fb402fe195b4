"""Messages between platforms that no procedure here acts on, kept for a person to look at."""
