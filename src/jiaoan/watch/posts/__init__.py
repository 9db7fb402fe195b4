"""Post queries 查岗 and messages of superior platforms: shown, answered in time."""
