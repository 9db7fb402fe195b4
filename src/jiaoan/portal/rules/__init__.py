"""规则: what each rule of the stream does, its figures with their source, and its switch."""
