"""Pages of ledger."""
