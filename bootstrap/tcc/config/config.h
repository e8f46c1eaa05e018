/* config.h: what tcc's ./configure would have written, for the bootstrap. README.md has the reasons. */
#define TCC_VERSION "0.9.27"
#define TCC_TARGET_X86_64 1

/* tcc itself is static: no dlopen. */
#define CONFIG_TCC_STATIC 1

/* Everything that tcc looks for is in one folder, and nothing is under /usr. In a step of the
   bootstrap that has tcc among its inputs, the folder is here; elsewhere -B names it. */
#define CONFIG_TCCDIR "/in/tcc"
#define CONFIG_TCC_SYSINCLUDEPATHS "{B}/include"
#define CONFIG_TCC_LIBPATHS "{B}"
#define CONFIG_TCC_CRTPREFIX "{B}"
#define CONFIG_TCC_ELFINTERP "/in/tcc/no-dynamic-linker"
