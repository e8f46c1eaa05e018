long a; /* 
