// Pointers to words and bytes: what is added to them counts what they point to.
long words[10];
char bytes[10];
char *texts[4];
long *list;
long count(char *s) { char *p = s; while (*p) p++; return p - s; }
void swap(long *a, long *b) { long t = *a; *a = *b; *b = t; }
long main(long argc, char **argv) {
  long *p = words;
  char *c = bytes;
  char **t = texts;
  long i;
  for (i = 0; i < 10; i++) { words[i] = i * i; bytes[i] = 'a' + i; }
  bytes[9] = 0;
  number(p[3]); number(*(p + 4)); number(*(2 + p)); number(p - words); p = p + 5; number(p - words); number(*p); p -= 2; number(*p); p += 1; number(*p);
  number(*p++); number(*p--); number(*++p); number(*--p); number(p - words); number(&words[7] - p); number(p == &words[4]); number(p < words + 5);
  line();
  text(c); number(c[2]); number(*(c + 3)); number(count(c)); c[1] = 0x141; number(c[1]); c[1] += 1; number(c[1]); number(c[1]++); number(++c[1]); number(c[1]--); number(--c[1]);
  c[0] = 255; number(c[0]); c[0] += 1; number(c[0]); c[0]--; number(c[0]); number(c[0] = 0x1FF); number(bytes[8]);
  line();
  t[0] = "zero"; t[1] = "one"; *(t + 2) = "two"; texts[3] = t[0] + 1;
  for (i = 0; i < 4; i++) { text(texts[i]); text(" "); number(count(t[i])); number(t[i][1]); }
  number(&t[3] - t); number(**t); number(*t[1]); number(*(*(t + 2) + 1)); line();
  swap(&words[1], words + 2); number(words[1]); number(words[2]); number(words[9]);
  list = words; number(list[8]); list[8] = -1; number(words[8]); number(*&words[6]); *&list[6] = 99; number(words[6]); list++; number(*list); number(list - words);
  (*list)++; number(*list); --*list; number(*list); number(list[-1]); number(!list); number(!(long *)0); number((long)(char *)77); number(*((char *)words + 16)); number(sizeof(long)); number(sizeof(char)); number(sizeof(char *)); number(sizeof(long **));
  line();
  return p - words;
}
