// A comment that is not closed: the place is its beginning.
x
  /* here
and on
