"""Dangerous goods 危货: filings 备案, waybills 运单, stays in the district 行程, and verdicts."""
