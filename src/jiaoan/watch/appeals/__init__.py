"""待企业申诉: the enterprise is asked about an alarm and answers, with an appeal or without."""
