"""The journal browser 日志: facts as they were sealed."""
