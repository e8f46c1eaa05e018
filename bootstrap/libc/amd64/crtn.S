/* crti.S, crtn.S: tcc links both into every program. Other systems keep the beginning and the end of
   _init and _fini here; constructors are called by src/start.c instead, so there is nothing. */
