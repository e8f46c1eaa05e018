enum { TOP = 0xffffffff, BEHIND };
