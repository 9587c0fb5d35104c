// SPDX-License-Identifier: Apache-2.0 OR MIT

// What types of Go can be made of.
package main

type Inner struct {
	A uint8
	B int64
}

type Named int32

// Types that contain themselves without a structure in between.
type Func func(Func) Func
type List []List
type Map map[string]Map
type Chan chan Chan

type Speaker interface {
	Speak(int) string
}

func (i *Inner) Speak(n int) string { return "inner" }

type Generic[T any] struct {
	value T
	next  *Generic[T]
}

type Everything struct {
	Inner
	*Named
	text     string
	slice    []Inner
	any      interface{}
	speaker  Speaker
	table    map[string]*Everything
	queue    chan int16
	function func(int, string) bool
	grid     [2][3]int16
	next     *Everything
	recurse  Func
	list     List
	maps     Map
	queues   Chan
	nameless struct{ x, y int8 }
	nothing  struct{}
	complex  complex128
	address  uintptr
	letter   rune
	yes      bool
	generic  Generic[float32]
}

//go:noinline
func look(e *Everything) int {
	return len(e.text) + len(e.slice)
}

var everything Everything

func main() {
	everything.speaker = &everything.Inner
	println(look(&everything))
}
