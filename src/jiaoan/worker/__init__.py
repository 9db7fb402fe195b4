"""The one background process: findings up, flows, due dates, the seal, the outbox."""
