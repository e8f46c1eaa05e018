one __LINE__
