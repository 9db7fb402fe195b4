"""Law, scores and draws as pure functions: values in, values and their reasons out."""
