// Strings, characters and numbers pass through with their spelling.
"a\"b" 'c' '\'' '"' "\\" L"w" L'c' "\x41\101\u00e9" ""
1 1.5 .5 1. 1e5 1e+5 1E-5f 0x1F 0x1p-3 0x.8p+1L 0xe+1 1.2.3 1..2 08 0b101 100ull 1_000 1a2b
..5 ...x . .. x.y x->y
