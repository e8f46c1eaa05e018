// # keeps the spelling, makes one blank of white space, and escapes in strings.
#define str(x) #x
#define xstr(x) str(x)
#define list 1, 2 , 3
str( a  +   b ) str(a+b) str("a\n\"b\"" '"' '\'' '\\')
str(	tab	tab ) str(/* c */ x /* d */ y) str(
line
line) str(\n) str(@ ` $)
xstr((list)) str((list)) str(#) str(##) str("\\") str(L"w" L'c')
