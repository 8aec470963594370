"""What is lost between two copies, and for how long: Outlive's keeper beside Barman and pgBackRest."""
