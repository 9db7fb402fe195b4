"""The duty ledger 任务台账: plan, clause, drafts, duty, occurrence, report-back, closing."""
