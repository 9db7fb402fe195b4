"""Facts that must stand as evidence, their sealed chain, the outbox, and files by hash."""
