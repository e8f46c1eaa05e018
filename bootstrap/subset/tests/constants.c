/* Numbers, characters, strings, constants; comments in all places. */
enum { ZERO, ONE, TEN = 10, ELEVEN, MINUS = -5, BEFORE, SAME = ELEVEN, HEX = 0xfF, LARGE = 0x123456789ABCDEF0, };
enum { SINGLE };
long array[TEN];
long main(long argc /* count */, char **argv) { // names
  number(ZERO); number(ONE); number(TEN); number(ELEVEN); number(MINUS); number(BEFORE); number(SAME); number(HEX); number(LARGE); number(SINGLE); line();
  number(0); number(0x0); number(2147483647); number(2147483648); number(-2147483648); number(-2147483649); number(4294967295); number(4294967296); number(9223372036854775807); number(0xFFFFFFFFFFFFFFFF); number(0x8000000000000000); number(0xDeadBeef); line();
  number('a'); number(' '); number('\n'); number('\t'); number('\r'); number('\0'); number('\\'); number('\''); number('"'); number('\"'); number('\x7F'); number('\xfe'); number('\a'); number('\b'); number('\f'); number('\v'); line();
  text("tab\tquote\"back\\slash'apostrophe\' /* no comment */ // none # ; % & ! :\x41\x42!\n"); text(""); text("\xC3\xA9 \v\f\a\b\n");
  number("abc"[1]); number(*"xyz"); number("a\0b"[2]); number(array[TEN - 1]); number(-TEN); number(~TEN); number(!TEN); number(TEN + ONE * ELEVEN); number(TEN - 2147483648); number(1 - 0x123456789AB); number(TEN && ZERO); line();
  /* a comment
     over lines **/ number(1 /**/ + /***/ 2); number(4/2); number(7 - -1); number(3 - - 1); line();
  return -1;
}
