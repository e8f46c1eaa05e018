enum { A, B = C };
