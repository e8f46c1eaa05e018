long f(char *p) {
  return -p; }
