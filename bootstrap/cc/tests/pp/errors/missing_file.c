// the name stands in the message
#include "there_is_no_such_file.h"
