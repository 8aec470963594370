"""Signing in with an OpenID Connect provider, beside the password and never in its place."""
