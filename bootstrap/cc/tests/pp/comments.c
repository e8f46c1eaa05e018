// Comments are one blank.
a/**/b a/* x */b a/* // */b a// */ c
a/*/ still */b a/***/b a/* * / **/b "/* no */" '/*' '//' "//"
#define cat a/**/b
cat
/* " */ x /* ' */ y // "
#define f(x) [x]
f(/* arg */) f(1 /* , */) f(// )
2)
