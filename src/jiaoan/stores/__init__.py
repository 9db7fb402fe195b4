"""Ports and drivers: the bus (NATS JetStream), packed positions, tracks (Parquet). No Django."""
