// Numbers as the preprocessor sees them: macros do not look into them.
#define x5 wrong
#define e wrong
#define p wrong
0x5 1e5 0x1p5 1e+5 0x1p-5 1.x5 .5e 12x5 1p+1 1E+x5 0xE+1
