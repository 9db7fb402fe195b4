"""Commands down to terminals 下行指令: texts, roll calls, parameters, attachments of alarms."""
