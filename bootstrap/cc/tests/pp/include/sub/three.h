three
#include "../one.h"
