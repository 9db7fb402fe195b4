"""The demonstration district 临江区: synthetic map, firms, people, fleet. Nothing here is real.

Every page says 示意数据 while it is in use. The rows are made by the same actions that production
uses; only the values are invented.
"""
