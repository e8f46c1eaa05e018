// Carriage returns before newlines are not there.
#define a 1 \
 + 2
a // comment
"s" a
