module maiko/bench/peers/go

go 1.19
