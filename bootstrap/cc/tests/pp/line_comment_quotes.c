// Quotes in comments and apostrophes in skipped text mean nothing.
// it's
/* it's "*/ x
#if 0
it's
"unclosed
#endif
y
