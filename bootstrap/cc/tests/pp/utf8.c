// Bytes from 0x80 on are letters; in strings they are themselves.
"naïve – 日本" 'x' L"ü"
#define str(x) #x
str("ä" ö)
