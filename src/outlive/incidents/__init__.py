"""What is told of an incident afterwards: the report. Pure. Every sentence of it names the observations it rests on."""
