//! What is installed here, which findings that gives, and the report in the format that was asked for.
