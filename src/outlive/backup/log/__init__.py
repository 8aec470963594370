"""Write-ahead log between two copies: shipped in pieces, put together again, and which moments it reaches."""
