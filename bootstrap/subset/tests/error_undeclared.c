long main(void) {
  return nowhere;
}
