module example.org/outcrop

go 1.19
