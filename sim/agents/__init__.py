"""Who decides: labs, clouds and governments as Mesa agents. Each sees the market, decides, and writes its own rows."""
