#include "support.h"
char *s = "joined " "from " "three"; char a[] = "with\0zero", esc[] = "\a\b\f\n\r\t\v\\\'\"\?\0\1\12\123\x41\xff";
int wide[] = L"w\x1234\u00e9"; char utf[] = "é\u20ac"; const char *table[2][2] = { { "a", "bb" }, { "ccc", "dddd" } };
#define str(x) #x
int main(void)
{
  putstring(s); show("", sizeof "a" "b"); show("a", sizeof a + a[4] + a[5]); for (unsigned i = 0; i < sizeof esc; i++) putnumber(esc[i]), putstring(" "); show("", 'a' + '\n' + '\0' + '\x7f' + '\377'); show("multi", 'ab'); show("wide", wide[1] + wide[2] * 10000); show("L", L'\x1234' + sizeof L'a'); for (unsigned i = 0; i < sizeof utf; i++) putnumber((unsigned char)utf[i]), putstring(" "); putstring(table[1][0]); putstring(str("quoted\n" 'x')); putstring(__func__); show("", sizeof __func__); show("index", "0123456789abcdef"[11]); show("hex join", "\x1" "2"[0]); char *p = "abc"; show("same", *p++ + *p); putstring("line \
continued\n"); show("empty", sizeof ""); show("?", "a??b"[1] == '?'); return sizeof "four";
}
