package addressbook

import "slices"

// Alike returns groups of elements whose names differ only in case, in their order.
func Alike[T any](all []T, name func(T) string) [][]T {
	var groups [][]T
	at := make(map[string]int)
	for _, one := range all {
		folded := Fold(name(one))
		i, there := at[folded]
		if !there {
			i = len(groups)
			at[folded] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], one)
	}
	return slices.DeleteFunc(groups, func(group []T) bool { return len(group) < 2 })
}
