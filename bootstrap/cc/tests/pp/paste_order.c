// Several ## in a row, and with # beside them.
#define cat3(a, b, c) a ## b ## c
#define hexa(x) 0x ## x ## UL
#define strcat(a, b) L ## #a #b
cat3(a, b, c) cat3(1, ., 5) cat3(<, <, =) hexa(FF) strcat(x, y)
#define obj left ## right
#define leftright done
obj
