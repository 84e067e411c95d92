module callbook

go 1.26.0
