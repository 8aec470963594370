"""For people with a monitoring of their own: gauges, and rules that raise alarms on them. Pure."""
