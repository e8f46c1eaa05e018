#include missing quotes
