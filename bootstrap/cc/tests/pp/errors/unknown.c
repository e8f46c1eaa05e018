#unknown directive
