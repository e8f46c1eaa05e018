long a; é
