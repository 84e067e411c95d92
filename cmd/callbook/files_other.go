//go:build !unix

package main

import "math"

// maxFiles returns the limit of open files of the process.
func maxFiles() int { return math.MaxInt32 }
