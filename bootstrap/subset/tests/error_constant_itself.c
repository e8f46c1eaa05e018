enum { A = A };
