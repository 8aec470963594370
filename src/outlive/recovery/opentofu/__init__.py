"""A machine made, replaced or given back by the user's own OpenTofu or Terraform module."""
