"""Papers from values: official Word documents, and lists as Word and Excel.

Pure: values in, bytes out. Who may have a paper, and which values it shows, is decided above.
"""
