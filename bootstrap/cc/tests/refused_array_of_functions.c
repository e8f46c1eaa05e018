int f[3](void);
