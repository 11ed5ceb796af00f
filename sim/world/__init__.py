"""What a month is made of: constants and state as arrays, rules in force, chips and offers. No agent, no Mesa."""
