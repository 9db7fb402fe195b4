"""试运行: rehearsals started from a rule or a place, their progress, and what they found."""
