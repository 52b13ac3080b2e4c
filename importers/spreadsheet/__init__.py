"""Lists kept by hand: xlsx, ods and csv in, rows with line numbers out."""
