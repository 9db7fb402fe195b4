"""The alarm desk 报警处置台: work items that stay until somebody has handled them."""
